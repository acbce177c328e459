"""Clip and identity -> how the head stands in every frame."""

from headsmith.track.motion import motion_of
from headsmith.track.params import FITTED, ChunkParams, SmoothParams, TrackParams
from headsmith.track.personal import KEEP_NEUTRAL, PersonalParams, personal_head, with_expressions
from headsmith.track.track import track_head

__all__ = [
    "FITTED",
    "KEEP_NEUTRAL",
    "ChunkParams",
    "PersonalParams",
    "SmoothParams",
    "TrackParams",
    "motion_of",
    "personal_head",
    "track_head",
    "with_expressions",
]
