# SPDX-License-Identifier: GPL-3.0-or-later
"""Motions on an avatar, as actions of its shape keys and bones; `motion_reading` goes the other way."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from headsmith.asset import Avatar, Motion
from headsmith.errors import InputError
from headsmith.motion import resample, to_avatar
from headsmith.types import F32

from .compat import SLOTTED_ACTIONS, action_curves, all_curves, assign_action, new_curve
from .controls import joint_bones, reset_expression, root_bone, sliders
from .scene import get_values, quaternions_to_blender, set_values, to_blender

FIRST_FRAME = 1
_LINEAR = 1
"""the value of LINEAR in Keyframe.interpolation"""
_SAME_RATE = 1e-4


def scene_fps(scene: bpy.types.Scene) -> float:
    """Frames a second."""
    return float(scene.render.fps / scene.render.fps_base)


def apply_motion(
    collection: bpy.types.Collection, motion: Motion, scene: bpy.types.Scene, start_frame: int, name: str
) -> tuple[tuple[bpy.types.Action, ...], tuple[str, ...]]:
    """Makes an action `name` of the motion, from `start_frame` on at the scene's frame rate, for the avatar to play.

    Controls that it does not move go to rest. Sliders reach as far as the motion goes, also beyond 0..1. Returns the
    actions (one; before Blender 4.4 one for the bones and one for the sliders) and a warning for each name that the
    avatar does not have.
    """
    actions, warnings = make_actions(collection, motion, scene, start_frame, name)
    play(collection, actions)
    return actions, warnings


def make_actions(
    collection: bpy.types.Collection, motion: Motion, scene: bpy.types.Scene, start_frame: int, name: str
) -> tuple[tuple[bpy.types.Action, ...], tuple[str, ...]]:
    """As `apply_motion`, but the avatar goes on doing what it does."""
    keys, bones = sliders(collection), joint_bones(collection)
    fitted, warnings = to_avatar(motion, tuple(keys), tuple(bone.name for bone in bones))
    fps = scene_fps(scene)
    if abs(fps - fitted.fps) > _SAME_RATE * fps:
        fitted = resample(fitted, fps)
    actions = _new_actions(name)
    frames = start_frame + np.arange(len(fitted.weights))
    curves = action_curves(actions[-1], "KEY")
    for key_name, values in zip(fitted.blendshape_names, fitted.weights.T, strict=True):
        key = keys[key_name]
        key.slider_max = max(key.slider_max, float(values.max()))
        key.slider_min = min(key.slider_min, float(values.min()))
        _add_curve(curves, (key.path_from_id("value"), 0, "Sliders"), frames, values)
    _add_bone_curves(collection, actions[0], fitted, frames)
    return actions, warnings


def _new_actions(name: str) -> tuple[bpy.types.Action, ...]:
    """One for the bones and the sliders together, or one for each, in this order."""
    if SLOTTED_ACTIONS:
        return (bpy.data.actions.new(name),)
    return bpy.data.actions.new(name), bpy.data.actions.new(f"{name} Sliders")


def _add_bone_curves(collection: bpy.types.Collection, action: bpy.types.Action, motion: Motion, frames: F32) -> None:
    curves, bones = action_curves(action, "OBJECT"), {bone.name: bone for bone in joint_bones(collection)}
    for joint, turns in zip(motion.joint_names, np.moveaxis(motion.joint_rotations_wxyz, 1, 0), strict=True):
        path = bones[joint].path_from_id("rotation_quaternion")
        for index, values in enumerate(_without_jumps(quaternions_to_blender(turns)).T):
            _add_curve(curves, (path, index, joint), frames, values)
    root = root_bone(collection)
    if root is not None and np.any(motion.head_translation_m):
        for index, values in enumerate(to_blender(motion.head_translation_m).T):
            _add_curve(curves, (root.path_from_id("location"), index, root.name), frames, values)


def _without_jumps(quats: F32) -> F32:
    """[T, 4] the same rotations, each with the sign that is nearer to the one before: curves are linear in between."""
    flips = np.where((quats[1:] * quats[:-1]).sum(-1) < 0, -1.0, 1.0)
    return quats * np.concatenate([[1.0], np.cumprod(flips)])[:, None]


def _add_curve(curves: Any, place: tuple[str, int, str], frames: F32, values: F32) -> None:
    """Linear keys at `frames` [T] at `place` (data path, index, group); where nothing changes, only first and last."""
    if len(values) > 2 and np.all(values == values[0]):
        frames, values = frames[[0, -1]], values[[0, -1]]
    curve = new_curve(curves, *place)
    curve.keyframe_points.add(len(frames))
    set_values(curve.keyframe_points, "co", np.stack([frames, values], 1).astype(np.float32))
    set_values(curve.keyframe_points, "interpolation", np.full(len(frames), _LINEAR))
    curve.update()


def play(collection: bpy.types.Collection, actions: tuple[bpy.types.Action, ...]) -> None:
    """Assigns `actions` (of `make_actions`) to the avatar's bones and sliders; what they do not move goes to rest."""
    settings = collection.headsmith
    reset_expression(collection)
    assign_action(settings.rig, actions[0])
    assign_action(settings.head.data.shape_keys, actions[-1])


