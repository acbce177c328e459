# SPDX-License-Identifier: GPL-3.0-or-later
"""Motions and expressions on the active avatar."""

from __future__ import annotations

from pathlib import Path

import bpy

from headsmith.motion import PRESETS, read_motion

from ..controls import apply_expression, key_all, reset_expression
from ..motion import apply_motion, frame_range, play_own
from .common import AvatarOperator, report_input_errors

_EYES = (
    ("shapes", "EyeLook Sliders", "The gaze moves sliders, and with them the lids"),
    ("bones", "Eye Bones", "The gaze turns the bones of the eyes; lids stay"),
)


class HEADSMITH_OT_load_motion(AvatarOperator, bpy.types.Operator):
    """Animate the avatar by a recording: Live Link Face (.csv), or a motion (.npz, .json)"""

    bl_idname = "headsmith.load_motion"
    bl_label = "Load Motion"
    bl_options = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})  # type: ignore[valid-type]
    filter_glob: bpy.props.StringProperty(default="*.csv;*.npz;*.json", options={"HIDDEN"})  # type: ignore[valid-type]
    fps: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Recorded At",
        description="Frames a second of the recording; 0 takes what the file says",
        min=0,
        soft_max=120,
    )
    start_frame: bpy.props.IntProperty(name="Start Frame", default=1)  # type: ignore[valid-type]
    eyes: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Eyes", items=_EYES, description="What turns the eyes, where the recording has the gaze twice"
    )
    extend_scene: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Extend Scene", default=True, description="Let the scene end no earlier than the motion"
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Asks for the file; the motion starts at the current frame."""
        self.start_frame = context.scene.frame_current
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Loads it; one sentence says what is wrong where it cannot be, and one names what the avatar lacks."""
        collection, path = self.avatar(context), Path(bpy.path.abspath(self.filepath))
        motion = read_motion(path, fps=self.fps or None, eyes=self.eyes)
        name = f"{collection.name} {path.stem}"
        _, warnings = apply_motion(collection, motion, context.scene, self.start_frame, name)
        if self.extend_scene:
            _extend_scene(collection, context.scene)
        if warnings:
            self.report({"WARNING"}, "; ".join(warnings[:3]) + (" and more" if len(warnings) > 3 else ""))
        return {"FINISHED"}


def _motion_names(_self: bpy.types.Operator, context: bpy.types.Context, _text: str) -> list[str]:
    return list(AvatarOperator.avatar(context).headsmith.motions.keys())


class HEADSMITH_OT_apply_motion(AvatarOperator, bpy.types.Operator):
    """Animate the avatar by one of the motions in its bundle"""

    bl_idname = "headsmith.apply_motion"
    bl_label = "Apply Motion"
    bl_options = {"REGISTER", "UNDO"}

    motion: bpy.props.StringProperty(name="Motion", search=_motion_names)  # type: ignore[valid-type]
    start_frame: bpy.props.IntProperty(name="Start Frame", default=1)  # type: ignore[valid-type]
    extend_scene: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Extend Scene", default=True, description="Let the scene end no earlier than the motion"
    )

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Plays it; one sentence says so where the avatar has none of that name."""
        collection = self.avatar(context)
        play_own(collection, self.motion, context.scene, self.start_frame)
        if self.extend_scene:
            _extend_scene(collection, context.scene)
        return {"FINISHED"}


def _extend_scene(collection: bpy.types.Collection, scene: bpy.types.Scene) -> None:
    scene.frame_end = max(scene.frame_end, int(frame_range(collection)[1]))


class HEADSMITH_OT_key_all(AvatarOperator, bpy.types.Operator):
    """Insert a keyframe on every slider and bone of the avatar at the current frame"""

    bl_idname = "headsmith.key_all"
    bl_label = "Key All"
    bl_options = {"REGISTER", "UNDO"}

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Keys them as they are now."""
        key_all(self.avatar(context), context.scene.frame_current)
        return {"FINISHED"}


class HEADSMITH_OT_reset_expression(AvatarOperator, bpy.types.Operator):
    """Set every slider of the avatar to 0"""

    bl_idname = "headsmith.reset_expression"
    bl_label = "Reset Expression"
    bl_options = {"REGISTER", "UNDO"}

    bones: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Bones Too", default=True, description="Turn neck, jaw and eyes back to rest as well"
    )

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Resets them; keys stay."""
        reset_expression(self.avatar(context), self.bones)
        return {"FINISHED"}


class HEADSMITH_OT_apply_expression(AvatarOperator, bpy.types.Operator):
    """Set the avatar's sliders to a ready-made expression or mouth shape"""

    bl_idname = "headsmith.apply_expression"
    bl_label = "Apply Expression"
    bl_options = {"REGISTER", "UNDO"}

    preset: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Expression", items=[(name, name[0].upper() + name[1:], "") for name in PRESETS]
    )
    strength: bpy.props.FloatProperty(name="Strength", default=1.0, min=0.0, max=2.0, soft_max=1.0)  # type: ignore[valid-type]

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Sets them; other sliders go to 0."""
        apply_expression(self.avatar(context), self.preset, self.strength)
        return {"FINISHED"}


CLASSES = (
    HEADSMITH_OT_load_motion,
    HEADSMITH_OT_apply_motion,
    HEADSMITH_OT_key_all,
    HEADSMITH_OT_reset_expression,
    HEADSMITH_OT_apply_expression,
)
