"""The extension as a user gets it: built and validated by Blender's own tool, installed in a Blender without us."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("headsmith", "__editable__", "PIL", "pillow")


@pytest.fixture(scope="module")
def extensions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of both zips, which Blender's own tool has built and found valid."""
    output = tmp_path_factory.mktemp("extension")
    sources = sorted(path.parent for path in ROOT.glob("blender_addon*/blender_manifest.toml"))
    command = [sys.executable, ROOT / "tools/build_extension.py", "--output", output, *sources]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture(scope="module")
def extension(extensions: Path) -> Path:
    return extensions / "headsmith-0.1.0.zip"


@pytest.fixture(scope="module")
def blender_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of this environment without the project and Pillow, which Blender does not carry."""
    folder = tmp_path_factory.mktemp("site")
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(OURS):
            (folder / entry.name).symlink_to(entry)
    return folder


@pytest.fixture(scope="module")
def seen(
    extension: Path, blender_site: Path, sample_avatar: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What extension_life.py saw, in a process and a user folder of its own."""
    folder = tmp_path_factory.mktemp("user")
    script = Path(__file__).with_name("extension_life.py")
    done = subprocess.run(
        [sys.executable, "-I", "-S", script, blender_site, extension, sample_avatar, folder],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "BLENDER_USER_RESOURCES": str(folder)},
    )  # fmt: skip
    assert (folder / "seen.json").exists(), done.stdout + done.stderr
    return json.loads((folder / "seen.json").read_text())


def test_it_holds_the_sources_and_the_wheel(extension: Path) -> None:
    names = set(zipfile.ZipFile(extension).namelist())
    assert {"__init__.py", "blender_manifest.toml", "builders/mesh.py"} <= names
    assert [name for name in names if name.endswith(".whl")] == ["wheels/headsmith-0.1.0-py3-none-any.whl"]
    assert not [name for name in names if "egg-info" in name or "__pycache__" in name or name == "pyproject.toml"]


def test_reconstruction_is_an_extension_of_its_own(extensions: Path) -> None:
    assert sorted(path.name for path in extensions.iterdir()) == [
        "headsmith-0.1.0.zip", "headsmith_reconstruct-0.1.0.zip",
    ]  # fmt: skip
    names = zipfile.ZipFile(extensions / "headsmith_reconstruct-0.1.0.zip").namelist()
    assert {"__init__.py", "blender_manifest.toml"} <= set(names)
    assert not [name for name in names if name.endswith(".whl")]


def test_it_is_installed_and_used_in_a_blender_without_us(seen: dict[str, Any]) -> None:
    assert seen["before"] == []
    assert seen["installed"]
    assert seen["shape_keys"] == [53]
    assert "HEADSMITH_OT_import_avatar" in seen["registered"]


def test_its_wheel_writes_splats_there(seen: dict[str, Any]) -> None:
    assert seen["wheel"] is True
    assert seen["splats"] == [25000, 25000]
    assert "no package 'Pillow'" in seen["sog"]


def test_disabled_it_leaves_nothing_behind(seen: dict[str, Any]) -> None:
    assert seen["disabled"]
    assert seen["left_registered"] == []
    assert seen["enabled_again"]


def test_uninstalled_it_is_gone(seen: dict[str, Any]) -> None:
    assert seen["uninstalled"]
    assert seen["left_after"] == []
    assert seen["files_left"] == []
