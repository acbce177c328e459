"""Pictures of the add-on's panels for docs/blender.md, taken in a real Blender on a virtual screen.

Run by a Blender with a window, on an X server that keeps its screen in a file (Xvfb's -fbdir), because Blender reads
black where nothing is displayed:

    screen=$(mktemp -d)
    xvfb-run -s "-screen 0 1280x1000x24 -nocursor -fbdir $screen" \\
        blender --factory-startup --window-geometry 0 0 1280 1000 --python docs/blender_screenshots.py -- \\
        --screen $screen/Xvfb_screen0 --picture expression

The extension has to be installed; or give --path with folders that hold the packages headsmith, headsmith_exporters and
headsmith_blender (the sources of blender_addon). One run makes one picture, as a panel remembers whether it was open.
"""

from __future__ import annotations

import argparse
import importlib
import struct
import sys
import traceback
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SOURCES = "headsmith_blender"
_SETTLE_S = 0.5
"""for the window to be drawn between two steps"""
_COMPILING_STEPS = 120
_WINDOW_ROWS = 700
"""what a picture of the whole viewport shows, from the top: the screen is higher, for long panels"""


def no_step() -> None:
    """Nothing beyond the import."""


@dataclass(frozen=True)
class Picture:
    open_panels: tuple[str, ...]
    """labels; all others are closed"""
    prepare: Callable[[], None] = no_step
    whole_window: bool = False
    splats: bool = False
    """as splats in the material preview, which takes a CPU some minutes to compile; the textured mesh otherwise"""


def smile() -> None:
    """An expression, and a pose of the artist's own."""
    bpy.ops.headsmith.apply_expression(preset="big smile")
    bpy.ops.headsmith.save_pose(name="Grin")
    bpy.ops.headsmith.apply_expression(preset="wink left")
    bpy.ops.headsmith.save_pose(name="Wink")


def search() -> None:
    """A search that finds some sliders."""
    smile()
    bpy.context.window_manager.headsmith_search = "smile"


def gaze() -> None:
    """Eyes that follow a target."""
    bpy.ops.headsmith.add_eye_target()


def wear_glasses() -> None:
    """Glasses, selected."""
    bpy.ops.headsmith.add_accessory(kind="glasses")


def hologram() -> None:
    """The blue one."""
    bpy.ops.headsmith.hologram_setup(preset="BLUE")


def show_mesh() -> None:
    """The textured head, which any viewport draws at once."""
    for collection in bpy.context.scene.collection.children_recursive:
        if collection.headsmith.is_avatar:
            collection.headsmith.show = "MESH"


PICTURES = {
    "import": Picture(("Avatar", "About"), whole_window=True, splats=True),
    "expression": Picture(("Avatar", "Expression"), smile),
    "search": Picture(("Expression", "Poses"), search),
    "gaze": Picture(("Expression", "Gaze and Bones", "Motion"), gaze),
    "look": Picture(("Avatar", "Look", "Export")),
    "accessories": Picture(("Accessories",), wear_glasses, whole_window=True),
    "hologram": Picture(("Hologram", "File", "Effects"), hologram),
}


def main() -> None:
    """Prepares, then leaves it to a timer: windows are drawn only between its ticks."""
    arguments = sys.argv[sys.argv.index("--") + 1 :]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", choices=PICTURES, required=True)
    parser.add_argument("--screen", type=Path, required=True, help="the file of the X server's screen")
    parser.add_argument("--avatar", type=Path, default=ROOT / "sample_assets/portrait.avatar.zip")
    parser.add_argument("--output", type=Path, default=ROOT / "docs/images")
    parser.add_argument("--path", type=Path, nargs="*", default=[], help="folders that hold the packages")
    options = parser.parse_args(arguments)
    sys.path[:0] = map(str, options.path)
    picture = PICTURES[options.picture]
    bpy.context.preferences.view.show_splash = False
    addon = register(picture, bool(options.path))
    steps = [
        clear_scene,
        lambda: bpy.ops.headsmith.import_avatar(filepath=str(options.avatar)),
        lambda: prepare(picture),
        *([lambda: None] * (_COMPILING_STEPS if picture.splats else 0)),
        lambda: save_screen(options.screen, options.output / f"blender_{options.picture}.png", picture.whole_window),
    ]
    bpy.app.timers.register(lambda: next_step(steps, addon), first_interval=_SETTLE_S)


