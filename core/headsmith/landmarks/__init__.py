"""Frames and clips -> face landmarks and expression scores."""

from __future__ import annotations

from headsmith.landmarks.find import detect, detect_in
from headsmith.landmarks.follow import follow

__all__ = ["detect", "detect_in", "follow"]