def frame_range(collection: bpy.types.Collection) -> tuple[float, float]:
    """The first and the last frame of what the avatar plays; (0, 0) where it plays nothing."""
    datablocks = (collection.headsmith.rig, collection.headsmith.head.data.shape_keys)
    animated = [block.animation_data.action for block in datablocks if block.animation_data]
    ranges = [action.frame_range for action in animated if action]
    return min((r[0] for r in ranges), default=0.0), max((r[1] for r in ranges), default=0.0)


def import_motions(collection: bpy.types.Collection, avatar: Avatar, scene: bpy.types.Scene) -> None:
    """An action for each of the bundle's motions, kept in the file though none is playing.

    One that is there already, from an earlier import, stays as the artist left it.
    """
    motions = collection.headsmith.motions
    for name, motion in avatar.motions.items():
        if name in motions and motions[name].bones and motions[name].sliders:
            continue
        actions, _ = make_actions(collection, motion, scene, FIRST_FRAME, f"{collection.name} {name}")
        for action in actions:
            action.use_fake_user = True
        own = motions.get(name) or motions.add()
        own.name, own.bones, own.sliders = name, actions[0], actions[-1]
        own.start_frame, own.fps = FIRST_FRAME, scene_fps(scene)


def play_own(collection: bpy.types.Collection, name: str, scene: bpy.types.Scene, start_frame: int) -> None:
    """Lets the avatar play one of its bundle's motions, as a copy where start or frame rate differ from the import's.

    Raises InputError where it has none of that name.
    """
    own = collection.headsmith.motions.get(name)
    if own is None or not (own.bones and own.sliders):
        known = ", ".join(motion.name for motion in collection.headsmith.motions)
        raise InputError(f"motion '{name}'", found=f"no motion of that name in {collection.name}",
                         expected=known or "an avatar with motions", action="choose another")  # fmt: skip
    actions = (own.bones,) if own.bones == own.sliders else (own.bones, own.sliders)
    stretch = scene_fps(scene) / own.fps
    if start_frame != own.start_frame or abs(stretch - 1) > _SAME_RATE:
        actions = tuple(_retimed_copy(action, own.start_frame, start_frame, stretch) for action in actions)
    play(collection, actions)


def _retimed_copy(action: bpy.types.Action, first: float, start_frame: int, stretch: float) -> bpy.types.Action:
    copy = action.copy()
    copy.use_fake_user = False
    for curve in all_curves(copy):
        keys = get_values(curve.keyframe_points, "co", (len(curve.keyframe_points), 2))
        keys[:, 0] = start_frame + (keys[:, 0] - first) * stretch
        set_values(curve.keyframe_points, "co", keys)
        curve.update()
    return copy
