# SPDX-License-Identifier: GPL-3.0-or-later
"""Buttons of the poses' list."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from .. import poses
from ..pose_files import MAX_NAME_CHARS, mirrored
from .common import AvatarExport, AvatarOperator, report_input_errors


class HEADSMITH_OT_save_pose(AvatarOperator, bpy.types.Operator):
    """Keep what the face does now as a named pose, in this file"""

    bl_idname = "headsmith.save_pose"
    bl_label = "Save Pose"
    bl_options = {"REGISTER", "UNDO"}
    adds = True

    name: bpy.props.StringProperty(name="Name", default="Pose", maxlen=MAX_NAME_CHARS)  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Asks for the name."""
        return context.window_manager.invoke_props_dialog(self)

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Saves it; a pose of the same name is replaced."""
        collection = self.avatar(context)
        poses.save_pose(collection, poses.current_pose(collection, self.name.strip()))
        return {"FINISHED"}


class HEADSMITH_OT_apply_pose(AvatarOperator, bpy.types.Operator):
    """Move the face towards a saved pose"""

    bl_idname = "headsmith.apply_pose"
    bl_label = "Apply Pose"
    bl_options = {"REGISTER", "UNDO"}

    name: bpy.props.StringProperty(name="Name")  # type: ignore[valid-type]
    strength: bpy.props.FloatProperty(name="Strength", default=1.0, min=0.0, max=1.0, subtype="FACTOR")  # type: ignore[valid-type]
    mirror: bpy.props.BoolProperty(name="Mirror", description="Left for right")  # type: ignore[valid-type]

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Applies it."""
        collection = self.avatar(context)
        pose = poses.saved_pose(collection, self.name)
        poses.apply_pose(collection, mirrored(pose, pose.name) if self.mirror else pose, self.strength)
        return {"FINISHED"}


class HEADSMITH_OT_mirror_expression(AvatarOperator, bpy.types.Operator):
    """Swap the left and the right of what the face does now"""

    bl_idname = "headsmith.mirror_expression"
    bl_label = "Mirror Expression"
    bl_options = {"REGISTER", "UNDO"}

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Mirrors it."""
        poses.mirror_expression(self.avatar(context))
        return {"FINISHED"}


class HEADSMITH_OT_remove_pose(AvatarOperator, bpy.types.Operator):
    """Forget a saved pose"""

    bl_idname = "headsmith.remove_pose"
    bl_label = "Remove Pose"
    bl_options = {"REGISTER", "UNDO"}

    name: bpy.props.StringProperty(name="Name")  # type: ignore[valid-type]

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Removes it."""
        poses.remove_pose(self.avatar(context), self.name)
        return {"FINISHED"}


class HEADSMITH_OT_export_poses(AvatarExport, bpy.types.Operator):
    """Write the avatar's poses to a JSON file, for other avatars and files"""

    bl_idname = "headsmith.export_poses"
    bl_label = "Export Poses"

    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})  # type: ignore[valid-type]

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Writes them."""
        count = poses.export_poses(self.avatar(context), Path(bpy.path.abspath(self.filepath)))
        self.report({"INFO"}, f"Wrote {count} poses")
        return {"FINISHED"}


class HEADSMITH_OT_import_poses(AvatarOperator, bpy.types.Operator, ImportHelper):
    """Add the poses of a JSON file to the avatar's"""

    bl_idname = "headsmith.import_poses"
    bl_label = "Import Poses"
    bl_options = {"REGISTER", "UNDO"}
    adds = True

    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})  # type: ignore[valid-type]

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Reads them."""
        count = poses.import_poses(self.avatar(context), Path(bpy.path.abspath(self.filepath)))
        self.report({"INFO"}, f"Read {count} poses")
        return {"FINISHED"}


CLASSES = (
    HEADSMITH_OT_save_pose,
    HEADSMITH_OT_apply_pose,
    HEADSMITH_OT_mirror_expression,
    HEADSMITH_OT_remove_pose,
    HEADSMITH_OT_export_poses,
    HEADSMITH_OT_import_poses,
)
