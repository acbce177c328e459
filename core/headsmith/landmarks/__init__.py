"""Frames -> face landmarks and expression scores."""

from __future__ import annotations

from headsmith.landmarks.find import detect, detect_in

__all__ = ["detect", "detect_in"]
