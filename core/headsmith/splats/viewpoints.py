"""From where, and with which expression, an avatar's splats are looked at, to judge them and to refit them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headsmith.asset.avatar import Avatar, Pose
from headsmith.asset.cameras import orbit_camera
from headsmith.asset.posing import neutral_pose, pose_from
from headsmith.types import Camera

_ORBIT = (
    (0, 0, 6), (20, 0, 2), (-20, 0, 2), (0, 20, 2), (0, -20, 2), (45, 0, 2), (-45, 0, 2), (30, 25, 1), (-30, 25, 1),
    (75, -15, 1), (-75, -15, 1), (90, 10, 1), (-90, 10, 1), (135, 0, 1), (-135, 0, 1), (180, 0, 1), (180, 35, 1),
    (0, 55, 1),
)  # fmt: skip
"""yaw and pitch in degrees, and how much the view counts: the front most, all around something"""
_EXPRESSIONS: tuple[Mapping[str, float], ...] = (
    {"jawOpen": 1.0},
    {"jawOpen": 0.4},
    {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0, "jawOpen": 0.6},
    {"mouthUpperUpLeft": 1.0, "mouthUpperUpRight": 1.0, "mouthLowerDownLeft": 1.0, "mouthLowerDownRight": 1.0},
    {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    {"mouthPucker": 1.0, "browInnerUp": 1.0},
    {"eyeLookUpLeft": 1.0, "eyeLookUpRight": 1.0, "jawOpen": 0.7},
    {"eyeLookDownLeft": 0.7, "eyeLookDownRight": 0.7, "mouthFunnel": 1.0},
    {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0},
    {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0},
)
"""together they show what lids and lips hide"""
_OF_EXPRESSION, _OF_PHOTO = 2, 8
"""how much these views count"""


@dataclass(frozen=True)
class Viewpoint:
    camera: Camera
    pose: Pose
    counts: int
    """its weight beside the others"""
    expressive: bool = False
    """shows what a calm face hides"""


def viewpoints(avatar: Avatar, size_px: int) -> tuple[Viewpoint, ...]:
    """All around in neutral, from the front in expressions, and as in the photo; `size_px` is the longer side.

    Expressions with names that the avatar does not have are left out.
    """
    neutral, front = neutral_pose(avatar), orbit_camera(avatar, size_px=size_px)
    around = [Viewpoint(orbit_camera(avatar, yaw, pitch, size_px), neutral, counts) for yaw, pitch, counts in _ORBIT]
    known = set(avatar.blendshapes.names)
    expressive = [
        Viewpoint(front, pose_from(avatar, expression, {}), _OF_EXPRESSION, expressive=True)
        for expression in _EXPRESSIONS
        if known.issuperset(expression)
    ]
    photo = Viewpoint(_resized(avatar.capture_camera, size_px), avatar.capture_pose, _OF_PHOTO)
    return (*around, *expressive, photo)


def _resized(camera: Camera, size_px: int) -> Camera:
    """The same view, its longer side of `size_px`."""
    factor = size_px / max(camera.size_px)
    cx, cy = camera.principal_px
    width, height = (max(1, round(n * factor)) for n in camera.size_px)
    return Camera(camera.focal_px * factor, (cx * factor, cy * factor), (width, height), camera.T_camera_world)
