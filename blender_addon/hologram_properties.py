# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hologram keeps with a scene. Its sliders are not among it: those are inputs of the compositor's node."""

from __future__ import annotations

import bpy

from .hologram import hologram_node, set_output

PRESET_ITEMS = (
    ("CLEAN", "Clean Cut-out", "The figure as it is, on nothing"),
    ("BLUE", "Blue Classic", "Blue light, scanlines, a bright rim, a base that fades"),
    ("GHOST", "Neutral Ghost", "Pale and see-through"),
    ("NEON", "Neon", "Magenta with a cyan rim"),
)
FORMAT_ITEMS = (
    ("PNG", "PNG", "Pictures of display values, 8 bits"),
    ("OPEN_EXR", "OpenEXR", "Pictures of scene-linear values, 32 bits"),
    ("WEBM", "WebM (VP9)", "A video with alpha, for browsers and OBS"),
)
ALPHA_ITEMS = (
    ("AUTO", "As Readers Expect", "Premultiplied in OpenEXR, straight in PNG and WebM"),
    ("STRAIGHT", "Straight", "Colours as they are, beside alpha"),
    ("PREMULTIPLIED", "Premultiplied", "Colours multiplied by alpha, in the space of the file"),
)
LAYOUT_ITEMS = (
    ("SINGLE", "Single", "What the scene's camera sees"),
    ("PYRAMID", "Pepper's Pyramid", "Four views around the centre of a square, for a mirror pyramid"),
    ("QUILT", "Looking Glass Quilt", "Many views side by side, for a light-field display"),
)
PYRAMID_ITEMS = (
    ("ON_SCREEN", "On the Screen", "The pyramid stands, tip down, on a screen that lies face up: heads point outwards"),
    (
        "UNDER_SCREEN",
        "Under the Screen",
        "The pyramid stands, tip up, below a screen that faces down: heads point inwards",
    ),
)


def _output_changed(settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    from .hologram_output import renew_output

    renew_output(settings.id_data)


def _output_changed(settings: HologramSettings, _context: bpy.types.Context) -> None:
    if hologram_node(settings.id_data):
        set_output(settings.id_data)


class HologramSettings(bpy.types.PropertyGroup):
    """`Scene.headsmith_hologram`."""

    before: bpy.props.StringProperty(name="Settings Before", description="As JSON; empty without a hologram")  # type: ignore[valid-type]
    preset: bpy.props.EnumProperty(  # type: ignore[valid-type]
        items=PRESET_ITEMS, default="BLUE", name="Preset", description="What was set up last"
    )
    file_format: bpy.props.EnumProperty(items=FORMAT_ITEMS, name="Format", update=_output_changed)  # type: ignore[valid-type]
    alpha: bpy.props.EnumProperty(  # type: ignore[valid-type]
        items=ALPHA_ITEMS, name="Alpha", description="What the file holds", update=_output_changed
    )
    layout: bpy.props.EnumProperty(items=LAYOUT_ITEMS, name="Layout")  # type: ignore[valid-type]
    on_black: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="On Black", description="Put the layout on opaque black, as mirror pyramids and displays want it"
    )
    pyramid: bpy.props.EnumProperty(items=PYRAMID_ITEMS, name="Pyramid")  # type: ignore[valid-type]
    pyramid_side_px: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Side", description="Of the square picture", default=1080, min=16, max=8192, subtype="PIXEL"
    )
    pyramid_mirrored: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Mirrored",
        description="Swap left and right in the file, as the pyramid's mirrors swap them again",
        default=True,
    )
    pyramid_size: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Size", description="Of each view; 1 is as large as fits", default=1.0, min=0.1, max=1.0, subtype="FACTOR"
    )
    pyramid_gap: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Gap", description="From the centre to each view, as a share of the side",
        default=1 / 6, min=0.02, max=0.45, subtype="FACTOR",
    )  # fmt: skip
    quilt_columns: bpy.props.IntProperty(name="Columns", default=8, min=1, max=32)  # type: ignore[valid-type]
    quilt_rows: bpy.props.IntProperty(name="Rows", default=6, min=1, max=32)  # type: ignore[valid-type]
    quilt_aspect: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Aspect", description="Width by height of the display, and of each view", default=0.75, min=0.2, max=5.0
    )
    quilt_view_height_px: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="View Height", description="Of each view", default=560, min=8, max=4096, subtype="PIXEL"
    )
    quilt_cone_deg: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="View Cone", description="Degrees from the first to the last view", default=35.0, min=1.0, max=120.0
    )
    last_file: bpy.props.StringProperty(name="Last File", description="What was rendered last", subtype="FILE_PATH")  # type: ignore[valid-type]


CLASSES = (HologramSettings,)


def register() -> None:
    """Puts the settings on scenes."""
    bpy.types.Scene.headsmith_hologram = bpy.props.PointerProperty(type=HologramSettings)


def unregister() -> None:
    """Takes them off again; their values stay in the file, and come back with the add-on."""
    del bpy.types.Scene.headsmith_hologram
