# SPDX-License-Identifier: GPL-3.0-or-later
"""From a bundle on disk to an avatar in the scene."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy

from headsmith.asset import Avatar, read_avatar

from .builders.mesh import build_head
from .builders.rig import bind_to_rig, build_rig
from .pictures import decode_png

Progress = Callable[[float], None]
"""called with the share done, 0..1"""


def import_avatar(path: Path, scene: bpy.types.Scene, progress: Progress = lambda _: None) -> bpy.types.Collection:
    """Reads the bundle at `path` and builds it in `scene`, as a collection of its own.

    A bundle that is already in the scene (same path) is brought up to date in place: its objects stay, with their
    places, constraints and animation, and get the new data. Raises InputError for what `read_avatar` refuses; the
    scene is then as it was.
    """
    avatar = read_avatar(path, decode_png)
    progress(0.4)
    return build_avatar(avatar, path, scene, progress)


def build_avatar(avatar: Avatar, path: Path, scene: bpy.types.Scene, progress: Progress) -> bpy.types.Collection:
    """The objects of `avatar`, read from `path`, in a new collection or the one that `path` was imported to before."""
    collection = _collection(path, scene)
    settings = collection.headsmith
    settings.rig = build_rig(avatar, settings.rig, collection)
    head = build_head(avatar, settings.head, f"{collection.name} Head")
    if settings.head is None:
        collection.objects.link(head)
    settings.head = head
    bind_to_rig(head, settings.rig)
    progress(1.0)
    return collection


def bundle_name(path: Path) -> str:
    """`ada` for ada.avatar and ada.avatar.zip."""
    return path.name.removesuffix(".zip").removesuffix(".avatar")


def _collection(path: Path, scene: bpy.types.Scene) -> bpy.types.Collection:
    source = str(path.resolve())
    for existing in scene.collection.children_recursive:
        if existing.headsmith.is_avatar and existing.headsmith.source == source:
            return existing
    collection = bpy.data.collections.new(bundle_name(path))
    scene.collection.children.link(collection)
    collection.headsmith.is_avatar = True
    collection.headsmith.source = source
    return collection
