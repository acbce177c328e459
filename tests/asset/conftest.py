"""Bundles to damage."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from headsmith.asset import write_avatar
from synthetic import make_avatar


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "ada.avatar"
    avatar = make_avatar(vertices=150, splats=40, texture_px=8)
    write_avatar(avatar, path, extra_files={"report.html": b"<p>fine"})
    return path


@pytest.fixture
def bundle(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "ada.avatar"))
