"""One interface for every head: the default head, FLAME and GNM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.asset.skinning import joint_transforms, skin
from headsmith.types import F32, I32, Bool

JOINT_NAMES = ("root", "neck", "jaw", "left_eye", "right_eye")


@dataclass(frozen=True)
class HeadModel:
    """FLAME's names for FLAME's arrays (https://flame.is.tue.mpg.de, Li et al. 2017); metres, head space."""

    name: str
    licence: str
    v_template: F32
    """[V, 3]"""
    faces: I32
    """[F, 3]"""
    shapedirs: F32
    """[V, 3, S] metres per standard deviation"""
    exprdirs: F32
    """[V, 3, E] metres at weight 1"""
    expression_names: tuple[str, ...]
    """[E]"""
    posedirs: F32 | None
    """[V, 3, 9 (J - 1)] times (rotation matrices - identity) of every joint but the root, row-major"""
    J_regressor: F32
    """[J, V]"""
    weights: F32
    """[V, J]"""
    parents: I32
    """[J] first row of FLAME's kintree_table, -1 for the root"""
    joint_names: tuple[str, ...]
    arkit: F32
    """[52, V, 3] the ARKit blendshapes on the mean head, metres"""
    uvs: F32
    """[U, 2]"""
    uv_faces: I32
    """[F, 3]"""
    part_names: tuple[str, ...]
    """head, eye_left, eye_right, teeth_upper, teeth_lower, tongue, lashes, as far as the model has them"""
    face_part: I32
    """[F]"""
    regions: dict[str, F32]
    """name -> [V] 0..1: face, lips, eyes, scalp, ears, neck, inner_mouth"""
    landmark_triangle: I32
    """[478] the triangle under each MediaPipe landmark"""
    landmark_barycentric: F32
    """[478, 3]"""
    landmark_weight: F32
    """[478] 0..1 how well the landmark is defined on this mesh, 0 where unknown"""
    mirror: I32
    """[V] the vertex at the mirrored place"""

    def rest_vertices(self, identity: F32, offsets_m: F32 | None = None) -> F32:
        """[V, 3] the neutral head of `identity` [S] plus `offsets_m` [V, 3]."""
        v = self.v_template + self.shapedirs[..., : len(identity)] @ identity.astype(np.float32)
        return v if offsets_m is None else v + offsets_m

    def joints(self, rest_vertices_m: F32) -> F32:
        """[J, 3] joint positions of a neutral head [V, 3]."""
        return self.J_regressor @ rest_vertices_m

    def pose(self, rest_vertices_m: F32, expression: F32, joint_rotations: F32) -> F32:
        """[V, 3] the head with `expression` [E] and axis-angle `joint_rotations` [J, 3]."""
        v = rest_vertices_m + self.exprdirs[..., : len(expression)] @ expression.astype(np.float32)
        transforms = joint_transforms(self.joints(rest_vertices_m), self.parents, joint_rotations.astype(np.float32))
        return skin(v + self._pose_offsets(joint_rotations), self.weights, transforms)

    def _pose_offsets(self, joint_rotations: F32) -> F32 | float:
        if self.posedirs is None:
            return 0.0
        from headsmith.asset.skinning import rotation_matrices

        feature = (rotation_matrices(joint_rotations[1:].astype(np.float32)) - np.eye(3, dtype=np.float32)).reshape(-1)
        return self.posedirs @ feature

    def landmarks(self, vertices_m: F32) -> F32:
        """[478, 3] the landmarks on a posed mesh [V, 3]."""
        corners = vertices_m[self.faces[self.landmark_triangle]]
        return (corners * self.landmark_barycentric[..., None]).sum(1)

    def faces_of(self, *parts: str) -> Bool:
        """[F] True for the triangles of the named parts; unknown names are an error."""
        return np.isin(self.face_part, [self.part_names.index(p) for p in parts])
