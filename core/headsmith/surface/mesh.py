"""The triangle mesh that the steps of the surface stage exchange."""

from __future__ import annotations

from dataclasses import dataclass

from headsmith.types import F32, I32, U8, Camera


@dataclass(frozen=True)
class TriangleMesh:
    """A surface in head space; triangles are counter-clockwise seen from outside."""

    vertices_m: F32
    """[M, 3]"""
    faces: I32
    """[K, 3]"""


@dataclass(frozen=True)
class SurfaceView:
    """One key frame, as far as it shows the surface."""

    image: U8 | F32
    """[H, W, 3] sRGB, uint8 or float 0..1"""
    mask: F32
    """[H, W] 0..1 of the head"""
    camera: Camera
    weight: F32
    """[H, W] 0..1 how far each pixel is to be trusted: 0 where hair, a hand or clothes hide the head"""
