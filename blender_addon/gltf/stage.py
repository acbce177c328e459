# SPDX-License-Identifier: GPL-3.0-or-later
"""A scene of its own for the exporter: the avatar's objects without its splats, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import bpy
from mathutils import Matrix

from ..state import kept_frame, kept_selection, set_mode
from .stand_ins import make_stand_in, needs_stand_in

_PLACE = ("location", "rotation_euler", "rotation_quaternion", "rotation_axis_angle", "scale")
MESH_LIKE = {"MESH", "CURVE", "SURFACE", "FONT", "META"}


@dataclass
class Stage:
    scene: bpy.types.Scene
    accessories: tuple[bpy.types.Object, ...]
    """what is exported beside head and rig: the artist's objects, or stand-ins"""
    names: dict[str, str] = field(default_factory=dict)
    """name of a stand-in (scene, object or mesh) -> the name it stands for"""


@contextmanager
def staged(collection: bpy.types.Collection, scene: bpy.types.Scene, accessories: bool) -> Iterator[Stage]:
    """The objects to export in a scene of their own, which is the window's while it lasts; then all is as it was."""
    settings = collection.headsmith
    extra = accessories_of(collection) if accessories else ()
    temporary = bpy.data.scenes.new("Headsmith Export")
    stage = Stage(temporary, extra, {temporary.name: collection.name})
    before = {kind: set(getattr(bpy.data, kind)) for kind in ("objects", "meshes")}
    with kept_frame(scene), kept_selection(scene), _unmuted(settings.head):
        try:
            set_mode("OBJECT")
            for name in ("fps", "fps_base"):
                setattr(temporary.render, name, getattr(scene.render, name))
            for obj in (settings.rig, settings.head, *_with_parents(extra, settings.rig, settings.head)):
                temporary.collection.objects.link(obj)
            bpy.context.window.scene = temporary
            with _shown(temporary), _at_origin(settings.rig, temporary):
                stage.accessories = tuple(_stand_in(obj, collection, stage) for obj in extra)
                for obj in temporary.objects:
                    obj.select_set(True)
                yield stage
        finally:
            bpy.context.window.scene = scene
            bpy.data.scenes.remove(temporary)
            for kind, there in before.items():
                blocks = getattr(bpy.data, kind)
                for block in set(blocks) - there:
                    blocks.remove(block)


def accessories_of(collection: bpy.types.Collection) -> tuple[bpy.types.Object, ...]:
    """What the avatar's collection holds beside rig, head and splats and what shows in renders."""
    settings = collection.headsmith
    own = {settings.rig, settings.head, settings.splats, settings.splats_exact}
    return tuple(
        obj for obj in collection.all_objects
        if obj not in own and obj.type in MESH_LIKE and not obj.hide_render
    )  # fmt: skip


def _with_parents(objects: tuple[bpy.types.Object, ...], *known: bpy.types.Object) -> list[bpy.types.Object]:
    """`objects` and everything that carries them, each once."""
    found: list[bpy.types.Object] = []
    for obj in objects:
        while obj is not None and obj not in found and obj not in known:
            found.append(obj)
            obj = obj.parent
    return found


def _stand_in(obj: bpy.types.Object, collection: bpy.types.Collection, stage: Stage) -> bpy.types.Object:
    """`obj` itself where the exporter can take it as it is."""
    if not needs_stand_in(obj):
        return obj
    stand_in = make_stand_in(obj, collection, stage.scene)
    stage.names |= {stand_in.name: obj.name, stand_in.data.name: obj.data.name}
    return stand_in


@contextmanager
def _shown(scene: bpy.types.Scene) -> Iterator[None]:
    """Nothing is hidden, such as the head where only the splats are shown: what is hidden cannot be selected."""
    before = [(obj, obj.hide_viewport, obj.hide_select) for obj in scene.objects]
    for obj in scene.objects:
        obj.hide_viewport = obj.hide_select = False
    try:
        yield
    finally:
        for obj, hide_viewport, hide_select in before:
            obj.hide_viewport, obj.hide_select = hide_viewport, hide_select


@contextmanager
def _at_origin(rig: bpy.types.Object, scene: bpy.types.Scene) -> Iterator[None]:
    """The rig at the world's origin, unturned, and with it what is not carried by anything in the scene."""
    bpy.context.view_layer.update()
    place, turn, _ = rig.matrix_world.decompose()
    back = (Matrix.Translation(place) @ turn.to_matrix().to_4x4()).inverted()
    roots = [obj for obj in scene.objects if obj.parent is None or obj.parent.name not in scene.objects]
    before = {obj: {name: tuple(getattr(obj, name)) for name in _PLACE} for obj in roots}
    for obj in roots:
        obj.matrix_world = back @ obj.matrix_world
    try:
        bpy.context.view_layer.update()
        yield
    finally:
        # not by their matrices, which would round
        for obj, values in before.items():
            for name, value in values.items():
                setattr(obj, name, value)


@contextmanager
def _unmuted(head: bpy.types.Object) -> Iterator[None]:
    """Every shape key counts: the exporter would leave out those that are switched off."""
    keys = list(head.data.shape_keys.key_blocks)
    before = [key.mute for key in keys]
    for key in keys:
        key.mute = False
    try:
        yield
    finally:
        for key, mute in zip(keys, before, strict=True):
            key.mute = mute
