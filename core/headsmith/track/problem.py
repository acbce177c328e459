"""All that the cost of a frame depends on besides its state and its evidence."""

from __future__ import annotations

from dataclasses import dataclass

from headsmith.track.columns import Columns
from headsmith.track.params import TrackParams
from headsmith.track.points import HeadPoints
from headsmith.types import F32


@dataclass(frozen=True)
class Problem:
    """May be pickled, so that several processes solve parts of a clip."""

    landmarks: HeadPoints
    """the 478"""
    known: F32
    """[478] 0..1 how far each is to be trusted"""
    columns: Columns
    params: TrackParams
    focal_px: float
    prior_std: F32
    """[P]"""
    change_std: F32
    """[P]"""
