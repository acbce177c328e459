"""How like two sets of splats on one head are, from a few sides."""

from __future__ import annotations

from dataclasses import dataclass

from headsmith.asset.avatar import Avatar, Pose
from headsmith.asset.cameras import orbit_camera
from headsmith.asset.posing import Driver, neutral_pose, pose_from
from headsmith.metrics import psnr, ssim
from headsmith.splats.render import render_splats
from headsmith.types import Camera

SIDES_DEG = {"front": 0, "left": 45, "right": -45, "behind": 180}
"""yaw; left is the subject's"""
_EXPRESSION = {"jawOpen": 0.7, "mouthSmileLeft": 0.6, "mouthSmileRight": 0.6, "eyeBlinkLeft": 1.0}
_BACKGROUND = (0.92, 0.92, 0.92)
_SHOWN = 0.02
"""alpha from which a pixel counts"""


@dataclass(frozen=True)
class Likeness:
    """Of two pictures, where either shows something."""

    psnr_db: float
    ssim: float


def comparison_shots(avatar: Avatar, size_px: int) -> dict[str, tuple[Camera, Pose]]:
    """The views that are compared, by name: four sides in neutral, and an expression from the front."""
    neutral = neutral_pose(avatar)
    shots = {name: (orbit_camera(avatar, yaw, size_px=size_px), neutral) for name, yaw in SIDES_DEG.items()}
    known = {name: weight for name, weight in _EXPRESSION.items() if name in avatar.blendshapes.names}
    return shots | {"expression": (shots["front"][0], pose_from(avatar, known, {}))}


def compare(full: Avatar, level: Avatar, size_px: int = 512) -> dict[str, Likeness]:
    """How like `level` is to `full`, by view, on light grey; the same head with other splats."""
    drivers = Driver(full), Driver(level)
    out = {}
    for name, (camera, pose) in comparison_shots(full, size_px).items():
        (a, alpha), (b, other) = (render_splats(driver.splats(pose), camera, _BACKGROUND) for driver in drivers)
        shown = (alpha > _SHOWN) | (other > _SHOWN)
        out[name] = Likeness(psnr(a, b, shown), ssim(a, b, shown))
    return out
