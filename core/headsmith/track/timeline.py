"""States at other times: between the frames that were tracked, along the shorter arc."""

from __future__ import annotations

import numpy as np

from headsmith.asset.skinning import rotation_matrices
from headsmith.track.states import States, rotation_vectors
from headsmith.types import F32


def at_times(states: States, times_s: F32, wanted_s: F32) -> States:
    """`states` of increasing `times_s` [N] at `wanted_s` [M]; held before the first and after the last."""
    after = np.clip(np.searchsorted(times_s, wanted_s), 1, max(len(times_s) - 1, 1))
    before, after = after - 1, np.minimum(after, len(times_s) - 1)
    span = np.maximum(times_s[after] - times_s[before], 1e-9)
    share = np.clip((wanted_s - times_s[before]) / span, 0, 1)

    def blend(values: F32) -> F32:
        part = share.reshape(-1, *[1] * (values.ndim - 1))
        return values[before] * (1 - part) + values[after] * part

    return States(blend(states.expression), turn_between(states.R[before], states.R[after], share),
                  blend(states.t_m), blend(states.joint_rotations))  # fmt: skip


def turn_between(first: F32, second: F32, share: F32) -> F32:
    """[N, 3, 3] rotations at `share` [N] of the way from `first` to `second`."""
    turn = rotation_vectors(second @ first.swapaxes(1, 2))
    return rotation_matrices(turn * share[:, None]) @ first


def cross_fade(first: States, second: States, share: F32) -> States:
    """The same N frames solved twice: `share` [N] 0 gives the first, 1 the second."""

    def blend(a: F32, b: F32) -> F32:
        part = share.reshape(-1, *[1] * (a.ndim - 1))
        return a * (1 - part) + b * part

    return States(blend(first.expression, second.expression), turn_between(first.R, second.R, share),
                  blend(first.t_m, second.t_m), blend(first.joint_rotations, second.joint_rotations))  # fmt: skip


def joined(parts: list[States]) -> States:
    """One run after the other."""
    return States(*(np.concatenate([getattr(part, name) for part in parts]) for name in
                    ("expression", "R", "t_m", "joint_rotations")))  # fmt: skip
