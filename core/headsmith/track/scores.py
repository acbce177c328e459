"""MediaPipe's blendshape scores, rid of what they make of this person's resting face.

The scores of a face at rest are far from zero for some people (narrow eyes score as a squint), and a full blink scores
anything from 0.5 to 1. A clip shows both: what a score hardly ever falls below is rest, and people blink right shut.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import find_peaks

from headsmith.asset.arkit import ARKIT_52
from headsmith.types import F32

REST_PERCENTILE = 20
MOST_REST = 0.5
ENOUGH_FRAMES = 12
"""to tell rest from the rest"""
BLINK_RISE = 0.25
"""by which a blink stands out of the frames around it"""
MOST_STRETCH = 2.5
OPPOSITES = (("jawLeft", "jawRight"), ("mouthLeft", "mouthRight"), ("eyeLookInLeft", "eyeLookOutLeft"),
             ("eyeLookInRight", "eyeLookOutRight"), ("eyeLookUpLeft", "eyeLookDownLeft"),
             ("eyeLookUpRight", "eyeLookDownRight"))  # fmt: skip
GAZE = "eyeLook"


def calibrated(scores: F32, occluded: F32) -> F32:
    """[N, 52] weights to expect at `scores` [N, 52] of one person's clip; `occluded` [N] frames say little of rest."""
    free = scores[occluded < 0.5]
    out = scores.astype(np.float64)
    if len(free) >= ENOUGH_FRAMES:
        rest = np.minimum(np.percentile(free, REST_PERCENTILE, axis=0), MOST_REST)
        # a gaze is as likely aside as straight on
        rest[[name.startswith(GAZE) for name in ARKIT_52]] = 0
        out = np.clip((out - rest) / (1 - rest), 0, 1)
        for name in ("eyeBlinkLeft", "eyeBlinkRight"):
            column = ARKIT_52.index(name)
            out[:, column] = _blinks_shut(out[:, column])
    for one, other in OPPOSITES:
        a, b = ARKIT_52.index(one), ARKIT_52.index(other)
        out[:, a], out[:, b] = np.maximum(out[:, a] - out[:, b], 0), np.maximum(out[:, b] - out[:, a], 0)
    return out


def _blinks_shut(blink: F32) -> F32:
    """[N] stretched so that the clip's typical blink reaches 1."""
    peaks, _ = find_peaks(np.r_[0.0, blink, 0.0], height=BLINK_RISE, prominence=BLINK_RISE)
    if not len(peaks):
        return blink
    return np.minimum(blink * np.clip(1 / np.median(blink[peaks - 1]), 1, MOST_STRETCH), 1)
