"""Clip and identity -> how the head stands in every frame."""

from headsmith.track.motion import motion_of
from headsmith.track.params import ChunkParams, SmoothParams, TrackParams
from headsmith.track.track import track_head

__all__ = ["ChunkParams", "SmoothParams", "TrackParams", "motion_of", "track_head"]
