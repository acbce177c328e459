"""The registry: which formats there are, and where files may go."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import headsmith_exporters
from asset.networks import glow_network
from headsmith.asset.avatar import Avatar
from headsmith.errors import InputError
from headsmith_exporters import export, format_named, formats


def test_every_format_is_found() -> None:
    assert list(formats()) == sorted(formats())
    assert {"glb", "obj", "ply"} <= set(formats())
    for name, one in formats().items():
        assert one.name == name
        assert one.folder or re.fullmatch(r"(\.[a-z0-9]+){1,2}", one.suffix)
        assert one.description
        one.options()


def test_a_new_format_is_one_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "text.py").write_text(
        "from headsmith_exporters.registry import Encoded, Format\n"
        "def encode(avatar, stem, options):\n"
        "    return Encoded({f'{stem}.txt': avatar.head.model_name.encode()}, {'lines': 1})\n"
        "FORMATS = (Format('text', '.txt', 'a name', dict, encode),)\n"
    )
    monkeypatch.setattr(headsmith_exporters, "__path__", [*headsmith_exporters.__path__, str(tmp_path)])
    formats.cache_clear()
    try:
        assert {"glb", "obj", "ply", "text"} <= set(formats())
    finally:
        formats.cache_clear()
        sys.modules.pop("headsmith_exporters.text")


@pytest.mark.parametrize("name", list(formats()))
def test_result_lists_what_was_written(avatar: Avatar, tmp_path: Path, name: str) -> None:
    path = tmp_path / f"ada{formats()[name].suffix}"
    result = export(replace(avatar, dynamic_texture=glow_network(("jawOpen",))), path, name)
    written = sorted(file for file in tmp_path.rglob("*") if file.is_file())
    assert sorted(result.files) == written
    assert result.files[-1] == (path / "index.html" if formats()[name].folder else path)
    assert result.bytes == sum(file.stat().st_size for file in written)
    assert all(count >= 0 for count in result.counts.values())


def test_a_suffix_in_capitals_is_kept(avatar: Avatar, tmp_path: Path) -> None:
    assert export(avatar, tmp_path / "ADA.PLY", "ply").files == (tmp_path / "ADA.PLY",)
    assert [file.name for file in tmp_path.iterdir()] == ["ADA.PLY"]


def run_python(code: str) -> str:
    """What a fresh interpreter says on standard error."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True).stderr


def refusal(avatar: Avatar, path: Path, name: str = "ply") -> str:
    with pytest.raises(InputError) as error:
        export(avatar, path, name)
    assert re.fullmatch(r"[^\n]+\.", str(error.value))
    return str(error.value)


def test_refusals(avatar: Avatar, tmp_path: Path) -> None:
    assert ", obj, " in refusal(avatar, tmp_path / "a.fbx", "fbx")
    assert ".ply" in refusal(avatar, tmp_path / "a.glb")
    assert "no such folder" in refusal(avatar, tmp_path / "missing" / "a.ply")
    (tmp_path / "folder.ply").mkdir()
    assert "a folder" in refusal(avatar, tmp_path / "folder.ply")
    (tmp_path / "old.ply").write_bytes(b"old")
    assert "--force" in refusal(avatar, tmp_path / "old.ply")
    assert (tmp_path / "old.ply").read_bytes() == b"old"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["folder.ply", "old.ply"]


def test_force_replaces(avatar: Avatar, tmp_path: Path) -> None:
    (tmp_path / "old.ply").write_bytes(b"old")
    export(avatar, tmp_path / "old.ply", "ply", force=True)
    assert (tmp_path / "old.ply").read_bytes().startswith(b"ply\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on file sizes")
def test_a_disk_that_fills_up_leaves_nothing_behind(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from synthetic import make_avatar; from headsmith_exporters import export\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"
        f"export(make_avatar(), {str(tmp_path / 'ada.obj')!r}, 'obj')"
    )
    complaint = run_python(code)
    assert "InputError" in complaint
    assert "cannot be written (File too large)" in complaint
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_too_long_is_refused(avatar: Avatar, tmp_path: Path) -> None:
    assert "cannot be written" in refusal(avatar, tmp_path / f"{'a' * 300}.ply")
    assert list(tmp_path.iterdir()) == []


def test_unknown_format_before_anything_else() -> None:
    with pytest.raises(InputError, match="unknown format"):
        format_named("GLB")


def test_import_is_light_and_fast() -> None:
    code = (
        "import sys, time; start = time.process_time(); import headsmith_exporters;"
        "assert time.process_time() - start < 0.5;"
        "assert not {'torch', 'trimesh', 'scipy', 'mediapipe'} & set(sys.modules)"
    )
    assert run_python(code) == ""
