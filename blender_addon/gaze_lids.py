# SPDX-License-Identifier: GPL-3.0-or-later
"""Lids that follow the eye bones while the eyes follow a target.

ARKit's eyeLookUp and eyeLookDown move lids and eyeball together. Here their lids alone become shape keys of their own,
driven by the pitch of the eye bone, constraints included; the artist's sliders stay free.
"""

from __future__ import annotations

import bpy
import numpy as np

from headsmith.types import F32

from .scene import get_values, set_values

PREFIX = "Gaze Lid"
"""of the shape keys' names; `controls.sliders` leaves them out"""
EYES = {"left_eye": "Left", "right_eye": "Right"}
DIRECTIONS = {"Up": -1.0, "Down": 1.0}
"""the sign of the bone's turn about x"""
LEAST_RAD = 0.05
"""a shape that turns the eyeball less says nothing about its lids"""
MOST = 1.5
"""how far lids follow beyond the shape they are taken from"""


def add_gaze_lids(collection: bpy.types.Collection) -> None:
    """The lids of both eyes, up and down, wherever the avatar has the shape to take them from."""
    remove_gaze_lids(collection)
    head, rig = collection.headsmith.head, collection.headsmith.rig
    for eye, side in EYES.items():
        for direction, sign in DIRECTIONS.items():
            source = head.data.shape_keys.key_blocks.get(f"eyeLook{direction}{side}")
            if source is None or eye not in rig.pose.bones:
                continue
            moved, eyeball = _displacement(head, source), _weights(head, eye) > 0.5
            turn = sign * _turn_about_x(head, rig.pose.bones[eye].bone, moved, eyeball)
            if turn > LEAST_RAD:
                key = _lid_key(head, f"{PREFIX} {direction} {side}", np.where(eyeball[:, None], 0, moved))
                _drive(key, rig, eye, sign / turn)


def remove_gaze_lids(collection: bpy.types.Collection) -> None:
    """Takes them away with their drivers."""
    head = collection.headsmith.head
    animation = head.data.shape_keys.animation_data
    drivers = list(animation.drivers) if animation else []
    for driver in drivers:
        if driver.data_path.startswith(f'key_blocks["{PREFIX}'):
            animation.drivers.remove(driver)
    for key in [key for key in head.data.shape_keys.key_blocks if key.name.startswith(PREFIX)]:
        head.shape_key_remove(key)


def _displacement(head: bpy.types.Object, key: bpy.types.ShapeKey) -> F32:
    """[V, 3] at weight 1."""
    shape = (len(head.data.vertices), 3)
    return get_values(key.data, "co", shape) - get_values(head.data.shape_keys.reference_key.data, "co", shape)


def _weights(head: bpy.types.Object, group: str) -> F32:
    """[V] of the vertex group."""
    index = head.vertex_groups[group].index
    return np.array([sum(g.weight for g in vertex.groups if g.group == index) for vertex in head.data.vertices])


def _turn_about_x(head: bpy.types.Object, bone: bpy.types.Bone, moved: F32, eyeball: F32) -> float:
    """Radians by which `moved` [V, 3] turns the vertices `eyeball` [V] about the bone's x axis."""
    rest = get_values(head.data.shape_keys.reference_key.data, "co", moved.shape)[eyeball] - np.array(bone.head_local)
    (y, z), (new_y, new_z) = rest[:, 1:].T, (rest + moved[eyeball])[:, 1:].T
    return float(np.arctan2((y * new_z - z * new_y).sum(), (y * new_y + z * new_z).sum())) if len(rest) else 0.0


def _lid_key(head: bpy.types.Object, name: str, displacement: F32) -> bpy.types.ShapeKey:
    key = head.shape_key_add(name=name, from_mix=False)
    rest = get_values(head.data.shape_keys.reference_key.data, "co", displacement.shape)
    set_values(key.data, "co", rest + displacement)
    key.value, key.slider_max = 0.0, MOST
    return key


def _drive(key: bpy.types.ShapeKey, rig: bpy.types.Object, bone: str, factor: float) -> None:
    driver = key.driver_add("value").driver
    driver.type = "SCRIPTED"
    variable = driver.variables.new()
    variable.name, variable.type = "pitch", "TRANSFORMS"
    target = variable.targets[0]
    target.id, target.bone_target, target.transform_type = rig, bone, "ROT_X"
    # local space is the one that has the constraints in it
    target.transform_space, target.rotation_mode = "LOCAL_SPACE", "XYZ"
    # arithmetic alone: Blender computes it without Python, also where scripts may not run
    driver.expression = f"pitch * {factor:.6f}"
