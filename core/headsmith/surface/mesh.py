"""The triangle mesh that the steps of the surface stage exchange."""

from __future__ import annotations

from dataclasses import dataclass

from headsmith.types import F32, I32


@dataclass(frozen=True)
class TriangleMesh:
    """A surface in head space; triangles are counter-clockwise seen from outside."""

    vertices_m: F32
    """[M, 3]"""
    faces: I32
    """[K, 3]"""
