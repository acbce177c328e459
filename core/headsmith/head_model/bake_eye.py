"""The eyeball: a sphere with concentric rings around the pupil, so that a texture can draw the iris."""

from __future__ import annotations

import numpy as np

from headsmith.types import F32, I32

SEGMENTS = 20
RING_ANGLES = np.radians([3.5, 7.0, 11.0, 15.0, 18.5, 21.0, 25.0, 31.0, 40.0, 52.0, 68.0, 90.0, 130.0])
"""angle from the optical axis of each ring: pupil rim at 7 degrees, limbus at 21 (MakeHuman's eyeball
measures 33 mm at true size, so that this iris is 11.8 mm wide)"""
LIMBUS_RING = 5
EQUATOR_RING = 11
CORNEA_BULGE = 0.02
"""how far the apex of the cornea stands out, in radii"""
VERTICES = SEGMENTS * len(RING_ANGLES) + 2
"""front pole, rings from front to back, back pole"""


def unit_eyeball() -> F32:
    """[VERTICES, 3] an eyeball of radius 1 around the origin that looks along +Z."""
    around = 2 * np.pi * np.arange(SEGMENTS) / SEGMENTS
    rings = [_ring(angle, around) for angle in RING_ANGLES]
    front, back = np.array([[0, 0, 1 + CORNEA_BULGE]]), np.array([[0.0, 0.0, -1.0]])
    return np.concatenate([front, *rings, back])


def _ring(angle: float, around: F32) -> F32:
    limbus = RING_ANGLES[LIMBUS_RING]
    bulge = CORNEA_BULGE * max(0.0, np.cos(0.5 * np.pi * angle / limbus)) if angle < limbus else 0.0
    direction = np.stack([np.sin(angle) * np.sin(around), np.sin(angle) * np.cos(around),
                          np.full_like(around, np.cos(angle))], 1)  # fmt: skip
    return direction * (1 + bulge)


def ring(index: int) -> I32:
    """Vertex rows of one ring."""
    return (1 + index * SEGMENTS + np.arange(SEGMENTS)).astype(np.int32)


def eyeball_faces() -> I32:
    """[F, 3] counter-clockwise from outside."""
    faces = []
    first, last, back = ring(0), ring(len(RING_ANGLES) - 1), VERTICES - 1
    for k in range(SEGMENTS):
        n = (k + 1) % SEGMENTS
        faces.append([0, first[n], first[k]])
        faces.append([back, last[k], last[n]])
        for r in range(len(RING_ANGLES) - 1):
            a, b = ring(r), ring(r + 1)
            faces += [[a[k], a[n], b[n]], [a[k], b[n], b[k]]]
    return np.array(faces, np.int32)


def mirror_rows() -> I32:
    """[VERTICES] the row at the place mirrored in x."""
    out = np.arange(VERTICES, dtype=np.int32)
    for r in range(len(RING_ANGLES)):
        out[ring(r)] = ring(r)[(-np.arange(SEGMENTS)) % SEGMENTS]
    return out


def disc_uv(power: float) -> F32:
    """[VERTICES - 1, 2] all but the back pole on the unit disc around the pupil; radius = (angle / widest) ** power."""
    angle = np.concatenate([[0.0], np.repeat(RING_ANGLES, SEGMENTS)])
    around = np.concatenate([[0.0], np.tile(2 * np.pi * np.arange(SEGMENTS) / SEGMENTS, len(RING_ANGLES))])
    radius = (angle / RING_ANGLES[-1]) ** power
    return np.stack([radius * np.sin(around), radius * np.cos(around)], 1)
