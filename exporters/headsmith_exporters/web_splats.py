"""Splats and their binding as the web page takes them: an .spz file and three small arrays.

The page moves a splat with its triangle from where it is at rest: with the corners A, B, C at rest and A', B', C' now,
the turn R and the change of size s between the triangle's two frames, and the splat's barycentric point (u, v, w),

    mean' = s R (mean - uA - vB - wC) + uA' + vB' + wC'

so only the triangle's number and two barycentric coordinates are needed beside the splat itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headsmith.asset.avatar import Avatar
from headsmith_exporters.mesh_parts import MeshPart, group_faces
from headsmith_exporters.quantize import morton_order, to_levels
from headsmith_exporters.spz import encode_spz


def web_splats(avatar: Avatar, parts: tuple[MeshPart, ...]) -> tuple[bytes, dict[str, NDArray[Any]]]:
    """The splats as .spz in head space, and for each, in the order of the file, where it sits.

    `triangle` uint16 or uint32 [N], rows of `corners` [U, 3]: vertices of all meshes of the GLB, counted through in
    the order of `parts`; `barycentric` uint8 [2, N]: 255 times the coordinates of the second and third corner. Rounding
    them costs nothing at rest, and the splat's distance to the rounded point keeps its turn and size right elsewhere.
    """
    # the order that the .spz gets; sorting what is sorted changes nothing
    bound = avatar.splats.rows(morton_order(avatar.splats.splats.means))
    data = encode_spz(bound.splats, y_up=True, fine=True)
    used, row = np.unique(bound.binding.triangle, return_inverse=True)
    corners = _corners(avatar, parts)[used]
    return data, {
        "triangle": _small(row.reshape(-1)),
        "corners": _small(corners),
        "barycentric": to_levels(bound.binding.barycentric[:, 1:].T, 256).astype(np.uint8),
    }


def _corners(avatar: Avatar, parts: tuple[MeshPart, ...]) -> NDArray[np.int64]:
    """[F, 3] for each triangle of the head its vertices among those of all `parts`."""
    corners = np.zeros((len(avatar.head.faces), 3), np.int64)
    first = 0
    for part, mask in zip(parts, group_faces(avatar.head).values(), strict=True):
        corners[mask] = first + part.faces
        first += len(part.source_vertex)
    return corners


def _small(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.uint16 if values.max(initial=0) < 1 << 16 else np.uint32)
