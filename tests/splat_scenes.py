"""What the tests of splats in Blender share: evaluated quads, and cameras and small renders of a scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from headsmith.asset import Avatar, Pose
from headsmith.asset.cameras import orbit_camera
from headsmith.types import F32, Camera
from headsmith_blender.builders.splat_nodes import input_identifier
from headsmith_blender.builders.splats import MODIFIER
from headsmith_blender.cameras import blender_camera
from headsmith_blender.compat import EEVEE, set_modifier_input
from headsmith_blender.scene import from_blender, get_values, quaternions_to_blender, set_attribute

__all__ = [
    "EEVEE",
    "Quads",
    "evaluated_quads",
    "look_from",
    "picture",
    "put_in_pose",
    "random_pose",
    "set_input",
]


@dataclass(frozen=True)
class Quads:
    """Of the splats that are drawn, far to near; head space."""

    splat: F32
    """[M] row in the bundle"""
    middle_m: F32
    """[M, 3]"""
    sides_m: F32
    """[M, 2, 3] from the middle to the middle of the right and of the upper side"""
    opacity: F32
    """[M]"""


def random_pose(avatar: Avatar, seed: int) -> Pose:
    """Some sliders up, all joints turned within the rig's limits."""
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0, 1, len(avatar.blendshapes.names)) * (rng.uniform(size=len(avatar.blendshapes.names)) < 0.3)
    turns = rng.uniform(-0.3, 0.3, (5, 3))
    turns[2] = np.abs(turns[2, 0]), *(turns[2, 1:] / 4)
    return Pose(weights.astype(np.float32), turns.astype(np.float32))


def put_in_pose(collection: Any, avatar: Avatar, pose: Pose) -> None:
    """Sets the sliders and bones of the imported avatar."""
    keys = collection.headsmith.head.data.shape_keys.key_blocks
    for name, weight in zip(avatar.blendshapes.names, pose.weights, strict=True):
        keys[name].value = weight
    for name, turn in zip(avatar.rig.joint_names, pose.joint_rotations.astype(np.float64), strict=True):
        angle = max(float(np.linalg.norm(turn)), 1e-12)
        quat = np.concatenate([[np.cos(angle / 2)], turn / angle * np.sin(angle / 2)])
        collection.headsmith.rig.pose.bones[name].rotation_quaternion = quaternions_to_blender(quat)


def set_input(obj: Any, name: str, value: Any) -> None:
    """An input of the splats' modifier."""
    modifier = obj.modifiers[MODIFIER]
    set_modifier_input(modifier, input_identifier(modifier.node_group, name), value)
    obj.update_tag()


def evaluated_quads(obj: Any) -> Quads:
    """The quads of the splats object, whose colours are replaced by their rows to tell which is which."""
    count = len(obj.data.vertices)
    row = np.zeros((count, 3), np.float32)
    row[:, 0] = np.arange(count)
    set_attribute(obj.data, "splat_colour", "FLOAT_VECTOR", row)
    bpy.context.view_layer.update()
    mesh = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    corners = from_blender(get_values(mesh.vertices, "co", (len(mesh.vertices) // 4, 4, 3)))
    colours = get_values(mesh.attributes["quad_colour"].data, "color", (len(mesh.vertices), 4))[::4]
    middle = corners.mean(1)
    place = get_values(mesh.attributes["quad_corner"].data, "vector", (len(mesh.vertices), 3))[:4]
    sides = [(corners * place[:, k, None]).mean(1) for k in range(2)]
    # a viewport shows linear light (IEC 61966-2-1)
    rows = colours[:, 0].astype(np.float64) ** (1 / 2.4) * 1.055 - 0.055
    return Quads(rows.round().astype(np.int64), middle, np.stack(sides, 1), colours[:, 3])


def look_from(avatar: Any, yaw_deg: float = 0.0, pitch_deg: float = 0.0, size_px: int = 96) -> Camera:
    """Blender's camera, and the core's, on the avatar's orbit."""
    camera = orbit_camera(avatar, yaw_deg, pitch_deg, size_px)
    blender_camera(camera, bpy.context.scene)
    return camera


def picture(folder: Path, engine: str, prepare: Callable[[], None] | None = None) -> F32:
    """[H, W, 4] what the scene's render saves as a 16-bit PNG: display values, straight alpha."""
    scene = bpy.context.scene
    scene.render.engine = engine
    scene.eevee.taa_render_samples = scene.cycles.samples = 1
    scene.eevee.use_shadows = scene.eevee.use_raytracing = False
    if prepare:
        prepare()
    image_settings = scene.render.image_settings
    image_settings.file_format, image_settings.color_mode, image_settings.color_depth = "PNG", "RGBA", "16"
    path = folder / "picture.png"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path), check_existing=False)
    image.colorspace_settings.name, image.alpha_mode = "Non-Color", "CHANNEL_PACKED"
    width, height = image.size
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)[::-1]
