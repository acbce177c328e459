# SPDX-License-Identifier: GPL-3.0-or-later
"""The 3D viewports that someone looks at."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
from mathutils import Euler, Vector

_MARGIN = 1.1
_FRONT = Euler((1.45, 0.0, 0.25)).to_quaternion()
"""nearly the front: a little from above and from the head's left"""


def frame_in_views(collections: Sequence[bpy.types.Collection], context: bpy.types.Context) -> None:
    """Turns every 3D viewport of the screen to the avatars, seen from the front, unless it looks through a camera."""
    screen = context.screen
    regions = [area.spaces.active.region_3d for area in (screen.areas if screen else ()) if area.type == "VIEW_3D"]
    if not regions:
        return
    context.view_layer.update()
    corners = [
        collection.headsmith.head.matrix_world @ Vector(corner)
        for collection in collections
        for corner in collection.headsmith.head.bound_box
    ]
    low, high = (Vector(map(pick, zip(*corners, strict=True))) for pick in (min, max))
    for region in regions:
        if region.view_perspective != "CAMERA":
            region.view_location = (low + high) / 2
            region.view_rotation = _FRONT
            # Blender's viewport lens of 50 mm sees about as much as the distance
            region.view_distance = _MARGIN * (high - low).length
