"""A track as a motion that any avatar can play."""

from __future__ import annotations

import numpy as np

from headsmith.asset import Motion
from headsmith.asset.quaternions import quaternions_from_matrices
from headsmith.asset.skinning import rotation_matrices
from headsmith.head_model.model import HeadModel
from headsmith.track.neck import mean_rotation
from headsmith.track.states import States
from headsmith.track.timeline import at_times
from headsmith.types import F32, HeadTrack


def motion_of(model: HeadModel, track: HeadTrack, name: str) -> Motion:
    """Expressions, turns of all joints and the head's way, on an even grid of frames; `name` says where it is from.

    The bust's mean direction is straight on; the head's way [T, 3] is from its mean place, in metres along the axes of
    head space.
    """
    times = track.info.timestamps_s[track.index].astype(np.float64)
    span = float(times[-1] - times[0])
    fps = (len(times) - 1) / span if span > 0 else track.info.fps
    states = States(track.expression, track.T_camera_world[:, :3, :3], track.T_camera_world[:, :3, 3],
                    track.joint_rotations)  # fmt: skip
    even = at_times(states, times, times[0] + np.arange(len(times)) / fps)
    straight_on = mean_rotation(even.R)
    turns = rotation_matrices(even.joint_rotations)
    turns[:, 0] = straight_on.T @ even.R
    way = (even.t_m - even.t_m.mean(0)) @ straight_on
    return Motion(
        fps=float(fps),
        blendshape_names=model.expression_names,
        weights=even.expression.astype(np.float32),
        joint_names=model.joint_names,
        joint_rotations_wxyz=_continuous(quaternions_from_matrices(turns)).astype(np.float32),
        head_translation_m=way.astype(np.float32),
        source=name,
    )


def _continuous(quats: F32) -> F32:
    """[T, J, 4] of the two signs, the one nearer to the frame before."""
    turned = (quats[1:] * quats[:-1]).sum(-1) < 0
    sign = np.cumprod(np.where(turned, -1, 1), 0)
    out = quats.copy()
    out[1:] *= sign[..., None]
    return out
