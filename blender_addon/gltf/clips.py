# SPDX-License-Identifier: GPL-3.0-or-later
"""Animations as glTF has them: named clips, each of which moves bones, sliders and objects together.

Blender's exporter makes one animation of all NLA tracks of the same name, whatever they belong to; actions that are not
in a track would come out apart from each other, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import bpy

from ..compat import add_strip, all_curves, animation_state, set_animation_state


@dataclass(frozen=True)
class Clip:
    name: str
    moves: tuple[tuple[bpy.types.ID, bpy.types.Action], ...]
    """what is moved, and by which action"""

    def moves_expressions(self) -> bool:
        """Whether a slider is among it."""
        return any(curve.data_path.startswith("key_blocks") for _, one in self.moves for curve in all_curves(one))


def clips_of(collection: bpy.types.Collection, objects: tuple[bpy.types.Object, ...]) -> list[Clip]:
    """The bundle's motions that are kept in the file, and what plays now on the avatar and `objects`, if it is another.

    Those of `objects` that have shape keys but no animation of their own follow the head's.
    """
    settings = collection.headsmith
    keys = settings.head.data.shape_keys
    clips = [Clip(own.name, ((settings.rig, own.bones), (keys, own.sliders)))
             for own in settings.motions if own.bones and own.sliders]  # fmt: skip
    playing = [(one, one.animation_data.action) for one in (settings.rig, keys, *objects)
               if one.animation_data and one.animation_data.action]  # fmt: skip
    known = {action for clip in clips for _, action in clip.moves}
    if any(action not in known for _, action in playing):
        name = playing[0][1].name
        while name in {clip.name for clip in clips}:
            name += " playing"
        clips.append(Clip(name, tuple(playing)))
    followers = [one.data.shape_keys for one in objects if _follows(one)]
    return [_with_followers(clip, keys, followers) for clip in clips]


def _follows(obj: bpy.types.Object) -> bool:
    keys = getattr(obj.data, "shape_keys", None)
    return keys is not None and keys.animation_data is None


def _with_followers(clip: Clip, keys: bpy.types.Key, followers: list[bpy.types.Key]) -> Clip:
    moves = [(follower, action) for one, action in clip.moves if one == keys for follower in followers]
    return Clip(clip.name, (*clip.moves, *moves))


@contextmanager
def pushed_down(clips: list[Clip]) -> Iterator[None]:
    """Every clip as NLA tracks of its name, and no action beside them; then all as it was."""
    moved = {datablock for clip in clips for datablock, _ in clip.moves}
    with ExitStack() as stack:
        for datablock in moved:
            stack.enter_context(_kept_animation(datablock))
        for clip in clips:
            for datablock, action in clip.moves:
                track = datablock.animation_data.nla_tracks.new()
                track.name = clip.name
                add_strip(track, datablock, action)
        yield


@contextmanager
def _kept_animation(datablock: bpy.types.ID) -> Iterator[None]:
    """No action while it lasts; afterwards the action, and no tracks but those there were."""
    new = datablock.animation_data is None
    animation = datablock.animation_data_create()
    state, tracks = animation_state(animation), len(animation.nla_tracks)
    animation.action = None
    try:
        yield
    finally:
        while len(animation.nla_tracks) > tracks:
            animation.nla_tracks.remove(animation.nla_tracks[-1])
        set_animation_state(animation, state)
        if new:
            datablock.animation_data_clear()
