"""The renders in README.md and docs/blender.md, made by the add-on in the bpy module (Pillow puts them side by side).

    python docs/blender_renders.py [AVATAR] [--output docs/images]

in an environment with bpy, Pillow, headsmith and headsmith_blender, such as the one that `make blender-test` makes.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from PIL import Image

import headsmith_blender
from headsmith_blender.accessories import add_accessory
from headsmith_blender.builders.studio import add_studio
from headsmith_blender.compat import EEVEE
from headsmith_blender.controls import apply_expression
from headsmith_blender.hair_cover import hide_hair_under
from headsmith_blender.hologram import HologramOptions
from headsmith_blender.hologram import setup_hologram as set_up_hologram
from headsmith_blender.importing import import_avatar

ROOT = Path(__file__).resolve().parents[1]
SIZE_PX = 420


def smile_in_glasses(avatar: Any) -> None:
    """Splats that smile, in glasses."""
    apply_expression(avatar, "big smile", 0.8)
    add_accessory(avatar, "glasses")


def surprise_under_a_cap(avatar: Any) -> None:
    """Another expression, and a cap with the hair under it hidden."""
    apply_expression(avatar, "surprise", 0.9)
    hide_hair_under(avatar, add_accessory(avatar, "cap"))


def mesh_in_the_light(avatar: Any) -> None:
    """The textured mesh, lit by the studio."""
    avatar.headsmith.show = "MESH"


def hologram(avatar: Any) -> None:
    """The blue hologram."""
    apply_expression(avatar, "smile", 0.6)
    set_up_hologram(bpy.context.scene, HologramOptions(preset="BLUE"))


SHOTS: dict[str, tuple[float, Callable[[Any], None]]] = {
    "glasses": (25.0, smile_in_glasses),
    "cap": (-20.0, surprise_under_a_cap),
    "mesh": (20.0, mesh_in_the_light),
    "hologram": (0.0, hologram),
}
"""name -> degrees to the subject's left, and what is done before the picture is taken"""


def main() -> None:
    """Renders every shot in a scene of its own, and one strip of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("avatar", type=Path, nargs="?", default=ROOT / "sample_assets/portrait.avatar.zip")
    parser.add_argument("--output", type=Path, default=ROOT / "docs/images")
    parser.add_argument("--size", type=int, default=SIZE_PX)
    parser.add_argument("--samples", type=int, default=32)
    options = parser.parse_args()
    headsmith_blender.register()
    try:
        tiles = [shoot(options, yaw, prepare) for yaw, prepare in SHOTS.values()]
    finally:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        headsmith_blender.unregister()
    Image.fromarray(np.concatenate(tiles, axis=1)).quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(
        options.output / "blender_render.png", optimize=True
    )


def shoot(options: argparse.Namespace, yaw_deg: float, prepare: Callable[[Any], None]) -> np.ndarray:
    """[H, W, 3] uint8."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene = bpy.context.scene
    avatar = import_avatar(options.avatar, scene)
    scene.render.resolution_x = scene.render.resolution_y = options.size
    scene.render.engine, scene.eevee.taa_render_samples = EEVEE, options.samples
    scene.view_settings.view_transform = "Standard"
    camera = add_studio(scene, avatar)
    # the studio leaves room for shoulders and hats; these pictures are small
    camera.data.lens *= 1.3
    camera.data.shift_y += 0.06
    # turning the subject keeps camera and lights as the studio placed them
    avatar.headsmith.rig.rotation_euler.z = np.radians(yaw_deg)
    avatar.headsmith.colour_mode = "EXACT"
    prepare(avatar)
    with tempfile.TemporaryDirectory() as folder:
        scene.render.filepath = str(Path(folder) / "shot.png")
        bpy.ops.render.render(write_still=True)
        picture = Image.open(scene.render.filepath).convert("RGBA")
        return np.asarray(Image.alpha_composite(Image.new("RGBA", picture.size, (18, 20, 26, 255)), picture))[..., :3]


if __name__ == "__main__":
    main()
