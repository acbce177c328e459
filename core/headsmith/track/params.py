"""How tracking weighs its evidence: standard deviations, in units that can be reasoned about."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class SmoothParams:
    """How fast motion may change: standard deviations of second differences between frames 1/30 s apart."""

    rotation_rad: float = 0.006
    translation_m: float = 0.0006
    weight: float = 0.05
    coefficient: float = 0.25
    """of models whose expressions are no ARKit weights"""
    joint_rad: float = 0.03
    sudden: float = 2.0
    """second differences beyond this many standard deviations cost less (Cauchy): blinks and saccades are sudden"""


@dataclass(frozen=True)
class ChunkParams:
    """Clips are solved in chunks, the same ones whatever the number of workers."""

    frames: int = 56
    overlap: int = 6
    """frames that neighbouring chunks both solve on each side of their seam, and over which they are blended"""


@dataclass(frozen=True)
class PhotoParams:
    """The comparison of the textured head with the frames, coarse to fine."""

    eye_distances_px: tuple[float, ...] = (20.0, 40.0, 80.0)
    """size of the face at each level"""
    blur_px: float = 0.9
    """standard deviation, of each level's pixels"""
    points: int = 1600
    std: float = 0.02
    """in sRGB 0..1, at least: more where a clip's skin differs more from the texture; beyond three times as much it
    counts as something else, such as a hand"""
    most_std: float = 0.06
    independent: float = 700.0
    """points that the visible ones count as: neighbours err alike"""
    settle_std_m: float = 4e-3
    """as `TrackParams.settle_std_m`, where pictures tell the poses"""
    landmark_std: float = 0.025
    """of landmarks beside pictures, which know better where the head is"""
    iterations: int = 4
    """at each level"""


FITTED = PhotoParams(landmark_std=0.008, settle_std_m=1e-3, independent=200.0)
"""for a head that was itself fitted to landmarks and painted from pictures: its texture lies where they put it, and
smiles are creased, lit and full of teeth as it is not"""


@dataclass(frozen=True)
class TrackParams:
    """Lengths in the picture are fractions of the inter-ocular distance."""

    focal_px: float | None = None
    """of the whole picture; None: what its file says, unless the pictures contradict it"""
    landmark_std: float = 0.008
    lip_gap_std: float = 0.012
    """of the distance between the lips"""
    depth_std: float = 0.10
    """of MediaPipe's relative depth, which is largely a guess"""
    score_std: float = 0.2
    """of an ARKit weight around MediaPipe's score"""
    lid_score_std: float = 0.08
    """of eyeBlink, eyeWide and eyeSquint: landmarks on lids say less than the scores"""
    lid_landmarks: float = 0.3
    """weight of landmarks on lids against others"""
    coefficient_std: float = 1.0
    """of an expression coefficient of models that have no ARKit basis"""
    eye_std_rad: float = 0.35
    jaw_std_rad: float = 0.12
    settle_std_m: float = 1.5e-3
    """how far a landmark of this person may sit from where the model has it"""
    robust_scale: float = 3.0
    """residuals beyond this many standard deviations count less (Geman-McClure)"""
    iterations: int = 8
    workers: int = 1
    """processes; the result does not depend on it"""
    smooth: SmoothParams = field(default_factory=SmoothParams)
    photo: PhotoParams = field(default_factory=PhotoParams)
    chunk: ChunkParams = field(default_factory=ChunkParams)
