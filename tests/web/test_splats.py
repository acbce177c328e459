"""The splats of the page follow the head's triangles as ours do: numbers on the processor, pictures on the GPU."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from headsmith.asset.avatar import Avatar, Pose
from headsmith.asset.posing import pose_from, posed_vertices
from headsmith_exporters.mesh_parts import split_mesh
from web.pictures import camera_of, drawn, expected, psnr_db
from web_browser import Browser

POSES = {
    "rest": ({}, {}),
    "grimace": (
        {"jawOpen": 0.7, "eyeBlinkLeft": 1.0, "mouthSmileRight": 0.6, "browInnerUp": 1.0},
        {"neck": (0.1, 0.3, 0.0), "jaw": (0.1, 0.0, 0.0), "left_eye": (0.0, 0.3, 0.0)},
    ),
}


@pytest.fixture(params=list(POSES))
def pose(request: pytest.FixtureRequest, page: Browser, shown: Avatar) -> Pose:
    """The pose that the page has taken."""
    weights, joints = POSES[request.param]
    turns = {name: list(turn) for name, turn in joints.items()}
    page.run(f"avatar.setWeights({weights}); avatar.setJoints({turns}); await avatar.settled();")
    return pose_from(shown, weights, joints)


def test_vertices_are_ours(page: Browser, shown: Avatar, pose: Pose) -> None:
    text = page.run(
        "const bytes = new Uint8Array(avatar.viewer.head.vertices.buffer); let text = '';"
        "for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));"
        "return btoa(text);"
    )
    seen = np.frombuffer(base64.b64decode(text), np.float32).reshape(-1, 3)
    rows = np.concatenate([part.source_vertex for part in split_mesh(shown.head)])
    assert np.abs(seen - posed_vertices(shown, pose)[rows]).max() < 1e-4


def test_the_picture_is_that_of_our_rasteriser(page: Browser, shown: Avatar, pose: Pose) -> None:
    got, want = drawn(page) / 255, expected(shown, camera_of(page), pose)
    assert want[..., 3].max() > 0.99
    assert psnr_db(got, want) > 42


def test_the_jaw_opens_when_told(page: Browser) -> None:
    closed = drawn(page)[..., :3].astype(float)
    page.run("avatar.setWeights({ jawOpen: 0.8 })")
    opened = drawn(page)[..., :3].astype(float)
    moved = np.argwhere(np.abs(opened - closed).max(-1) > 60)
    # mouth and chin, and nothing of the upper face
    assert len(moved) > 200
    face = np.argwhere(closed.max(-1) > 0)
    top, bottom = face.min(0)[0], face.max(0)[0]
    assert moved[:, 0].min() > top + 0.5 * (bottom - top)
    page.run("avatar.resetWeights()")
    assert np.abs(drawn(page)[..., :3] - closed).max() <= 1
