"""`headsmith export --splats`: what it accepts, what it refuses, and what it says."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from headsmith.asset import decode_ply, write_avatar
from headsmith.cli import main
from headsmith.errors import InputError
from headsmith.level_command import LEAST, parsed_level
from synthetic import make_avatar


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_avatar(make_avatar(splats=900), tmp_path / "ada.avatar")
    return tmp_path / "ada.avatar"


@pytest.mark.parametrize(
    ("text", "count"), [("full", None), ("FULL", None), ("20k", 20_000), ("10K", 10_000), ("50000", 50_000)]
)
def test_levels_are_numbers_or_full(text: str, count: int | None) -> None:
    assert parsed_level(text) == count


@given(st.text(max_size=12))
def test_any_text_is_a_level_or_refused(text: str) -> None:
    with contextlib.suppress(InputError):
        count = parsed_level(text)
        assert count is None or count >= LEAST


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["export", *map(str, arguments)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize("text", ["99", "0", "-20k", "many", "1e4", "20kk", ""])
def test_what_is_no_level(bundle: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert "20k" in refused(capsys, bundle, "--format", "ply", f"--splats={text}")


@pytest.mark.parametrize("name", ["glb", "obj"])
def test_formats_without_splats(bundle: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert "holds no splats" in refused(capsys, bundle, "--format", name, "--splats", "500")
    assert main(["export", str(bundle), "--format", name, "--splats", "full"]) == 0


def test_a_sheet_of_nothing(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--splats" in refused(capsys, bundle, "--format", "ply", "--sheet", "s.png")


def test_places_are_checked_before_the_work(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("ada.ply").write_text("mine")
    assert "ada.ply" in refused(capsys, bundle, "--format", "ply", "--splats", "500")
    assert ".ply" in refused(capsys, bundle, "--format", "ply", "--splats", "500", "-o", "ada.splat")
    assert ".png" in refused(capsys, bundle, "--format", "ply", "--splats", "500", "-o", "b.ply", "--sheet", "b.jpg")
    assert sorted(p.name for p in Path().iterdir()) == ["ada.avatar", "ada.ply"]


def test_more_than_there_are_keeps_all_and_says_so(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(bundle), "--format", "ply", "--splats", "50k", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["counts"]["splats"] == 900
    assert "900" in result["note"]


def test_a_level_with_its_report_and_sheet(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(bundle), "--format", "ply", "--splats", "300", "--sheet", "s.png", "--json"]) == 0
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    assert "300 of 900" in printed.err
    assert result["files"] == ["s.png", "ada.ply"]
    assert result["level"]["splats"] == result["counts"]["splats"] == 300
    assert set(result["level"]["views"]) == {"front", "left", "right", "behind", "expression"}
    assert result["level"]["views"]["front"]["psnr_db"] > 15
    assert len(decode_ply(Path("ada.ply").read_bytes(), "ada.ply")) == 300
    assert Image.open("s.png").size == (5 * 384, 3 * 384)
