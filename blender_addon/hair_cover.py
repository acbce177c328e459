# SPDX-License-Identifier: GPL-3.0-or-later
"""Hair under hats: splats that would stick through a hat are faded out by the point attribute `headsmith_hidden`."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix, Vector
from mathutils.bvhtree import BVHTree

from headsmith.accessories import Anchors
from headsmith.accessories.hair_cover import LARGEST_M, MARGIN_M, PRESSED_M, PRESSED_SLOPE, SEEN_SIGMAS
from headsmith.errors import InputError
from headsmith.types import F32

from .attaching import rest_matrix
from .builders.accessories import COVERS_KEY
from .measuring import measured, rest_sizes, rest_splats
from .scene import set_attribute, to_blender

ATTRIBUTE = "headsmith_hidden"
"""0..1 for each splat; the splats' nodes multiply the opacity by what it leaves"""
ON_VISOR_M = 0.05
"""above a visor there is no hair"""
SOFT_M = 0.004
"""over which splats fade there"""


def hide_hair_under(collection: bpy.types.Collection, accessory: bpy.types.Object, margin_m: float = MARGIN_M) -> int:
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
    covers = [obj for obj in collection.all_objects if obj.type == "MESH" and obj.headsmith_accessory.hides_hair]
    if covers:
        scalp = (head or measured(collection)).scalp
        sizes = np.minimum(rest_sizes(splats, collection.headsmith.head), LARGEST_M)
        for obj in covers:
            placed = rest_matrix(collection.headsmith.rig, obj)
            margins_m = SEEN_SIGMAS * sizes + obj.headsmith_accessory.margin_m
            hidden = np.maximum(hidden, _hidden(_faces(obj, placed, True), means, margins_m, scalp.centre_m))
            hidden = np.maximum(hidden, _above(_faces(obj, placed, False), means, scalp.axes[:, 1]))
    set_attribute(splats.data, ATTRIBUTE, "FLOAT", hidden)
    splats.data.update()
    return hidden


def _faces(obj: bpy.types.Object, placed: Matrix, covering: bool) -> BVHTree:
    """The faces that hair belongs under (a crown; all of them where the object does not say), or the others (a visor)
    in the rig's space."""
    slots = set(obj.get(COVERS_KEY, ())) or set(range(max(len(obj.material_slots), 1)))
    vertices = [placed @ vertex.co for vertex in obj.data.vertices]
    return BVHTree.FromPolygons(vertices, [p.vertices[:] for p in obj.data.polygons
                                           if (p.material_index in slots) == covering])  # fmt: skip


def _above(tree: BVHTree, means: F32, up: F32) -> F32:
    """[N] 1 for splats that lie on a visor."""
    down = Vector(to_blender(-up).tolist())
    return np.array([tree.ray_cast(point, down, ON_VISOR_M)[3] is not None for point in to_blender(means).tolist()],
                    np.float32)  # fmt: skip


def _hidden(tree: BVHTree, means: F32, margins_m: F32, centre: F32) -> F32:
    """[N] 0..1: 1 for splats beyond the cover or less than their margin [N] below it, seen from the middle.

    Beside the cover hair lies pressed down: it may stand out further the further away it is from the cover's edge.
    """
    reach = np.linalg.norm(means - centre, axis=1)
    origin = Vector(to_blender(centre).tolist())
    points = to_blender(means)
    outward = (points - np.array(origin)) / np.maximum(reach, 1e-9)[:, None]
    hidden = np.zeros(len(means), np.float32)
    for row, (point, direction) in enumerate(zip(points.tolist(), outward.tolist(), strict=True)):
        if tree.ray_cast(origin, direction, float(reach[row] + margins_m[row]))[3] is not None:
            hidden[row] = 1.0
            continue
        edge, _, _, distance = tree.find_nearest(point, PRESSED_M)
        if edge is not None:
            out = float(outward[row] @ (points[row] - np.array(edge)))
            along = max(distance**2 - out**2, 0.0) ** 0.5
            hidden[row] = min(max((out + float(margins_m[row]) - PRESSED_SLOPE * along) / SOFT_M, 0.0), 1.0)
    return hidden
