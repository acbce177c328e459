# SPDX-License-Identifier: GPL-3.0-or-later
"""Eyes that follow a target: an empty in front of the face, and constraints of the eye bones.

It works without the add-on. The bones' limits hold, and lids follow (`gaze_lids`). The EyeLook sliders, which turn the
eyeballs too, come on top.
"""

from __future__ import annotations

import bpy

from headsmith.errors import InputError

from .gaze_lids import add_gaze_lids, remove_gaze_lids

EYES = ("left_eye", "right_eye")
CONSTRAINT = "Headsmith Gaze"
INFLUENCE = "influence"
"""custom property of the empty, 0..1: how far the eyes follow"""
DISTANCE_M = 0.5


def eye_target(collection: bpy.types.Collection) -> bpy.types.Object | None:
    """The empty that the avatar's eyes follow, if they follow one."""
    followed = (c.target for bone in _eye_bones(collection) for c in bone.constraints if c.name == CONSTRAINT)
    return next((target for target in followed if target), None)


def add_eye_target(collection: bpy.types.Collection) -> bpy.types.Object:
    """The empty, half a metre in front of the eyes and moving with the rig; the one that is there, if there is one.

    Raises InputError for an avatar without eye bones.
    """
    existing, bones = eye_target(collection), _eye_bones(collection)
    if existing is not None:
        return existing
    if not bones:
        raise InputError(f"the rig of {collection.name}", found="no bone for an eye", expected=" and ".join(EYES),
                         action="use an avatar with eye joints")  # fmt: skip
    remove_eye_target(collection)
    target = bpy.data.objects.new(f"{collection.name} Gaze", None)
    target.empty_display_type, target.empty_display_size = "SPHERE", 0.02
    target.parent = collection.headsmith.rig
    middle = sum((bone.bone.head_local.copy() for bone in bones[1:]), bones[0].bone.head_local.copy()) / len(bones)
    target.location = (middle.x, middle.y - DISTANCE_M, middle.z)
    target[INFLUENCE] = 1.0
    target.id_properties_ui(INFLUENCE).update(min=0.0, max=1.0, description="How far the eyes follow")
    collection.objects.link(target)
    for bone in bones:
        _follow(bone, target)
    add_gaze_lids(collection)
    return target


def renew_eye_target(collection: bpy.types.Collection) -> None:
    """After a new import: lids that fit the new head, where the eyes follow a target."""
    if eye_target(collection) is not None:
        add_gaze_lids(collection)


def remove_eye_target(collection: bpy.types.Collection) -> None:
    """Lets the eyes go back to their own keys, and deletes the empty."""
    target = eye_target(collection)
    for bone in _eye_bones(collection):
        for constraint in [c for c in bone.constraints if c.name == CONSTRAINT]:
            constraint.driver_remove("influence")
            bone.constraints.remove(constraint)
    remove_gaze_lids(collection)
    if target is not None:
        bpy.data.objects.remove(target)


def _eye_bones(collection: bpy.types.Collection) -> list[bpy.types.PoseBone]:
    bones = collection.headsmith.rig.pose.bones
    return [bones[name] for name in EYES if name in bones]


def _follow(bone: bpy.types.PoseBone, target: bpy.types.Object) -> None:
    constraint = bone.constraints.new("DAMPED_TRACK")
    constraint.name, constraint.target = CONSTRAINT, target
    # bones point along +Y, which is into the head
    constraint.track_axis = "TRACK_NEGATIVE_Y"
    # before the limits
    bone.constraints.move(len(bone.constraints) - 1, 0)
    driver = bone.constraints[CONSTRAINT].driver_add("influence").driver
    # a plain average needs no Python, so that the file works where scripts may not run
    driver.type = "AVERAGE"
    variable = driver.variables.new()
    variable.type = "SINGLE_PROP"
    variable.targets[0].id, variable.targets[0].data_path = target, f'["{INFLUENCE}"]'
