# SPDX-License-Identifier: GPL-3.0-or-later
"""Glasses, hats and earrings on an avatar, and any other object, so that they stay on and follow."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix, Quaternion

from headsmith.accessories import Anchors, Params, default_params, fit_accessory, seat
from headsmith.accessories.hair_cover import MARGIN_M
from headsmith.errors import InputError
from headsmith.types import F32

from .accessory_properties import fill, params_of
from .attaching import attach, detach_object, rest_matrix
from .avatars import avatar_of
from .builders.accessories import PART_KEY, build_accessory
from .hair_cover import refresh_hair
from .measuring import measured
from .scene import AXES, from_blender, to_blender

MESH_LIKE = {"MESH", "CURVE", "SURFACE", "META", "FONT"}


def add_accessory(
    collection: bpy.types.Collection, kind: str, params: Params | None = None, follow: str = "BONE"
) -> bpy.types.Object:
    """A generated accessory of `kind`, made to the head's measure and following it.

    `follow` is BONE (rigid, with the skull) or SURFACE (with the skin). What hair belongs under hides the splats there.
    Raises InputError for sizes out of range and for a head that cannot wear it.
    """
    head = measured(collection)
    params = params or default_params(kind)
    name = f"{collection.name} {kind.title()}"
    made = fit_accessory(head, kind, params)
    origin = head.at(made.anchor).position_m
    obj = build_accessory(made, origin, None, name)
    collection.objects.link(obj)
    settings = obj.headsmith_accessory
    fill(settings, kind, params)
    settings.anchor, settings.follow = made.anchor, follow
    _attach(collection, obj, made.joint, _placed(origin))
    if any(part.covers_hair for part in made.parts) and collection.headsmith.splats is not None:
        settings.hides_hair, settings.margin_m = True, MARGIN_M
        refresh_hair(collection, head)
    return obj


def update_accessory(obj: bpy.types.Object, params: Params | None = None, reset: bool = False) -> bpy.types.Object:
    """Makes a generated accessory anew with its settings, or with `params`, for the head as it is now.

    How the artist has moved it since it was made is kept, unless `reset`. One that belongs to no avatar yet (from the
    asset browser) is put on the scene's only one. Raises InputError where there is none, or it was not generated.
    """
    settings = obj.headsmith_accessory
    collection = _wearer(obj)
    if not settings.kind:
        raise InputError(f"object '{obj.name}'", found="not made by Headsmith", expected="a generated accessory",
                         action="use Fit to Head for it")  # fmt: skip
    if params is not None:
        fill(settings, settings.kind, params)
    head = measured(collection)
    made = fit_accessory(head, settings.kind, params_of(settings))
    moved = Matrix() if reset else _moved_by_hand(collection, obj)
    origin = head.at(made.anchor).position_m
    build_accessory(made, origin, obj, obj.name)
    settings.anchor, settings.follow = made.anchor, settings.follow or "BONE"
    adopt(collection, obj)
    _attach(collection, obj, made.joint, _placed(origin), moved)
    refresh_hair(collection, head)
    return obj


def fit_to_head(
    collection: bpy.types.Collection,
    obj: bpy.types.Object,
    anchor: str,
    scale_to_width: bool = True,
    follow: str = "BONE",
) -> bpy.types.Object:
    """Any object at an anchor of the head, scaled to its width, and following it.

    The object's front is what faces -Y in the world before the first fit, its top what faces +Z; fitting again starts
    from there. Raises InputError for an unknown anchor, a part of the avatar itself, and bounds without width.
    """
    if obj in (collection.headsmith.rig, collection.headsmith.head, collection.headsmith.splats):
        raise InputError(f"object '{obj.name}'", found="a part of the avatar", expected="something to put on its head",
                         action="select another object")  # fmt: skip
    settings = obj.headsmith_accessory
    head = measured(collection)
    placed = _seated(head, obj, anchor, scale_to_width)
    settings.anchor, settings.follow, settings.scale_to_width = anchor, follow, scale_to_width
    adopt(collection, obj)
    _attach(collection, obj, head.joint, placed)
    refresh_hair(collection, head)
    return obj


def _seated(head: Anchors, obj: bpy.types.Object, anchor: str, scale_to_width: bool) -> Matrix:
    """Where any object goes, in the rig's space at rest."""
    settings = obj.headsmith_accessory
    if not settings.anchor:
        _, rotation, scale = obj.matrix_world.decompose()
        settings.own_rotation, settings.own_scale = rotation, scale
    own = Matrix.LocRotScale(None, Quaternion(settings.own_rotation), settings.own_scale)
    placed = seat(head, anchor, _points(obj, own), scale_to_width)
    turned = np.eye(4)
    axes = AXES.astype(float)
    turned[:3, :3], turned[:3, 3] = axes @ placed[:3, :3] @ axes.T, axes @ placed[:3, 3]
    return Matrix(turned.tolist()) @ own


