"""Where to look at an avatar from, and from where if it were larger."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headsmith.asset.avatar import Avatar
from headsmith.types import Camera


def orbit_camera(avatar: Avatar, yaw_deg: float = 0.0, pitch_deg: float = 0.0, size_px: int = 384) -> Camera:
    """A camera that looks at the head's middle; positive yaw shows the subject's left side (+X)."""
    points = np.concatenate([avatar.head.vertices, avatar.splats.splats.means])
    low, high = np.percentile(points, [0.5, 99.5], axis=0)
    center = (low + high) / 2
    radius = float(max(high[1] - center[1], np.percentile(np.linalg.norm((points - center)[:, ::2], axis=1), 99)))
    distance = max(1.2, 5 * radius)
    yaw, pitch = np.radians([yaw_deg, pitch_deg])
    back = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    right = np.array([np.cos(yaw), 0.0, -np.sin(yaw)])
    R = np.stack([right, -np.cross(back, right), -back])
    T = np.eye(4, dtype=np.float32)
    T[:3, :3], T[:3, 3] = R, -R @ (center + distance * back)
    return Camera(0.45 * size_px * distance / radius, (size_px / 2, size_px / 2), (size_px, size_px), T)


def moved_out(camera: Camera, size: float) -> Camera:
    """Where a camera sees a world that is `size` times as large as it saw it before."""
    T = camera.T_camera_world.copy()
    T[:3, 3] *= size
    return replace(camera, T_camera_world=T)
