"""`headsmith evaluate` as users type it."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.evaluation.staging import SIZE_PX, background, speaking_avatar, splats_clip

from headsmith.asset import Provenance, write_avatar
from headsmith.capture import open_clip, write_clip
from headsmith.cli import main
from headsmith.evaluate_command import FILES
from headsmith.types import U8


@pytest.fixture(scope="module")
def bundle(sample_avatar: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An avatar that says that it held out the last fifth of `talk.mp4`, which lies beside it."""
    folder = tmp_path_factory.mktemp("evaluate")
    avatar = speaking_avatar(sample_avatar)
    staged = splats_clip(avatar, folder / "talk.mp4")
    digest = hashlib.sha256(staged.path.read_bytes()).hexdigest()
    focal_px = staged.moments[0].camera.focal_px
    settings = {"hold_out": 0.2, "hold_out_sha256": digest, "hold_out_focal_px": focal_px}
    provenance = Provenance((("talk.mp4", digest),), {}, "2026-01-01T00:00:00+00:00", settings)
    write_avatar(replace(avatar, provenance=provenance), folder / "ada.avatar")
    return folder / "ada.avatar"


def test_held_out_frames_are_compared(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    command = ["evaluate", str(bundle), "--against", str(bundle.with_name("talk.mp4")), "-o", str(out), "--frames", "2",
               "--workers", "1", "--progress", "json", "--json"]  # fmt: skip
    assert main(command) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert found == json.loads((out / "scores.json").read_text())
    assert (found["clip"], found["held_out"], found["frames"], found["skipped"]) == ("talk.mp4", True, 2, 0)
    assert found["from_s"] == pytest.approx(1.6, abs=0.01)
    # the head's way was found by the tracker, so that even the form that made the clip is not quite in its place
    assert 19 < found["forms"]["splats"]["face"]["psnr_db"] < 35
    assert found["forms"]["splats"]["head"]["psnr_db"] > found["forms"]["mesh static"]["head"]["psnr_db"] + 3
    stages = [json.loads(line)["stage"] for line in said.err.splitlines() if line.startswith('{"stage"')]
    assert list(dict.fromkeys(stages)) == ["follow", "track", "light", "compare"]
    _check_files(out)
    assert main(command) == 2
    assert "--force" in capsys.readouterr().err


def _check_files(out: Path) -> None:
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    video = open_clip(out / "errors.mp4")
    assert len(video.info.timestamps_s) == 2
    frames = [frame.image for frame in video.read([0, 1])]
    sheet = np.asarray(Image.open(out / "errors.png"))
    assert sheet.shape == (2 * frames[0].shape[0], frames[0].shape[1], 3)
    assert np.abs(sheet.astype(int) - np.concatenate(frames)).mean() < 3
    rows = list(csv.DictReader((out / "scores.csv").open()))
    assert len(rows) == 2 * 3 * 4
    assert {row["frame"] for row in rows} == {"16", "19"}


def test_a_clip_without_a_face_is_an_error(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    room: U8 = (background() * 255).astype(np.uint8)
    write_clip(tmp_path / "room.mp4", [np.roll(room, 5 * i, 1) for i in range(5)], 10.0)
    assert main(["evaluate", str(bundle), "--against", str(tmp_path / "room.mp4"), "-o", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith("headsmith: room.mp4: found no face")
    assert [path.name for path in tmp_path.iterdir()] == ["room.mp4"]
    assert room.shape == (SIZE_PX, SIZE_PX, 3)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--last", "0"], "--last: found 0.0"),
        (["--last", "1.5"], "--last: found 1.5"),
        (["--last", "nan"], "--last: found nan"),
        (["--frames", "0"], "--frames: found 0"),
        (["--size", "63"], "--size: found 63"),
        (["--workers", "0"], "--workers: found 0"),
        (["-o", "no/such/folder"], "found no place for a folder"),
        (["--head", "no_such_model.pkl"], "no_such_model.pkl: found no head model"),
        ([], "none.mp4"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(
    bundle: Path, capsys: pytest.CaptureFixture[str], more: list[str], sentence: str
) -> None:
    assert main(["evaluate", str(bundle), "--against", "none.mp4", *more]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
