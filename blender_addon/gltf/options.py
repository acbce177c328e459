# SPDX-License-Identifier: GPL-3.0-or-later
"""How a glTF file is to be: presets for those who do not want to choose, and what they mean to Blender's exporter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headsmith.errors import InputError


@dataclass(frozen=True)
class GltfOptions:
    morph_normals: bool = True
    """normals follow the shapes; without them faces are shaded as if at rest, in a file less than half as large"""
    sparse_targets: bool = False
    """leave out what a shape does not move; not every engine reads that"""
    jpeg: bool = True
    """pictures without alpha as JPEG; else as they are"""
    jpeg_quality: int = 92
    animations: bool = True
    accessories: bool = True


PRESETS = {
    "engine": GltfOptions(),
    "compact": GltfOptions(morph_normals=False, sparse_targets=True, jpeg_quality=85),
    "master": GltfOptions(jpeg=False),
}
"""for game engines; for the web; with pictures as they are"""


def preset_named(name: str) -> GltfOptions:
    """Raises InputError with the names there are."""
    if name not in PRESETS:
        raise InputError(name, found="an unknown preset", expected=f"one of {', '.join(PRESETS)}",
                         action="choose one of those")  # fmt: skip
    return PRESETS[name]


def exporter_arguments(options: GltfOptions, binary: bool) -> dict[str, Any]:
    """The arguments of `bpy.ops.export_scene.gltf`, all of them known to Blender 4.2 and later."""
    return {
        "export_format": "GLB" if binary else "GLTF_SEPARATE",
        "use_active_scene": True,
        "use_selection": True,  # children of bones would come along even from other scenes
        "export_apply": False,  # it would drop the shape keys
        "export_def_bones": True,
        "export_morph_normal": options.morph_normals,
        "export_try_sparse_sk": options.sparse_targets,
        "export_draco_mesh_compression_enable": False,  # its library is missing from some builds
        "export_image_format": "JPEG" if options.jpeg else "AUTO",
        "export_jpeg_quality": options.jpeg_quality,
        "export_image_quality": options.jpeg_quality,
        "export_animations": options.animations,
        "export_animation_mode": "NLA_TRACKS",
        "export_frame_range": False,
        "export_anim_slide_to_zero": True,
        "export_optimize_animation_size": True,
        "export_optimize_animation_keep_anim_armature": True,  # without, 5.0 fails where all bones rest
    }
