"""What the tests of comparisons share: an avatar, and clips that it appears in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.evaluation.staging import Staged, mesh_clip, speaking_avatar, splats_clip

from headsmith.asset import Avatar
from headsmith.evaluation.clip import ClipParams, Comparison, compare_followed
from headsmith.evaluation.sheet import Gallery
from headsmith.head_model.default import load_default_head
from headsmith.pipeline.clips import Followed, Watched

COVERED, UNSEEN = 4, 7
"""frames of the clip of splats that cannot be compared"""


@pytest.fixture(scope="session")
def avatar(sample_avatar: Path) -> Avatar:
    return speaking_avatar(sample_avatar)


@pytest.fixture(scope="session")
def splats_staged(avatar: Avatar, tmp_path_factory: pytest.TempPathFactory) -> Staged:
    return splats_clip(avatar, tmp_path_factory.mktemp("clips") / "talk.mp4")


@pytest.fixture(scope="session")
def splats_followed(splats_staged: Staged) -> Followed:
    return splats_staged.followed()


@pytest.fixture(scope="session")
def mesh_staged(avatar: Avatar, tmp_path_factory: pytest.TempPathFactory) -> Staged:
    return mesh_clip(avatar, tmp_path_factory.mktemp("clips") / "mesh.mp4")


@pytest.fixture(scope="session")
def splats_comparison(avatar: Avatar, splats_followed: Followed) -> Comparison:
    """Two frames hide the face."""
    seen = splats_followed.watched.seen
    occluded, found = seen.occluded.copy(), seen.found.copy()
    occluded[COVERED], found[UNSEEN] = 0.5, False
    hidden = Watched(splats_followed.watched.clip, replace(seen, occluded=occluded, found=found))
    followed = Followed(hidden, splats_followed.track)
    return compare_followed(avatar, load_default_head(), followed, ClipParams(frames=3, light_frames=2))


@pytest.fixture(scope="session")
def splats_gallery(splats_comparison: Comparison) -> Gallery:
    gallery = Gallery(splats_comparison, side_px=96, kept=2)
    assert len(list(gallery.panels())) == 3
    return gallery
