"""How close Blender's picture of an avatar's splats comes to the core's own, in EEVEE and Cycles.

Blender's Python has no torch, so that it takes two commands:

    python benchmarks/blender_fidelity.py reference portrait.avatar views.npz          # where headsmith builds
    python benchmarks/blender_fidelity.py measure portrait.avatar views.npz OUT_FOLDER  # where bpy and the add-on are

The first renders some cameras and poses with `headsmith.splats`; the second imports the avatar, renders the same in
Blender, prints the PSNR of each and writes the pictures with their error (times 10) to OUT_FOLDER.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from headsmith.asset import Avatar, Driver, Pose, pose_from, read_avatar
from headsmith.asset.cameras import orbit_camera
from headsmith.types import F32, Camera

YAWS_DEG = (0.0, 30.0, 60.0)
POSES: dict[str, tuple[dict[str, float], dict[str, tuple[float, float, float]]]] = {
    "neutral": ({}, {}),
    "smile": ({"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8, "jawOpen": 0.4, "eyeBlinkLeft": 1.0},
              {"neck": (0.1, 0.2, 0.0)}),
}  # fmt: skip


@dataclass(frozen=True)
class View:
    name: str
    pose: Pose
    camera: Camera


def views(avatar: Avatar, size_px: int) -> Iterator[View]:
    """Every pose from every side."""
    for pose_name, (weights, joints) in POSES.items():
        for yaw in YAWS_DEG:
            pose = pose_from(avatar, weights, joints)
            yield View(f"{pose_name}_{yaw:.0f}", pose, orbit_camera(avatar, yaw, size_px=size_px))


def write_reference(avatar: Avatar, path: Path, size_px: int) -> None:
    """The core's pictures over black, and their alpha, by the view's name."""
    from headsmith.splats.render import render_splats

    driver, arrays = Driver(avatar), {}
    for view in views(avatar, size_px):
        image, alpha = render_splats(driver.splats(view.pose), view.camera)
        arrays[view.name] = np.dstack([image, alpha])
    np.savez_compressed(path, **arrays)


def psnr(a: F32, b: F32) -> float:
    """dB, of values 0..1."""
    return float(-10 * np.log10(max(float(np.mean((a - b) ** 2)), 1e-12)))


class Stage:
    """The avatar in a Blender scene of its own, ready to be rendered from the views."""

    def __init__(self, path: Path, avatar: Avatar, colour_mode: str) -> None:
        import bpy

        import headsmith_blender

        bpy.ops.wm.read_factory_settings(use_empty=True)
        headsmith_blender.register()
        from headsmith_blender.importing import import_avatar

        start = time.perf_counter()
        self.avatar, self.scene = avatar, bpy.context.scene
        self.collection = import_avatar(path, self.scene)
        print(f"import {time.perf_counter() - start:.2f} s", flush=True)
        self.scene.view_settings.view_transform = "Standard"
        self.scene.render.film_transparent = True
        self.collection.headsmith.colour_mode = colour_mode

    def pose(self, pose: Pose) -> None:
        """Sliders and bones."""
        from headsmith_blender.scene import quaternions_to_blender

        settings = self.collection.headsmith
        for name, weight in zip(self.avatar.blendshapes.names, pose.weights, strict=True):
            settings.head.data.shape_keys.key_blocks[name].value = weight
        for name, turn in zip(self.avatar.rig.joint_names, pose.joint_rotations.astype(np.float64), strict=True):
            angle = np.linalg.norm(turn)
            axis = turn / max(angle, 1e-12)
            quat = np.concatenate([[np.cos(angle / 2)], axis * np.sin(angle / 2)])
            settings.rig.pose.bones[name].rotation_quaternion = quaternions_to_blender(quat)

    def render(self, view: View, engine: str, png: Path) -> F32:
        """[H, W, 4] display values, straight alpha, as the PNG file has them."""
        import bpy

        from headsmith_blender.cameras import blender_camera

        self.pose(view.pose)
        blender_camera(view.camera, self.scene)
        self.scene.render.engine = engine
        self.scene.render.image_settings.color_mode = "RGBA"
        self.scene.render.image_settings.color_depth = "16"
        self.scene.render.filepath = str(png)
        bpy.ops.render.render(write_still=True)
        return read_picture(png)


def read_picture(path: Path) -> F32:
    """[H, W, 4] of a picture file, row 0 on top."""
    import bpy

    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name, image.alpha_mode = "Non-Color", "CHANNEL_PACKED"
    width, height = image.size
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)[::-1]


@dataclass(frozen=True)
class Measurement:
    """What the second command takes."""

    avatar: Path
    reference: Path
    out: Path
    colour_mode: str
    samples: int
    only: str
    """start of the names of the views to render"""


def measure(wanted_run: Measurement) -> None:
    """Renders the views in both engines and prints their PSNR on black."""
    from headsmith_blender.compat import EEVEE

    avatar, out = read_avatar(wanted_run.avatar), wanted_run.out
    stage = Stage(wanted_run.avatar, avatar, wanted_run.colour_mode)
    settings: Any = stage.scene
    settings.eevee.taa_render_samples = settings.cycles.samples = wanted_run.samples
    with np.load(wanted_run.reference) as known:
        size_px = int(known[next(iter(known))].shape[0])
        for view in (view for view in views(avatar, size_px) if view.name.startswith(wanted_run.only)):
            wanted, found = known[view.name], {}
            for engine in (EEVEE, "CYCLES"):
                start = time.perf_counter()
                rgba = stage.render(view, engine, out / f"{view.name}_{engine.lower()}.png")
                seconds = time.perf_counter() - start
                found[engine] = rgba[..., :3] * rgba[..., 3:]
                print(f"{view.name} {engine}: {psnr(found[engine], wanted[..., :3]):.2f} dB, alpha "
                      f"{psnr(rgba[..., 3], wanted[..., 3]):.2f} dB, {seconds:.1f} s", flush=True)  # fmt: skip
            print(f"{view.name} EEVEE against Cycles: {psnr(found[EEVEE], found['CYCLES']):.2f} dB", flush=True)
            write_comparison(out / f"{view.name}.png", wanted[..., :3], found[EEVEE], found["CYCLES"])


def write_comparison(path: Path, wanted: F32, *found: F32) -> None:
    """Side by side: the core's picture, Blender's, and ten times their differences."""
    from PIL import Image

    errors = [np.abs(wanted - picture) * 10 for picture in found]
    row = np.concatenate([wanted, *found, *errors], axis=1)
    Image.fromarray((row.clip(0, 1) * 255 + 0.5).astype(np.uint8)).save(path)


def main() -> None:
    """The two commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("reference", "measure"))
    parser.add_argument("avatar", type=Path)
    parser.add_argument("views", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=Path("blender_fidelity"))
    parser.add_argument("--size", type=int, default=512, help="pixels")
    parser.add_argument("--colour-mode", choices=("EXACT", "LINEAR"), default="EXACT")
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--only", default="", help="views whose names begin with this, such as neutral_30")
    arguments = parser.parse_args()
    if arguments.command == "reference":
        write_reference(read_avatar(arguments.avatar), arguments.views, arguments.size)
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    measure(Measurement(arguments.avatar, arguments.views, arguments.out, arguments.colour_mode, arguments.samples,
                        arguments.only))  # fmt: skip
    # a class of the add-on that is registered at exit would crash or hang some versions
    os._exit(0)


if __name__ == "__main__":
    main()
