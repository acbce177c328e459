"""Keeping the lips closed: MakeHuman's mouth controls part them, but a neutral head has its mouth shut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from headsmith.types import F32, I32

NEAR_LOW_M, NEAR_HIGH_M = np.array([-0.034, -0.095, -0.005]), np.array([0.034, -0.048, 0.06])
"""the box around the mouth of the mean head"""
CONTACT_M = 0.0032
COLUMN_M = 0.003
"""width over which the gap between the lips is averaged along the mouth"""
FALLOFF_M = 0.007
UPPER_DROP, LOWER_DROP = 0.08, 0.33
"""share of the chin's way in jawOpen that vertices of the upper and of the lower lip go"""


@dataclass(frozen=True)
class LipCloser:
    """A linear correction of heads: the change of the gap between the lips is shared out to both."""

    rows: I32
    """[N] vertices around the mouth"""
    rest_y_m: F32
    """[N] their heights on the mean head, whose mouth is closed"""
    correction: F32
    """[N, N] heights' changes to corrections"""

    def close(self, head: F32) -> F32:
        """[V, 3] the head with its lips as far apart as the mean head's."""
        out = head.copy()
        out[self.rows, 1] += self.correction @ (head[self.rows, 1] - self.rest_y_m)
        return out


def lip_closer(rest: F32, jaw_open: F32, head_rows: I32) -> LipCloser:
    """From the mean head [V, 3] and its jawOpen displacement [V, 3]."""
    inside = ((rest[head_rows] > NEAR_LOW_M) & (rest[head_rows] < NEAR_HIGH_M)).all(1)
    rows = head_rows[inside]
    p = rest[rows]
    drop = -jaw_open[rows, 1] / -jaw_open[:, 1].min()
    upper, lower = np.flatnonzero(drop < UPPER_DROP), np.flatnonzero(drop > LOWER_DROP)
    upper_contact = upper[cKDTree(p[lower]).query(p[upper])[0] < CONTACT_M]
    lower_contact = lower[cKDTree(p[upper]).query(p[lower])[0] < CONTACT_M]
    gap = _column_mean(p[:, 0], upper_contact) - _column_mean(p[:, 0], lower_contact)
    contact = np.concatenate([upper_contact, lower_contact])
    distance = cKDTree(p[contact]).query(p)[0]
    side = 1 - 2 * np.clip((drop - UPPER_DROP) / (LOWER_DROP - UPPER_DROP), 0, 1)
    share = -0.5 * side * np.exp(-((distance / FALLOFF_M) ** 2))
    return LipCloser(rows, p[:, 1].copy(), share[:, None] * gap)


def _column_mean(x: F32, chosen: I32) -> F32:
    """[N, N] rows that average the chosen vertices at about the same x."""
    weight = np.exp(-(((x[:, None] - x[chosen]) / COLUMN_M) ** 2)) + 1e-9
    out = np.zeros((len(x), len(x)))
    out[:, chosen] = weight / weight.sum(1, keepdims=True)
    return out
