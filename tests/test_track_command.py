"""`headsmith track` from a video file to a motion of an avatar."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import run_headsmith

from headsmith.bench.clips import SyntheticClip, small_clip, synthetic_clip_b
from headsmith.capture import write_clip
from headsmith.motion import read_motion
from headsmith.types import ClipInfo, HeadTrack

SECONDS, FPS = 1.6, 15.0


@pytest.fixture(scope="session")
def talk() -> SyntheticClip:
    return synthetic_clip_b(small_clip(4, SECONDS))


@pytest.fixture(scope="session")
def talk_file(talk: SyntheticClip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "talk.mp4"
    pictures = [frame.image for frame in talk.reader.read(range(len(talk.moments)))]
    # two frames in which nobody is seen
    pictures[10:12] = [np.full_like(pictures[0], 90)] * 2
    write_clip(path, pictures, FPS)
    return path


@pytest.mark.slow
def test_clip_becomes_a_motion_beside_a_preview(talk: SyntheticClip, talk_file: Path, sample_avatar: Path,
                                                tmp_path: Path) -> None:  # fmt: skip
    motion_path, preview = tmp_path / "ada.npz", tmp_path / "ada.mp4"
    done = run_headsmith("track", talk_file, "--avatar", sample_avatar, "-o", motion_path, "--preview", preview,
                         "--json", "--progress", "json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    result, motion = json.loads(done.stdout), read_motion(motion_path)
    assert result["frames"] == len(motion.weights) == len(talk.moments)
    assert result["tracked"] == len(talk.moments) - 2
    assert any("no face in 2 of 24 frames (10-11)" in sentence for sentence in result["warnings"])
    assert motion.fps == pytest.approx(FPS, rel=1e-3)
    assert preview.stat().st_size > 10_000
    assert '"stage": "track"' in done.stderr
    jaw = motion.weights[:, motion.blendshape_names.index("jawOpen")]
    true = talk.expression[:, talk.model.expression_names.index("jawOpen")]
    assert np.corrcoef(jaw, true)[0, 1] > 0.6


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("talk.txt", "-o", "m.npz"), "talk.txt"),
        (("talk.mp4", "-o", "m.csv"), "m.csv: found the suffix '.csv', expected .npz or .json"),
        (("talk.mp4", "--every", "0"), "--every: found 0, expected a number from 1 to 1000"),
        (("talk.mp4", "--preview", "seen.gif"), "seen.gif: found the suffix '.gif'"),
        (("talk.mp4", "-o", "nowhere/m.npz"), "no such folder"),
    ],
)
def test_mistakes_are_said_in_one_sentence(arguments: tuple[str, ...], sentence: str, sample_avatar: Path,
                                           tmp_path: Path) -> None:  # fmt: skip
    (tmp_path / "talk.txt").write_text("no clip")
    done = run_headsmith("track", *arguments, "--avatar", sample_avatar, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_existing_motion_is_kept(talk_file: Path, sample_avatar: Path, tmp_path: Path) -> None:
    (tmp_path / "m.npz").write_bytes(b"mine")
    done = run_headsmith("track", talk_file, "--avatar", sample_avatar, "-o", tmp_path / "m.npz")
    assert done.returncode == 2
    assert "give --force" in done.stderr
    assert (tmp_path / "m.npz").read_bytes() == b"mine"


def test_gaps_are_named_by_their_frames() -> None:
    from headsmith.track_command import gaps

    index = np.arange(0, 40, 2, dtype=np.int32)
    seen = ~np.isin(index, [4, 6, 20])
    nothing = np.zeros(0, np.float32)
    info = ClipInfo("talk.mp4", "", (1, 1), 25.0, nothing, 1.0)
    track = HeadTrack(info, index, seen, None, nothing, nothing, nothing, nothing)  # type: ignore[arg-type]
    assert gaps(track) == ("talk.mp4: no face in 3 of 20 frames (4-6, 20); they were bridged.",)
