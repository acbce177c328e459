# SPDX-License-Identifier: GPL-3.0-or-later
"""File > Export > Headsmith Avatar: glTF as edited, and splat files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from ..gltf.export import export_gltf
from ..gltf.options import preset_named
from ..splat_export import export_splats
from .common import AvatarExport, report_input_errors

_PRESETS = (
    ("engine", "Game Engine", "Unity, Unreal, Godot: shapes with normals, nothing that a reader may not know"),
    ("compact", "Web", "Small: shapes without normals, and only what they move"),
    ("master", "Master", "Pictures as they are, without loss"),
)
_FORMATS = (
    (".ply", "PLY", "Standard 3D Gaussians, for every viewer and editor"),
    (".spz", "SPZ", "A tenth of the size"),
    (".splat", "SPLAT", "For simple web viewers"),
    (".compressed.ply", "Compressed PLY", "Packed, for PlayCanvas and SuperSplat"),
)


class HEADSMITH_OT_export_gltf(AvatarExport, bpy.types.Operator):
    """Write the avatar as edited (shapes, bones, accessories, materials, motions) to a glTF file, and check it"""

    bl_idname = "headsmith.export_gltf"
    bl_label = "Export glTF"

    filename_ext = ".glb"
    filter_glob: bpy.props.StringProperty(default="*.glb;*.gltf", options={"HIDDEN"})  # type: ignore[valid-type]
    preset: bpy.props.EnumProperty(items=_PRESETS, name="For", default="engine")  # type: ignore[valid-type]
    accessories: bpy.props.BoolProperty(name="Accessories", default=True)  # type: ignore[valid-type]
    animations: bpy.props.BoolProperty(name="Animations", default=True)  # type: ignore[valid-type]

    def check(self, context: bpy.types.Context) -> bool:
        """A .gltf stays a .gltf."""
        return False if self.filepath.lower().endswith(".gltf") else bool(ExportHelper.check(self, context))

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Writes it; the file browser has asked before it replaces a file."""
        options = replace(preset_named(self.preset), accessories=self.accessories, animations=self.animations)
        path = Path(bpy.path.abspath(self.filepath))
        report = export_gltf(self.avatar(context), context.scene, path, options, force=True)
        self.report({"WARNING" if report.problems else "INFO"}, report.sentence())
        return {"FINISHED"}


class HEADSMITH_OT_export_splats(AvatarExport, bpy.types.Operator):
    """Write the avatar's Gaussian splats to a file for splat viewers"""

    bl_idname = "headsmith.export_splats"
    bl_label = "Export Splats"

    filename_ext = ""
    filter_glob: bpy.props.StringProperty(default="*.ply;*.spz;*.splat", options={"HIDDEN"})  # type: ignore[valid-type]
    format: bpy.props.EnumProperty(items=_FORMATS, name="Format", default=".ply")  # type: ignore[valid-type]
    posed: bpy.props.BoolProperty(name="Current Pose", description="As they are now, rather than at rest")  # type: ignore[valid-type]

    def check(self, context: bpy.types.Context) -> bool:
        """Gives the file the suffix of the format."""
        before, name = self.filepath, self.filepath
        for suffix in sorted((suffix for suffix, _, _ in _FORMATS), key=len, reverse=True):
            if name.lower().endswith(suffix):
                name = name[: -len(suffix)]
                break
        self.filepath = name + self.format
        return bool(self.filepath != before)

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Writes them; the file browser has asked before it replaces a file."""
        path = Path(bpy.path.abspath(self.filepath))
        result = export_splats(self.avatar(context), context.scene, path, self.posed, force=True)
        self.report({"INFO"}, f"{path.name}: {result.counts['splats']} splats, {result.bytes / 1e6:.1f} MB")
        return {"FINISHED"}


def _menu(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    menu.layout.operator(HEADSMITH_OT_export_gltf.bl_idname, text="Headsmith Avatar (.glb/.gltf)")
    menu.layout.operator(HEADSMITH_OT_export_splats.bl_idname, text="Headsmith Splats (.ply/.spz/.splat)")


CLASSES = (HEADSMITH_OT_export_gltf, HEADSMITH_OT_export_splats)


def register() -> None:
    """Adds the lines in File > Export."""
    bpy.types.TOPBAR_MT_file_export.append(_menu)


def unregister() -> None:
    """Removes them."""
    bpy.types.TOPBAR_MT_file_export.remove(_menu)
