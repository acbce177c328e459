"""Smooth random functions on two coordinates."""

from __future__ import annotations

import numpy as np
from numba import njit

from headsmith.types import F32


def lattice_noise(table: F32, around: F32, along: F32) -> F32:
    """A random table [A, D] read smoothly at turns `around` (repeating) and `along` 0..1 (ending at both ends)."""
    flat = (np.ascontiguousarray(a, np.float32) for a in (table, around, along))
    return _read(*flat)


@njit(cache=True, nogil=True)
def _read(table, around, along):  # type: ignore[no-untyped-def]
    count, steps = table.shape
    out = np.empty(around.shape[0], np.float32)
    for n in range(around.shape[0]):
        x = (around[n] - np.floor(around[n])) * np.float32(count)
        y = min(max(along[n], np.float32(0)), np.float32(1)) * np.float32(steps - 1.001)
        i, j = int(x), int(y)
        fx, fy = x - np.float32(i), y - np.float32(j)
        fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
        i0, i1 = i % count, (i + 1) % count
        near = table[i0, j] * (1 - fx) + table[i1, j] * fx
        far = table[i0, j + 1] * (1 - fx) + table[i1, j + 1] * fx
        out[n] = near * (1 - fy) + far * fy
    return out
