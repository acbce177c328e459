"""What packing does to the picture: a real avatar, rendered before and after."""

from __future__ import annotations

import numpy as np
import pytest

from headsmith.asset.avatar import Avatar, Splats
from headsmith.preview import BACKGROUND, orbit_camera
from headsmith.splats.render import render_splats
from headsmith_exporters import splat_formats

LEAST_PSNR_DB = {"splat": 48.0, "compressed.ply": 48.0, "sog": 45.0, "spz": 42.0, "spz4": 42.0}


def picture(avatar: Avatar, splats: Splats, yaw: float) -> np.ndarray:
    return np.clip(render_splats(splats, orbit_camera(avatar, yaw, 0, 384), (BACKGROUND,) * 3)[0], 0, 1)


@pytest.fixture(scope="module")
def originals(built_avatar: Avatar) -> dict[float, np.ndarray]:
    return {yaw: picture(built_avatar, built_avatar.splats.splats, yaw) for yaw in (0.0, 40.0)}


@pytest.mark.parametrize("name", list(LEAST_PSNR_DB))
def test_the_picture_stays(built_avatar: Avatar, originals: dict[float, np.ndarray], name: str) -> None:
    one = splat_formats()[name]
    assert one.encode_splats is not None
    assert one.decode is not None
    read = one.decode(one.encode_splats(built_avatar.splats.splats, one.options()), name)
    for yaw, before in originals.items():
        psnr_db = -10 * np.log10(((picture(built_avatar, read, yaw) - before) ** 2).mean())
        assert psnr_db > LEAST_PSNR_DB[name], f"{name} at {yaw} degrees: {psnr_db:.1f} dB"
