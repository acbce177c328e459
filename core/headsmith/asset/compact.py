"""What the bundle leaves out: zero blendshape rows, and digits below a micrometre."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headsmith.asset.avatar import Binding
from headsmith.asset.binding import triangle_frames
from headsmith.types import F32, I32

MICROMETRE = 1e-6
_TOLERANCE_M = 0.5e-6


def sparse_deltas(deltas_m: F32) -> dict[str, np.ndarray]:
    """[K, V, 3] metres to the rows that are not zero, in whole micrometres (error at most 0.5 um).

    `blendshape_start` [K + 1]: blendshape k has rows start[k]..start[k + 1]; `blendshape_vertex` [M] and
    `blendshape_delta_um` [M, 3] (16 bits where they suffice) are those rows.
    """
    whole = np.rint(deltas_m.astype(np.float64) / MICROMETRE).astype(np.int32)
    shape, vertex = np.nonzero(whole.any(axis=2))
    rows = whole[shape, vertex]
    fits = not len(rows) or np.abs(rows).max() <= np.iinfo(np.int16).max
    return {
        "blendshape_start": np.searchsorted(shape, np.arange(len(deltas_m) + 1)).astype(np.int32),
        "blendshape_vertex": vertex.astype(np.int32),
        "blendshape_delta_um": rows.astype(np.int16 if fits else np.int32),
    }


def dense_deltas(start: I32, vertex: I32, delta_um: np.ndarray, vertex_count: int) -> F32:
    """The inverse of `sparse_deltas`: [K, V, 3] metres."""
    out = np.zeros((len(start) - 1, vertex_count, 3), np.float32)
    shape = np.repeat(np.arange(len(start) - 1), np.diff(start))
    out[shape, vertex] = delta_um * MICROMETRE
    return out


def rounded_binding(binding: Binding, vertices_m: F32, faces: I32) -> Binding:
    """The binding rounded to a grid of about half a micrometre at the splat: a third of the bytes once deflated.

    Powers of two as grids leave zero bits at the end of the floats, and keep barycentric rows summing to one.
    """
    tri = binding.triangle
    _, scale = triangle_frames(vertices_m.astype(np.float64), faces)
    corners = vertices_m.astype(np.float64)[faces]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    splat_size = np.exp(binding.log_scale.astype(np.float64).max(axis=1, initial=-20.0)) * scale[tri]
    first_two = _rounded(binding.barycentric[:, :2], longest[tri])
    return replace(
        binding,
        barycentric=np.concatenate([first_two, 1 - first_two.sum(1, keepdims=True)], 1).astype(np.float32),
        offset=_rounded(binding.offset, scale[tri]).astype(np.float32),
        rotation_wxyz=_rounded(binding.rotation_wxyz, 4 * splat_size).astype(np.float32),
        log_scale=_rounded(binding.log_scale, 2 * splat_size).astype(np.float32),
    )


def _rounded(values: F32, size_m: F32) -> F32:
    """`values` [N, C] to a grid on which one step, times `size_m` [N], is at most the tolerance."""
    step = np.exp2(np.clip(np.floor(np.log2(_TOLERANCE_M / np.maximum(size_m, 1e-9))), -21, -6))[:, None]
    return np.rint(values.astype(np.float64) / step) * step
