# SPDX-License-Identifier: GPL-3.0-or-later
"""Hair under hats: splats that would stick through a hat are faded out by the point attribute `headsmith_hidden`."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix, Vector
from mathutils.bvhtree import BVHTree

from headsmith.accessories import Anchors
from headsmith.errors import InputError
from headsmith.types import F32

from .attaching import rest_matrix
from .builders.accessories import COVERS_KEY
from .measuring import measured, rest_splats
from .scene import set_attribute, to_blender

ATTRIBUTE = "headsmith_hidden"
"""0..1 for each splat; the splats' nodes multiply the opacity by what it leaves"""
PRESSED_M, PRESSED_SLOPE = 0.05, 1.5
"""how far from a hat's edge hair is pressed down, and how steeply it rises there"""
SOFT_M = 0.004
"""over which splats fade there"""


def hide_hair_under(collection: bpy.types.Collection, accessory: bpy.types.Object, margin_m: float = 0.004) -> int:
    """Hides the splats that come nearer than `margin_m` to the accessory from below, or stick out of it.

    Returns how many splats of the avatar are hidden now. It holds for the rest pose, which is where the accessory and
    the hair keep their distance. Raises InputError for an avatar without splats.
    """
    if collection.headsmith.splats is None:
        raise InputError(f"avatar '{collection.name}'", found="no splats", expected="hair made of splats",
                         action="import a bundle that has splats")  # fmt: skip
    settings = accessory.headsmith_accessory
    settings.hides_hair, settings.margin_m = True, margin_m
    return int((refresh_hair(collection) > 0.5).sum())


def show_hair(collection: bpy.types.Collection, accessory: bpy.types.Object) -> None:
    """Shows again what the accessory hid."""
    accessory.headsmith_accessory.hides_hair = False
    refresh_hair(collection)


def refresh_hair(collection: bpy.types.Collection, head: Anchors | None = None) -> F32:
    """Works out anew what all accessories of the avatar hide; [N] 0..1."""
    splats = collection.headsmith.splats
    if splats is None:
        return np.zeros(0, np.float32)
    means, _ = rest_splats(splats)
    hidden = np.zeros(len(means), np.float32)
    covers = [obj for obj in collection.all_objects
              if obj.type == "MESH" and obj.headsmith_accessory.hides_hair]  # fmt: skip
    if covers:
        centre = (head or measured(collection)).scalp.centre_m
        for obj in covers:
            tree = _cover(obj, rest_matrix(collection.headsmith.rig, obj))
            hidden = np.maximum(hidden, _hidden(tree, means, centre, obj.headsmith_accessory.margin_m))
    set_attribute(splats.data, ATTRIBUTE, "FLOAT", hidden)
    splats.data.update()
    return hidden


def _cover(obj: bpy.types.Object, placed: Matrix) -> BVHTree:
    """The faces that hair belongs under, in the rig's space: all of them where the object does not say."""
    slots = set(obj.get(COVERS_KEY, ()))
    vertices = [placed @ vertex.co for vertex in obj.data.vertices]
    faces = [p.vertices[:] for p in obj.data.polygons if not slots or p.material_index in slots]
    return BVHTree.FromPolygons(vertices, faces)


def _hidden(tree: BVHTree, means: F32, centre: F32, margin_m: float) -> F32:
    """[N] 0..1: 1 for splats beyond the cover or less than the margin below it, seen from the middle of the head.

    Beside the cover hair lies pressed down: it may stand out further the further away it is from the cover's edge.
    """
    reach = np.linalg.norm(means - centre, axis=1)
    origin = Vector(to_blender(centre).tolist())
    points = to_blender(means)
    outward = (points - np.array(origin)) / np.maximum(reach, 1e-9)[:, None]
    hidden = np.zeros(len(means), np.float32)
    for row, (point, direction) in enumerate(zip(points.tolist(), outward.tolist(), strict=True)):
        if tree.ray_cast(origin, direction, float(reach[row]) + margin_m)[3] is not None:
            hidden[row] = 1.0
            continue
        edge, _, _, distance = tree.find_nearest(point, PRESSED_M)
        if edge is not None:
            out = float(outward[row] @ (points[row] - np.array(edge)))
            along = max(distance**2 - out**2, 0.0) ** 0.5
            hidden[row] = min(max((out + SOFT_M - PRESSED_SLOPE * along) / SOFT_M, 0.0), 1.0)
    return hidden
