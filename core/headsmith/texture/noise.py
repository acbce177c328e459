"""Smooth random functions on two coordinates."""

from __future__ import annotations

import numpy as np

from headsmith.types import F32


def lattice_noise(table: F32, around: F32, along: F32) -> F32:
    """A random table [A, D] read smoothly at turns `around` (repeating) and `along` 0..1 (ending at both ends)."""
    count, steps = table.shape
    x = (around % 1.0) * count
    y = np.clip(along, 0, 1) * (steps - 1.001)
    i, j = np.floor(x).astype(np.int32) % count, np.floor(y).astype(np.int32)
    fx, fy = x - np.floor(x), y - np.floor(y)
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    i1 = (i + 1) % count
    near = table[i, j] * (1 - fx) + table[i1, j] * fx
    far = table[i, j + 1] * (1 - fx) + table[i1, j + 1] * fx
    return (near * (1 - fy) + far * fy).astype(np.float32)
