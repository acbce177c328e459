"""The mesh in a pose."""

from __future__ import annotations

import numpy as np

from headsmith.asset.avatar import Avatar, Pose
from headsmith.asset.skinning import joint_transforms, skin
from headsmith.types import F32


def posed_vertices(avatar: Avatar, pose: Pose | None) -> F32:
    """[V, 3] the head's vertices in metres, as they stand in `pose`; at rest where it is None."""
    vertices, rig = avatar.head.vertices, avatar.rig
    if pose is None:
        return vertices
    shaped = vertices + np.tensordot(pose.weights, avatar.blendshapes.deltas, 1).astype(np.float32)
    return skin(shaped, rig.weights, joint_transforms(rig.joints_m, rig.parents, pose.joint_rotations))
