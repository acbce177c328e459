"""Clip-A: cameras from structure from motion, a surface from the pictures, and the head registered to it."""

from __future__ import annotations

from headsmith.surface.params import SurfaceParams
from headsmith.surface.reconstruct import SurfaceResult, reconstruct

__all__ = ["SurfaceParams", "SurfaceResult", "reconstruct"]
