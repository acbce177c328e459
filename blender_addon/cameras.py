# SPDX-License-Identifier: GPL-3.0-or-later
"""Cameras of the core (OpenCV: pixels, x right, y down, z forward) as Blender's."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix

from headsmith.types import F32, Camera

from .scene import AXES

SENSOR_MM = 36.0


def blender_camera(camera: Camera, scene: bpy.types.Scene, name: str = "Headsmith Camera") -> bpy.types.Object:
    """The camera object `name`, new or moved, that sees exactly what `camera` does; the scene's camera from then on.

    Head space is the world, so that it belongs to an avatar that stands where it was imported. The scene's resolution
    becomes that of `camera`.
    """
    obj = scene.objects.get(name)
    if obj is None or obj.type != "CAMERA":
        obj = bpy.data.objects.new(name, bpy.data.cameras.new(name))
        scene.collection.objects.link(obj)
    obj.matrix_world = Matrix(world_matrix(camera).tolist())
    width, height = camera.size_px
    data = obj.data
    data.type, data.sensor_fit, data.sensor_width = "PERSP", "HORIZONTAL", SENSOR_MM
    data.lens = camera.focal_px / width * SENSOR_MM
    data.shift_x = 0.5 - camera.principal_px[0] / width
    data.shift_y = (camera.principal_px[1] - height / 2) / width
    data.clip_start = 0.01
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = width, height, 100
    render.pixel_aspect_x = render.pixel_aspect_y = 1.0
    scene.camera = obj
    return obj


def world_matrix(camera: Camera) -> F32:
    """[4, 4] where a Blender camera stands (looking along its -z, y up) to see what `camera` sees."""
    rotation, shift = camera.T_camera_world[:3, :3].astype(np.float64), camera.T_camera_world[:3, 3]
    out = np.eye(4)
    out[:3, :3] = AXES @ rotation.T @ np.diag([1.0, -1.0, -1.0])
    out[:3, 3] = AXES @ -(rotation.T @ shift)
    return out
