"""Linear-blend weights as engines take them: four joints a vertex."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headsmith.types import F32

JOINTS_PER_VERTEX = 4


def strongest_joints(weights: F32) -> tuple[NDArray[np.uint8], F32]:
    """Weights [V, J] to the four strongest joints [V, 4] uint8 of each vertex and their float32 weights [V, 4].

    Rows sum to 1 again; a weight of 0 names joint 0, as glTF demands.
    """
    wide = np.pad(weights.astype(np.float64), ((0, 0), (0, max(0, JOINTS_PER_VERTEX - weights.shape[1]))))
    joints = np.argsort(-wide, axis=1, kind="stable")[:, :JOINTS_PER_VERTEX]
    kept = np.maximum(np.take_along_axis(wide, joints, 1), 0)
    kept = (kept / kept.sum(1, keepdims=True)).astype(np.float32)
    # what rounding to float32 took goes to the strongest
    kept[:, 0] = 1 - kept[:, 1:].sum(1, dtype=np.float64)
    return np.where(kept > 0, joints, 0).astype(np.uint8), kept