def register(picture: Picture, from_sources: bool) -> Any:
    """The add-on with only the picture's panels open: they are registered anew, before any is drawn."""
    name = SOURCES if from_sources else "bl_ext.user_default.headsmith"
    if not from_sources:
        bpy.ops.preferences.addon_enable(module=name)
    addon = importlib.import_module(name)
    if not from_sources:
        addon.unregister()
    registration = importlib.import_module(f"{addon.__name__}.registration")
    for module in registration.MODULES:
        for cls in module.CLASSES:
            if issubclass(cls, bpy.types.Panel):
                cls.bl_options = set() if cls.bl_label in picture.open_panels else {"DEFAULT_CLOSED"}
    addon.register()
    return addon


def next_step(steps: list[Callable[[], Any]], addon: Any) -> float | None:
    """One step a tick; Blender ends after the last, and after any that fails."""
    try:
        if steps:
            steps.pop(0)()
            return _SETTLE_S
    except Exception:
        traceback.print_exc()
    # a class that is registered at exit can crash Blender, which looks after its extensions alone
    if addon.__name__ == SOURCES:
        addon.unregister()
    bpy.ops.wm.quit_blender()
    return None


def clear_scene() -> None:
    """No cube, and the sidebar open."""
    for obj in list(bpy.data.objects):
        bpy.data.objects.remove(obj)
    viewport().spaces.active.show_region_ui = True


def prepare(picture: Picture) -> None:
    """The state that the picture shows, as a viewport draws it quickly."""
    shading = viewport().spaces.active.shading
    if picture.splats:
        shading.type = "MATERIAL"
    else:
        show_mesh()
        shading.type, shading.color_type = "SOLID", "TEXTURE"
    picture.prepare()
    sidebar().active_panel_category = "Headsmith"


def viewport() -> Any:
    """The window's 3D viewport."""
    window = bpy.context.window_manager.windows[0]
    return next(area for area in window.screen.areas if area.type == "VIEW_3D")


def sidebar() -> Any:
    """Its sidebar."""
    return next(region for region in viewport().regions if region.type == "UI")


def save_screen(screen: Path, path: Path, whole_window: bool) -> None:
    """The viewport with its sidebar, or the sidebar alone, as PNG."""
    bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=4)
    area = viewport() if whole_window else sidebar()
    pixels = read_xwd(screen.read_bytes())[::-1][area.y : area.y + area.height, area.x : area.x + area.width]
    pixels = pixels[-_WINDOW_ROWS:] if whole_window else without_empty_rows(pixels)
    # 6 bits a channel: a third of the file, and hardly seen
    pixels = pixels & 0xFC
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(pixels[::-1]))
    print(f"{path}: {pixels.shape[1]} x {pixels.shape[0]} px, {path.stat().st_size} bytes")


def png(pixels: Any) -> bytes:
    """[H, W, 3] uint8, row 0 on top, as a PNG file (https://www.w3.org/TR/png-3): Blender would manage its colours."""
    height, width, _ = pixels.shape
    # each byte less the one above it (filter 2)
    above = np.concatenate([np.zeros_like(pixels[:1]), pixels[:-1]])
    rows = np.full((height, 1 + width * 3), 2, np.uint8)
    rows[:, 1:] = (pixels - above).reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def without_empty_rows(pixels: Any) -> Any:
    """[H, W, 3], row 0 at the bottom: without the rows below the last panel, which show the scene through."""
    left = pixels[:, 10 : pixels.shape[1] // 2].astype(int)
    busy = np.flatnonzero(np.ptp(left, axis=1).max(-1) > 60)
    return pixels[max(int(busy[0]) - 16, 0) :] if len(busy) else pixels


def read_xwd(data: bytes) -> Any:
    """[H, W, 3] uint8 of an X window dump with 32 bits a pixel (XWDFile.h, version 7), row 0 on top."""
    header = struct.unpack(">25I", data[:100])
    header_size, width, height, bytes_per_line, colours = (header[i] for i in (0, 4, 5, 12, 19))
    rows = np.frombuffer(data, np.uint8, bytes_per_line * height, header_size + 12 * colours)
    return rows.reshape(height, bytes_per_line)[:, : 4 * width].reshape(height, width, 4)[..., 2::-1]


main()
