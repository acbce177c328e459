"""The head's turn, split between the neck and the bust: in a clip the shoulders stay while the head moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headsmith.asset.skinning import rotation_matrices
from headsmith.track.states import States, rotation_vectors
from headsmith.types import F32

MOST_RAD = 1.1
"""that a neck turns against the shoulders; what is beyond turns the bust"""


def split_neck(states: States, neck: int, neck_m: F32) -> States:
    """The same head: the clip's mean direction is the bust's, the rest turns joint `neck`, at rest at `neck_m` [3].

    With R, t the head and R', t' the bust: R = R' R_neck, and the joint keeps its place, R neck_m + t = R' neck_m + t'.
    """
    bust = mean_rotation(states.R)
    turn = rotation_vectors(bust.T @ states.R)
    angle = np.linalg.norm(turn, axis=1, keepdims=True)
    turn = turn * np.minimum(1, MOST_RAD / np.maximum(angle, 1e-9))
    R = states.R @ rotation_matrices(turn).swapaxes(1, 2)
    t_m = states.t_m + (states.R - R) @ neck_m
    joint_rotations = states.joint_rotations.copy()
    joint_rotations[:, neck] = turn
    return replace(states, R=R, t_m=t_m, joint_rotations=joint_rotations)


def mean_rotation(R: F32) -> F32:
    """[3, 3] the rotation nearest to all of [N, 3, 3] (chordal mean)."""
    u, _, vt = np.linalg.svd(R.mean(0))
    return u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt
