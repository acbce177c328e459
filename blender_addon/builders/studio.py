# SPDX-License-Identifier: GPL-3.0-or-later
"""A photo studio for portraits: key, fill and rim light, a neutral world, and a camera framed on an avatar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, radians, sin

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ..compat import shader_tree
from ..scene import get_values, world_matrix

NAME = "Headsmith Studio"
ROLE_KEY = "headsmith_studio"
"""custom property of what belongs to a scene's studio: its role"""
FOCAL_MM, SENSOR_MM = 85.0, 36.0
WORLD_GREY = 0.18
MARGIN = 1.3
"""how much wider and higher than the bare head the frame is, so that hair and hats fit"""


@dataclass(frozen=True)
class LightPlan:
    """A square area light that looks at the head; angles as seen from it, distances at human scale."""

    role: str
    left_deg: float
    """0 is in front of the face, 90 at the subject's left"""
    up_deg: float
    distance_m: float
    size_m: float
    power_w: float


LIGHTS = (
    LightPlan("Key", 42.0, 32.0, 1.3, 0.45, 17.0),
    LightPlan("Fill", -55.0, 8.0, 1.5, 0.9, 6.0),
    LightPlan("Rim", -150.0, 38.0, 1.3, 0.4, 16.0),
)


@dataclass(frozen=True)
class Stage:
    """Where the head is: its middle, its turn, and how many times human size."""

    middle: Vector
    turn: Matrix
    """3x3 rotation"""
    scale: float
    width_m: float
    height_m: float

    def place(self, left_deg: float, up_deg: float, distance_m: float) -> Vector:
        """A point around the head; the face looks along -Y."""
        left, up = radians(left_deg), radians(up_deg)
        direction = Vector((sin(left) * cos(up), -cos(left) * cos(up), sin(up)))
        return self.middle + self.turn @ direction * (distance_m * self.scale)

    def facing(self, place: Vector) -> Matrix:
        """The matrix of a camera or light at `place` that looks at the head, with the head's own up."""
        back = (place - self.middle).normalized()
        right = (self.turn @ Vector((0, 0, 1))).cross(back).normalized()
        return Matrix.Translation(place) @ Matrix((right, back.cross(right), back)).transposed().to_4x4()


def add_studio(scene: bpy.types.Scene, collection: bpy.types.Collection) -> bpy.types.Object:
    """Lights, world and camera for the avatar of `collection`, wherever it stands; returns the camera.

    The scene has one studio: asked again, it moves to this avatar and gets its first settings back. The world that the
    scene had stays in the file.
    """
    # what was moved just now, by a script or an import, has its old matrix until then
    bpy.context.view_layer.update()
    stage = stage_of(collection.headsmith.head)
    studio = _studio_collection(scene)
    for plan in LIGHTS:
        light = _object(studio, plan.role, lambda name: bpy.data.lights.new(name, "AREA"))
        light.matrix_world = stage.facing(stage.place(plan.left_deg, plan.up_deg, plan.distance_m))
        light.data.shape, light.data.size = "SQUARE", plan.size_m * stage.scale
        # without it, soft shadows of EEVEE let light through the head into the mouth
        light.data.use_shadow_jitter = True
        light.data.energy = plan.power_w * stage.scale**2
    camera = _object(studio, "Camera", bpy.data.cameras.new)
    frame_camera(camera, stage, scene)
    scene.camera = camera
    _set_world(scene)
    return camera


def stage_of(head: bpy.types.Object) -> Stage:
    """The stage that the head object defines, in its rest pose."""
    points = get_values(head.data.vertices, "co", (len(head.data.vertices), 3))
    low, high = points.min(0), points.max(0)
    world = world_matrix(head)
    _, turn, scales = world.decompose()
    return Stage(
        middle=world @ Vector(((low + high) / 2).tolist()),
        turn=turn.to_matrix(),
        scale=float(np.abs(scales).max()),
        width_m=float(high[0] - low[0]),
        height_m=float(high[2] - low[2]),
    )


def frame_camera(camera: bpy.types.Object, stage: Stage, scene: bpy.types.Scene) -> None:
    """An 85 mm portrait from the front, at a distance from which the whole head fits the scene's picture."""
    camera.data.lens, camera.data.sensor_width, camera.data.sensor_fit = FOCAL_MM, SENSOR_MM, "AUTO"
    render = scene.render
    width, height = render.resolution_x * render.pixel_aspect_x, render.resolution_y * render.pixel_aspect_y
    per_m = SENSOR_MM / FOCAL_MM / max(width, height)
    distance_m = MARGIN * max(stage.width_m / (width * per_m), stage.height_m / (height * per_m))
    camera.matrix_world = stage.facing(stage.place(0.0, 0.0, distance_m))
    reach_m = distance_m * stage.scale
    camera.data.clip_start, camera.data.clip_end = reach_m / 100, max(100.0, reach_m * 10)


def _studio_collection(scene: bpy.types.Scene) -> bpy.types.Collection:
    for child in scene.collection.children:
        if ROLE_KEY in child:
            return child
    studio = bpy.data.collections.new(NAME)
    studio[ROLE_KEY] = "Studio"
    scene.collection.children.link(studio)
    return studio


def _object(studio: bpy.types.Collection, role: str, new_data: Callable[[str], bpy.types.ID]) -> bpy.types.Object:
    for obj in studio.objects:
        if obj.get(ROLE_KEY) == role:
            return obj
    obj = bpy.data.objects.new(f"{NAME} {role}", new_data(f"{NAME} {role}"))
    obj[ROLE_KEY] = role
    studio.objects.link(obj)
    return obj


def _set_world(scene: bpy.types.Scene) -> None:
    if scene.world is not None and ROLE_KEY in scene.world:
        return
    if scene.world is not None:
        # without a user it would not be saved
        scene.world.use_fake_user = True
    world = next((w for w in bpy.data.worlds if ROLE_KEY in w), None) or bpy.data.worlds.new(NAME)
    world[ROLE_KEY] = "World"
    tree = shader_tree(world)
    background = next((n for n in tree.nodes if n.bl_idname == "ShaderNodeBackground"), None)
    if background is None:
        background = tree.nodes.new("ShaderNodeBackground")
        tree.links.new(background.outputs[0], tree.nodes.new("ShaderNodeOutputWorld").inputs[0])
    background.inputs["Color"].default_value = (WORLD_GREY, WORLD_GREY, WORLD_GREY, 1.0)
    scene.world = world
