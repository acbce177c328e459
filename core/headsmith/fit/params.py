"""How the fit weighs its evidence: standard deviations, in units that can be reasoned about."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass(frozen=True)
class KernelScale:
    """One scale of the offsets' Gaussian process."""

    amplitude_m: float
    """standard deviation of the offset"""
    length_m: float
    """distance over which it stays alike"""
    face_only: bool = False
    """fades to zero away from the face, where no landmark asks for detail"""


@dataclass(frozen=True)
class OffsetParams:
    """What per-vertex offsets may look like before any photo is seen."""

    scales: tuple[KernelScale, ...] = (
        KernelScale(amplitude_m=3.0e-3, length_m=0.07),
        KernelScale(amplitude_m=1.5e-3, length_m=0.03),
        KernelScale(amplitude_m=0.7e-3, length_m=0.014, face_only=True),
    )
    symmetry: float = 0.8
    """correlation of an offset with its mirror image, 0..1"""
    samples: int = 480
    """vertices on which the process is sampled"""
    modes: int = 110
    """directions kept per axis"""


@dataclass(frozen=True)
class FitParams:
    """Standard deviations of the residuals; lengths on the photo as fractions of the inter-ocular distance."""

    landmark_std: float = 0.02
    """how far a landmark may be off while the identity is estimated"""
    fine_landmark_std: float = 0.005
    """the same while offsets are estimated"""
    disagreement_std: float = 0.03
    """how far the landmarks of one point in the frames of a clip contradict each other, in each of them alike"""
    depth_std: float = 0.10
    """of MediaPipe's relative depth, which is largely a guess"""
    silhouette_std: float = 0.012
    focal_log_std: float = 0.15
    """of the logarithm of the focal length around the frame's own"""
    score_std: float = 0.2
    """of an ARKit weight around MediaPipe's score"""
    coefficient_std: float = 1.0
    """of an expression coefficient of models that have no ARKit basis"""
    eye_std_rad: float = 0.25
    jaw_std_rad: float = 0.12
    lip_gap_std_m: float = 0.15e-3
    """how far the lips of the neutral head may part from where the model closes them"""
    eye_distance_std_m: float = 2.0e-3
    """how far apart the eyes may stand from where the mean head has them: no picture tells a head's size"""
    robust_scale: float = 3.0
    """residuals beyond this many standard deviations count less (Geman-McClure)"""
    rounds: int = 3
    """matches of the silhouette, each followed by a solve"""
    iterations: int = 12
    """Levenberg-Marquardt steps per solve, at most"""
    silhouette_px: int = 384
    """longer side of the picture in which silhouettes are compared"""
    one_camera: bool = False
    """photos of one file, the frames of a clip, have one focal length in common"""
    still: bool = False
    """photos of one file show one expression, save for the eyes"""
    offsets: OffsetParams = field(default_factory=OffsetParams)

    @property
    def of_clip(self) -> bool:
        """Whether the photos are frames of a clip, which see one head from many sides."""
        return self.one_camera or self.still

    @property
    def stages_std(self) -> tuple[float, float]:
        """Of landmarks while the identity, and while offsets are estimated."""
        more = self.disagreement_std if self.of_clip else 0.0
        return math.hypot(self.landmark_std, more), math.hypot(self.fine_landmark_std, more)
