# SPDX-License-Identifier: GPL-3.0-or-later
"""What the add-on keeps with an avatar's collection. Sliders are not among it: those are shape keys and bones."""

from __future__ import annotations

import bpy

from .dynamic_texture import BAKED, LIVE, STATIC, apply_mode
from .look import COLOUR_MODES, LINEAR, SHOW, SPLATS, look_changed

TEXTURE_MODES = (
    (LIVE, "Live", "The texture follows the expression, while the add-on is there; renders lock the interface"),
    (BAKED, "Baked", "The pictures that Bake wrote, also without the add-on; static before that"),
    (STATIC, "Static", "The same texture for every expression"),
)


class AvatarMotion(bpy.types.PropertyGroup):
    """An item of `AvatarSettings.motions`: one of the bundle's motions; its `name` is the bundle's."""

    bones: bpy.props.PointerProperty(type=bpy.types.Action, name="Bones")  # type: ignore[valid-type]
    # the same action, but before Blender 4.4
    sliders: bpy.props.PointerProperty(type=bpy.types.Action, name="Sliders")  # type: ignore[valid-type]
    start_frame: bpy.props.FloatProperty(name="First Frame")  # type: ignore[valid-type]
    fps: bpy.props.FloatProperty(name="Frame Rate")  # type: ignore[valid-type]


class PoseItem(bpy.types.PropertyGroup):
    """One of the artist's own poses; `name` is PropertyGroup's own."""

    data: bpy.props.StringProperty(name="Pose", description="Sliders and joints as JSON (pose_files.py)")  # type: ignore[valid-type]


def _show_texture_mode(settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    apply_mode(settings.id_data)


class AvatarSettings(bpy.types.PropertyGroup):
    """`Collection.headsmith`: which objects make the avatar."""

    is_avatar: bpy.props.BoolProperty(name="Is an Avatar")  # type: ignore[valid-type]
    source: bpy.props.StringProperty(name="Source", description="The bundle it came from")  # type: ignore[valid-type]
    rig: bpy.props.PointerProperty(type=bpy.types.Object, name="Rig")  # type: ignore[valid-type]
    head: bpy.props.PointerProperty(type=bpy.types.Object, name="Head")  # type: ignore[valid-type]
    splats: bpy.props.PointerProperty(type=bpy.types.Object, name="Splats")  # type: ignore[valid-type]
    splats_exact: bpy.props.PointerProperty(type=bpy.types.Object, name="Exact Splats")  # type: ignore[valid-type]
    show: bpy.props.EnumProperty(name="Show", items=SHOW, default=SPLATS, update=look_changed)  # type: ignore[valid-type]
    quality_percent: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Quality", description="Share of the splats that is drawn, the most visible first",
        subtype="PERCENTAGE", min=1, max=100, default=100, update=look_changed,
    )  # fmt: skip
    colour_mode: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Colours", items=COLOUR_MODES, default=LINEAR, update=look_changed
    )
    motions: bpy.props.CollectionProperty(type=AvatarMotion, name="Motions")  # type: ignore[valid-type]

    # what the bundle says about itself
    head_model: bpy.props.StringProperty(name="Head Model")  # type: ignore[valid-type]
    licence: bpy.props.StringProperty(name="Licence", description="Of the head model")  # type: ignore[valid-type]
    consent: bpy.props.StringProperty(name="Consent", description="What the person agreed to")  # type: ignore[valid-type]
    created: bpy.props.StringProperty(name="Created")  # type: ignore[valid-type]
    photos: bpy.props.StringProperty(name="Photos", description="What it was made from")  # type: ignore[valid-type]
    warnings: bpy.props.StringProperty(name="Warnings", description="One a line")  # type: ignore[valid-type]
    splat_count: bpy.props.IntProperty(name="Splats in the Bundle")  # type: ignore[valid-type]
    vertex_count: bpy.props.IntProperty(name="Vertices")  # type: ignore[valid-type]
    poses: bpy.props.CollectionProperty(type=PoseItem, name="Poses")  # type: ignore[valid-type]
    active_pose: bpy.props.IntProperty(name="Pose in Hand")  # type: ignore[valid-type]
    albedo: bpy.props.PointerProperty(type=bpy.types.Image, name="Albedo")  # type: ignore[valid-type]
    baked_albedo: bpy.props.PointerProperty(type=bpy.types.Image, name="Baked Albedo")  # type: ignore[valid-type]
    texture_mode: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Texture",
        description="What the head's materials show",
        items=TEXTURE_MODES,
        default=LIVE,
        update=_show_texture_mode,
    )
    texture_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Texture Folder", description="Where baked textures go", default="//textures/", subtype="DIR_PATH"
    )
    half_width_m: bpy.props.FloatProperty(name="Half Width", subtype="DISTANCE")  # type: ignore[valid-type]


CLASSES = (AvatarMotion, PoseItem, AvatarSettings)


def register() -> None:
    """Puts the settings on collections."""
    bpy.types.Collection.headsmith = bpy.props.PointerProperty(type=AvatarSettings)


def unregister() -> None:
    """Takes them off again; their values stay in the file, and come back with the add-on."""
    del bpy.types.Collection.headsmith
