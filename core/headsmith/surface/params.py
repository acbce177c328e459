"""How the surface stage works, part by part."""

from __future__ import annotations

from dataclasses import dataclass, field

from headsmith.surface.deferred_shading import DeferredParams
from headsmith.surface.register import RegisterParams


@dataclass(frozen=True)
class SfmParams:
    """Of structure from motion."""

    max_keypoints: int = 4000
    """per frame"""
    peak_threshold: float = 0.003
    """contrast of a keypoint; skin has little"""
    first_angle_deg: float = 6.0
    """between the first two frames that are placed, at least"""
    first_matches: int = 40
    next_matches: int = 15
    """for every further frame"""
    min_frames: int = 5
    min_share: float = 0.5
    """of the frames that must be placed"""
    seed: int = 1


@dataclass(frozen=True)
class PlacingParams:
    """How the cameras found by structure from motion are brought to the head."""

    min_facing: float = 0.35
    """cosine between a landmark's normal and the view from which it is believed"""
    robust_m: float = 0.004
    """landmarks that lie farther from the fitted head's count less"""
    max_turn_deg: float = 30.0
    """by which a frame's head pose may contradict its landmarks"""
    max_median_turn_deg: float = 12.0


@dataclass(frozen=True)
class HullParams:
    """Of the visual hull."""

    voxel_m: float = 0.004
    outvoted: float = 0.12
    """share of the mattes that may be wrong about a place"""
    face_reach_m: float = 0.0
    """how far the hull may stand off the fitted face, which is nearer to the truth than what mattes leave of it"""
    neck_reach_m: float = 0.025
    hair_reach_m: float = 0.09


@dataclass(frozen=True)
class SurfaceParams:
    sfm: SfmParams = field(default_factory=SfmParams)
    placing: PlacingParams = field(default_factory=PlacingParams)
    hull: HullParams = field(default_factory=HullParams)
    deferred: DeferredParams = field(default_factory=DeferredParams)
    register: RegisterParams = field(default_factory=RegisterParams)
