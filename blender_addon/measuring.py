# SPDX-License-Identifier: GPL-3.0-or-later
"""An avatar in the scene as the arrays that accessories are fitted to, from its datablocks: no bundle is needed."""

from __future__ import annotations

import bpy
import numpy as np

from headsmith.accessories import Anchors, measure_head
from headsmith.asset import HeadMesh, Rig, triangle_frames
from headsmith.types import F32, I32

from .scene import from_blender, get_values
from .state import leave_edit_mode

OPAQUE = 0.2
REGION = "region_"


def measured(collection: bpy.types.Collection) -> Anchors:
    """The anchors of the avatar's head as it is in the scene, at rest, the artist's sculpting included."""
    settings = collection.headsmith
    leave_edit_mode(settings.head, settings.splats)
    means, opacities = rest_splats(settings.splats)
    return measure_head(_head(settings.head), _rig(settings.rig, settings.head), means[opacities > OPAQUE])


def rest_splats(obj: bpy.types.Object | None) -> tuple[F32, F32]:
    """Middles [N, 3] in head space and opacities [N] of the splats at rest; none where the avatar has no splats."""
    if obj is None:
        return np.zeros((0, 3), np.float32), np.zeros(0, np.float32)
    count = len(obj.data.vertices)
    opacity = obj.data.attributes["splat_opacity"].data
    return from_blender(get_values(obj.data.vertices, "co", (count, 3))), get_values(opacity, "value", (count,))


def rest_sizes(splats: bpy.types.Object, head: bpy.types.Object) -> F32:
    """[N] metres: the largest standard deviation of each splat at rest."""
    mesh, data = _head(head), splats.data.attributes
    count = len(splats.data.vertices)
    _, scale = triangle_frames(mesh.vertices, mesh.faces)
    own = get_values(data["splat_scale"].data, "vector", (count, 3)).max(1)
    return own * scale[_integers(data["splat_triangle"].data, "value", (count,))]


def _head(obj: bpy.types.Object) -> HeadMesh:
    mesh = obj.data
    count = len(mesh.vertices)
    rest = mesh.shape_keys.reference_key.data if mesh.shape_keys else mesh.vertices
    regions = {a.name.removeprefix(REGION): get_values(a.data, "value", (count,))
               for a in mesh.attributes if a.name.startswith(REGION)}  # fmt: skip
    mesh.calc_loop_triangles()
    return HeadMesh(
        model_name="",
        model_licence="",
        vertices=from_blender(get_values(rest, "co", (count, 3))),
        faces=_integers(mesh.loop_triangles, "vertices", (len(mesh.loop_triangles), 3)),
        uvs=np.zeros((0, 2), np.float32),
        uv_faces=np.zeros((0, 3), np.int32),
        part_names=("head",),
        face_part=_integers(mesh.loop_triangles, "material_index", (len(mesh.loop_triangles),)),
        regions=regions,
    )


def _integers(items: bpy.types.bpy_prop_collection, attribute: str, shape: tuple[int, ...]) -> I32:
    out = np.empty(int(np.prod(shape)), np.int32)
    items.foreach_get(attribute, out)
    return out.reshape(shape)


def _rig(rig: bpy.types.Object, head: bpy.types.Object) -> Rig:
    bones = list(rig.data.bones)
    names = tuple(bone.name for bone in bones)
    weights = np.zeros((len(head.data.vertices), len(bones)), np.float32)
    column = {group.index: names.index(group.name) for group in head.vertex_groups if group.name in names}
    for row, vertex in enumerate(head.data.vertices):
        for member in vertex.groups:
            if member.group in column:
                weights[row, column[member.group]] = member.weight
    joints = from_blender(np.array([bone.head_local for bone in bones], np.float32))
    parents = np.array([names.index(bone.parent.name) if bone.parent else -1 for bone in bones], np.int32)
    return Rig(names, parents, joints, weights)
