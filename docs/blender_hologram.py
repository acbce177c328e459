"""The hologram's four presets over four backgrounds, as browsers and game engines blend them.

    python docs/blender_hologram.py [AVATAR] [--output docs/images/blender_hologram_looks.png]

in an environment with bpy, Pillow, headsmith and headsmith_blender, such as the one that `make blender-test` makes.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from PIL import Image

import headsmith_blender
from headsmith_blender.builders.studio import add_studio
from headsmith_blender.compat import EEVEE
from headsmith_blender.controls import apply_expression
from headsmith_blender.hologram import HologramOptions, setup_hologram
from headsmith_blender.hologram_files import read_stored
from headsmith_blender.hologram_pixels import checker, over
from headsmith_blender.importing import import_avatar

ROOT = Path(__file__).resolve().parents[1]
SIZE_PX = 512
_STRIPES = 0.15 + 0.35 * (np.indices((SIZE_PX // 2, SIZE_PX // 2)).sum(0) // 24 % 2)[..., None]
BACKGROUNDS: dict[str, Any] = {
    "CLEAN": checker(SIZE_PX // 2, SIZE_PX // 2),
    "BLUE": np.array([0.02, 0.03, 0.06]),
    "GHOST": _STRIPES * np.array([0.5, 0.6, 0.9]),
    "NEON": np.array([0.06, 0.02, 0.08]),
}


def main() -> None:
    """Renders each preset and puts them together, two by two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("avatar", type=Path, nargs="?", default=ROOT / "sample_assets/portrait.avatar.zip")
    parser.add_argument("--output", type=Path, default=ROOT / "docs/images/blender_hologram_looks.png")
    options = parser.parse_args()
    headsmith_blender.register()
    try:
        tiles = hologram_tiles(options.avatar)
    finally:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        headsmith_blender.unregister()
    picture = np.concatenate([np.concatenate(tiles[:2], axis=1), np.concatenate(tiles[2:], axis=1)])
    Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)).save(options.output, optimize=True)


def hologram_tiles(avatar_path: Path) -> list[np.ndarray]:
    """[h, w, 3] of display values for each preset."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene = bpy.context.scene
    avatar = import_avatar(avatar_path, scene)
    scene.render.resolution_x = scene.render.resolution_y = SIZE_PX // 2
    scene.render.engine, scene.eevee.taa_render_samples = EEVEE, 8
    camera = add_studio(scene, avatar)
    # the studio leaves room for shoulders and hats; these pictures are small
    camera.data.lens *= 1.3
    camera.data.shift_y += 0.06
    avatar.headsmith.rig.rotation_euler.z = np.radians(12)
    avatar.headsmith.colour_mode = "EXACT"
    apply_expression(avatar, "smile", 0.6)
    tiles = []
    for preset, background in BACKGROUNDS.items():
        lines = setup_hologram(scene, HologramOptions(preset)).inputs["Line Count"]
        # four pixels a line
        lines.default_value = SIZE_PX / 8
        with tempfile.TemporaryDirectory() as folder:
            scene.render.filepath = str(Path(folder) / "shot.png")
            bpy.ops.render.render(write_still=True)
            tiles.append(over(read_stored(Path(scene.render.filepath)), background))
    return tiles


if __name__ == "__main__":
    main()
