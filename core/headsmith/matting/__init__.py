"""Frames and landmarks -> soft masks of person, head, hair and skin."""

from __future__ import annotations

from headsmith.matting.matte import matte
from headsmith.matting.params import MatteParams

__all__ = ["MatteParams", "matte"]
