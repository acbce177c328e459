"""The avatar in memory: frozen dataclasses of numpy arrays, in the conventions of `headsmith.types`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headsmith.types import F32, I32, U8, Bool, Camera


@dataclass(frozen=True)
class HeadMesh:
    """The neutral head in rest pose. Seams live in `uv_faces`, so that `vertices` stay welded."""

    model_name: str
    model_licence: str
    vertices: F32
    """[V, 3] metres"""
    faces: I32
    """[F, 3] counter-clockwise seen from outside"""
    uvs: F32
    """[U, 2] v = 1 at the top"""
    uv_faces: I32
    """[F, 3] rows of `uvs`"""
    part_names: tuple[str, ...]
    face_part: I32
    """[F] row of `part_names`"""
    regions: dict[str, F32]
    """name -> [V] soft membership 0..1 (face, lips, eyes, scalp, ears, neck, inner_mouth)"""


@dataclass(frozen=True)
class Rig:
    joint_names: tuple[str, ...]
    parents: I32
    """[J] row of the parent, -1 for the root"""
    joints_m: F32
    """[J, 3] rest positions"""
    weights: F32
    """[V, J] linear-blend weights, rows sum to 1"""


@dataclass(frozen=True)
class Blendshapes:
    names: tuple[str, ...]
    deltas: F32
    """[K, V, 3] metres, added at weight 1"""


@dataclass(frozen=True)
class Material:
    static_texture: U8
    """[T, T, 3] sRGB albedo, row 0 is v = 1"""
    dynamic_mask: U8
    """[M, M] where a dynamic texture replaces the static one"""
    light_sh: F32
    """[9, 3] the light of the first photo (linear RGB, real SH of the normal in head space), for previews"""


@dataclass(frozen=True)
class DynamicTexture:
    """An ONNX network from the parameter vector to a texture, kept as bytes (see docs/format.md)."""

    onnx: bytes
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Splats:
    """3D Gaussians with activated values under gsplat's names."""

    means: F32
    """[N, 3] metres"""
    quats: F32
    """[N, 4] wxyz, unit"""
    scales: F32
    """[N, 3] standard deviations, metres"""
    opacities: F32
    """[N] 0..1"""
    sh0: F32
    """[N, 1, 3] band 0 of the colour; sRGB = 0.5 + 0.28209479177387814 * sh0"""
    shN: F32
    """[N, K, 3] higher bands, K = 0, 3, 8 or 15"""

    def __len__(self) -> int:
        return len(self.means)


@dataclass(frozen=True)
class Binding:
    """Where each splat sits on the mesh (GaussianAvatars, arXiv 2312.02069; see `headsmith.asset.binding`)."""

    triangle: I32
    """[N]"""
    barycentric: F32
    """[N, 3]"""
    offset: F32
    """[N, 3] in the triangle's frame, divided by its scale"""
    rotation_wxyz: F32
    """[N, 4] relative to the triangle's frame"""
    log_scale: F32
    """[N, 3] log(scale / triangle scale)"""


@dataclass(frozen=True)
class BoundSplats:
    splats: Splats
    """in rest pose, neutral"""
    binding: Binding

    def rows(self, rows: NDArray[np.integer[Any]] | Bool) -> BoundSplats:
        """Some of them, in that order."""
        return BoundSplats(
            Splats(**{name: values[rows] for name, values in vars(self.splats).items()}),
            Binding(**{name: values[rows] for name, values in vars(self.binding).items()}),
        )


@dataclass(frozen=True)
class Motion:
    fps: float
    blendshape_names: tuple[str, ...]
    weights: F32
    """[T, K]"""
    joint_names: tuple[str, ...]
    joint_rotations_wxyz: F32
    """[T, J, 4] relative to the parent"""
    head_translation_m: F32
    """[T, 3]"""
    source: str


@dataclass(frozen=True)
class Provenance:
    inputs: tuple[tuple[str, str], ...]
    """(file name, sha256) of each photo or clip"""
    software: dict[str, str]
    """name -> version"""
    created: str
    """ISO 8601, UTC"""
    settings: dict[str, Any] = field(default_factory=dict)
    consent: str | None = None


@dataclass(frozen=True)
class Report:
    metrics: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    """stage -> wall time"""


@dataclass(frozen=True)
class Pose:
    """One parameter vector: what drives mesh, splats and dynamic texture alike."""

    weights: F32
    """[K] blendshape weights"""
    joint_rotations: F32
    """[J, 3] axis-angle, radians, relative to the parent"""


@dataclass(frozen=True)
class Avatar:
    head: HeadMesh
    rig: Rig
    blendshapes: Blendshapes
    material: Material
    splats: BoundSplats
    provenance: Provenance
    report: Report
    capture_pose: Pose
    """the pose of the first photo, so that it can be rendered again"""
    capture_camera: Camera
    """the first photo's camera"""
    dynamic_texture: DynamicTexture | None = None
    motions: dict[str, Motion] = field(default_factory=dict)
    preview: U8 | None = None
    """[H, W, 3] sRGB"""