def _attach(
    collection: bpy.types.Collection, obj: bpy.types.Object, joint: str, placed: Matrix, moved: Matrix | None = None
) -> None:
    """Seats `obj` at `placed`, with what the artist `moved` it by since."""
    settings = obj.headsmith_accessory
    attach(collection, obj, placed @ (moved or Matrix()), joint, settings.follow)
    settings.seat = [value for row in placed for value in row]


def _moved_by_hand(collection: bpy.types.Collection, obj: bpy.types.Object) -> Matrix:
    settings = obj.headsmith_accessory
    if not settings.anchor or obj.parent != collection.headsmith.rig:
        return Matrix()
    placed = Matrix([settings.seat[row * 4 : row * 4 + 4] for row in range(4)])
    return placed.inverted_safe() @ rest_matrix(collection.headsmith.rig, obj)


def remove_accessory(obj: bpy.types.Object) -> None:
    """Takes a generated accessory out of the file; any other object is let go and stays where it is."""
    collection = _wearer(obj)
    if not obj.headsmith_accessory.kind:
        detach(obj)
        return
    mesh, materials = obj.data, [material for material in obj.data.materials if material is not None]
    bpy.data.objects.remove(obj)
    if mesh.users == 0:
        bpy.data.meshes.remove(mesh)
    for material in materials:
        if material.users == 0 and PART_KEY in material.keys():  # noqa: SIM118
            bpy.data.materials.remove(material)
    refresh_hair(collection)


def detach(obj: bpy.types.Object) -> None:
    """Lets an object go: it stays where it is seen now, and follows no more."""
    collection = _wearer(obj)
    settings = obj.headsmith_accessory
    settings.anchor, settings.hides_hair = "", False
    detach_object(obj)
    refresh_hair(collection)


def accessories_of(collection: bpy.types.Collection) -> list[bpy.types.Object]:
    """Everything on the avatar's head that this module put there."""
    return [obj for obj in collection.all_objects if obj.headsmith_accessory.anchor]


def refit(collection: bpy.types.Collection) -> None:
    """All accessories on a head that has changed (sculpted, or imported again)."""
    worn = accessories_of(collection)
    if not worn:
        return
    head = measured(collection)
    for obj in worn:
        settings = obj.headsmith_accessory
        if settings.kind:
            update_accessory(obj)
        else:
            moved = _moved_by_hand(collection, obj)
            placed = _seated(head, obj, settings.anchor, settings.scale_to_width)
            _attach(collection, obj, head.joint, placed, moved)
    refresh_hair(collection, head)


def adopt(collection: bpy.types.Collection, obj: bpy.types.Object) -> None:
    """Moves `obj` from where it is in the scene into the avatar's collection."""
    if obj.name in collection.all_objects:
        return
    for other in obj.users_collection:
        other.objects.unlink(obj)
    collection.objects.link(obj)


def wearer(obj: bpy.types.Object) -> bpy.types.Collection | None:
    """The avatar that wears `obj`, or the only one that could."""
    scenes = obj.users_scene or (bpy.context.scene,)
    return avatar_of(obj, scenes[0])


def _wearer(obj: bpy.types.Object) -> bpy.types.Collection:
    collection = wearer(obj)
    if collection is None:
        raise InputError(f"object '{obj.name}'", found="no avatar that it belongs to", expected="an avatar",
                         action="import one, or move the object into its collection")  # fmt: skip
    return collection


def _placed(origin_m: F32) -> Matrix:
    return Matrix.Translation(to_blender(np.asarray(origin_m)).tolist())


def _points(obj: bpy.types.Object, own: Matrix) -> F32:
    """[N, 3] the vertices that the object's modifiers leave, or the corners of its bounds where it has none, with the
    object's own turn and scale, in head space's axes."""
    shown = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = shown.to_mesh() if obj.type in MESH_LIKE else None
    if mesh is not None and mesh.vertices:
        points = np.empty(3 * len(mesh.vertices), np.float32)
        mesh.vertices.foreach_get("co", points)
    else:
        points = np.array([tuple(corner) for corner in obj.bound_box], np.float32)
    shown.to_mesh_clear()
    matrix = np.array(own)[:3]
    return from_blender(points.reshape(-1, 3) @ matrix[:, :3].T + matrix[:, 3])
