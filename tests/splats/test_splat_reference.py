"""The numpy renderer that Blender's pictures are tested against is the core's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from headsmith.asset import neutral_pose, posed_splats, read_avatar
from headsmith.asset.cameras import orbit_camera
from headsmith.splats.render import render_splats
from splat_reference import psnr, splat_picture


def test_numpy_and_the_core_draw_the_same_picture(sample_avatar: Path) -> None:
    avatar = read_avatar(sample_avatar)
    splats = posed_splats(avatar, neutral_pose(avatar))
    shine = np.random.default_rng(0).normal(0, 0.1, (len(splats), 8, 3)).astype(np.float32)
    splats = replace(splats, shN=shine)
    camera = orbit_camera(avatar, yaw_deg=25, pitch_deg=10, size_px=96)
    image, alpha = render_splats(splats, camera)
    found = splat_picture(splats, camera)
    assert psnr(found[..., :3].clip(0, 1), image) > 55
    assert psnr(found[..., 3], alpha) > 55
