"""A motion in a third of its bytes, for the web page."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headsmith.asset.avatar import Motion
from headsmith.asset.quaternions import normalized
from headsmith_exporters.quantize import fraction_between, to_levels

LEVELS = 65535


def motion_arrays(motion: Motion, targets: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """What the page reads: weights of the blendshapes in `targets`, joints, translations.

    `weights` uint16 [K, T], of the range `range` float32 [2, K]; `rotations` int16 [J, 4, T], 32767 times the wxyz
    quaternion; `translation` float32 [T, 3] metres. Along time numbers change little, which packs best.
    """
    kept = [row for row, name in enumerate(motion.blendshape_names) if name in targets]
    weights = motion.weights[:, kept].astype(np.float64)
    low, high = weights.min(0, initial=0), weights.max(0, initial=0)
    rotations = normalized(motion.joint_rotations_wxyz.astype(np.float64))
    return {
        "range": np.stack([low, high]).astype(np.float32),
        "translation": motion.head_translation_m.astype(np.float32),
        "weights": to_levels(fraction_between(weights, low, high), LEVELS + 1).astype(np.uint16).T,
        "rotations": np.rint(rotations * 32767).astype(np.int16).transpose(1, 2, 0),
    }
