# SPDX-License-Identifier: GPL-3.0-or-later
"""Sliders, expressions, poses and motions. The sliders are the head's shape keys themselves, not copies of them."""

from __future__ import annotations

import bpy

from ..controls import sliders
from ..eye_target import INFLUENCE, eye_target
from ..slider_groups import grouped, matching, words
from .common import AvatarPanel

_OPEN = "Eyes"
"""the one group that is open at first, to show what is in the others"""


class HEADSMITH_PT_expression(AvatarPanel, bpy.types.Panel):
    """What the face does now"""

    bl_label = "Expression"
    bl_options: set[str] = set()

    def draw(self, context: bpy.types.Context) -> None:
        """Buttons for the whole face, then the sliders: those that match the search, or all by part of the face."""
        layout, keys = self.layout, sliders(self.avatar(context))
        layout.operator_menu_enum("headsmith.apply_expression", "preset", text="Expressions", icon="MONKEY")
        row = layout.row(align=True)
        row.operator("headsmith.reset_expression", text="Reset", icon="LOOP_BACK")
        row.operator("headsmith.mirror_expression", text="Mirror", icon="MOD_MIRROR")
        row.operator("headsmith.key_all", text="Key All", icon="KEY_HLT")
        window = context.window_manager
        layout.prop(window, "headsmith_search", text="", icon="VIEWZOOM")
        if window.headsmith_search.strip():
            _draw_found(layout, keys, window.headsmith_search)
        else:
            _draw_groups(layout, keys)


def _draw_found(layout: bpy.types.UILayout, keys: dict[str, bpy.types.ShapeKey], search: str) -> None:
    found = matching(keys, search)
    column = layout.column(align=True)
    for name in found:
        column.prop(keys[name], "value", text=words(name), slider=True)
    if not found:
        layout.label(text="No slider of that name", icon="INFO")


def _draw_groups(layout: bpy.types.UILayout, keys: dict[str, bpy.types.ShapeKey]) -> None:
    for title, rows in grouped(keys).items():
        header, body = layout.panel(f"headsmith_{title.lower().replace(' ', '_')}", default_closed=title != _OPEN)
        used = sum(keys[name].value != 0 for row in rows for name in row.sliders)
        header.label(text=f"{title} ({used})" if used else title)
        header.operator("headsmith.reset_sliders", text="", icon="LOOP_BACK", emboss=False).group = title
        header.operator("headsmith.key_sliders", text="", icon="KEY_HLT", emboss=False).group = title
        if body is None:
            continue
        column = body.column(align=True)
        if any(len(row.sliders) == 2 for row in rows):
            sides = _labelled(column, "")
            sides.label(text="Left")
            sides.label(text="Right")
        for row in rows:
            fields = _labelled(column, row.label)
            for name in row.sliders:
                fields.prop(keys[name], "value", text="", slider=True)


def _labelled(column: bpy.types.UILayout, label: str) -> bpy.types.UILayout:
    """A row for what belongs to `label`, right of it: in line with those above."""
    split = column.split(factor=0.36, align=True)
    split.label(text=label)
    return split.row(align=True)


class HEADSMITH_UL_poses(bpy.types.UIList):
    """The artist's own poses, each with a button that applies it"""

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: bpy.types.AnyType,
        item: bpy.types.PropertyGroup,
        icon: int,
        active_data: bpy.types.AnyType,
        active_property: str,
    ) -> None:
        """Name, and apply."""
        layout.prop(item, "name", text="", emboss=False, icon="POSE_HLT")
        layout.operator("headsmith.apply_pose", text="", icon="PLAY", emboss=False).name = item.name


class HEADSMITH_PT_poses(AvatarPanel, bpy.types.Panel):
    """Poses of your own"""

    bl_label = "Poses"
    bl_parent_id = "HEADSMITH_PT_expression"

    def draw(self, context: bpy.types.Context) -> None:
        """The list, and what can be done with the one in hand."""
        settings, layout = self.avatar(context).headsmith, self.layout
        row = layout.row()
        row.template_list("HEADSMITH_UL_poses", "", settings, "poses", settings, "active_pose", rows=3)
        side = row.column(align=True)
        side.operator("headsmith.save_pose", text="", icon="ADD")
        if settings.poses:
            name = settings.poses[min(settings.active_pose, len(settings.poses) - 1)].name
            side.operator("headsmith.remove_pose", text="", icon="REMOVE").name = name
            buttons = layout.row(align=True)
            buttons.operator("headsmith.apply_pose", text="Apply").name = name
            half = buttons.operator("headsmith.apply_pose", text="Half")
            half.name, half.strength = name, 0.5
            mirror = buttons.operator("headsmith.apply_pose", text="Mirrored")
            mirror.name, mirror.mirror = name, True
        files = layout.row(align=True)
        files.operator("headsmith.import_poses", text="Import", icon="IMPORT")
        if settings.poses:
            files.operator("headsmith.export_poses", text="Export", icon="EXPORT")


class HEADSMITH_PT_motion(AvatarPanel, bpy.types.Panel):
    """Recordings that drive the face"""

    bl_label = "Motion"
    bl_parent_id = "HEADSMITH_PT_expression"

    def draw(self, context: bpy.types.Context) -> None:
        """Load a recording, or play one of the bundle's."""
        layout = self.layout
        layout.operator("headsmith.load_motion", icon="FILE_MOVIE")
        motions = self.avatar(context).headsmith.motions
        if motions:
            layout.label(text="In the bundle:")
            column = layout.column(align=True)
            for item in motions:
                button = column.operator("headsmith.apply_motion", text=item.name, icon="PLAY")
                button.motion, button.start_frame = item.name, context.scene.frame_current


class HEADSMITH_PT_bones(AvatarPanel, bpy.types.Panel):
    """Neck, jaw and eyes"""

    bl_label = "Gaze and Bones"
    bl_parent_id = "HEADSMITH_PT_expression"

    def draw(self, context: bpy.types.Context) -> None:
        """The eyes' target, and the way to the bones."""
        layout, collection = self.layout, self.avatar(context)
        target = eye_target(collection)
        if target is None:
            layout.operator("headsmith.add_eye_target", text="Eyes Follow a Target", icon="HIDE_OFF")
        else:
            row = layout.row(align=True)
            row.prop(target, f'["{INFLUENCE}"]', text="Eyes Follow", slider=True)
            row.operator("headsmith.select_object", text="", icon="RESTRICT_SELECT_OFF").name = target.name
            row.operator("headsmith.remove_eye_target", text="", icon="X")
        posing = context.mode == "POSE"
        layout.operator(
            "headsmith.pose_bones", text="Leave Pose Mode" if posing else "Pose Bones", icon="POSE_HLT", depress=posing
        )


CLASSES = (
    HEADSMITH_PT_expression,
    HEADSMITH_UL_poses,
    HEADSMITH_PT_poses,
    HEADSMITH_PT_bones,
    HEADSMITH_PT_motion,
)


def register() -> None:
    """The search text belongs to the window manager: it is not the file's."""
    bpy.types.WindowManager.headsmith_search = bpy.props.StringProperty(
        name="Search", description="Words in a slider's name", options={"TEXTEDIT_UPDATE", "SKIP_SAVE"}
    )


def unregister() -> None:
    """Takes the search text away."""
    del bpy.types.WindowManager.headsmith_search
