"""Builds from clips, end to end, of a made-up person; small pictures and few steps."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import PORTRAIT, run_headsmith
from headsmith.asset import Avatar, Pose, neutral_pose, read_avatar
from headsmith.asset.dynamic_texture import TextureNetwork, pose_parameters
from headsmith.bench.clips import SyntheticClip, recorded, small_clip, synthetic_clip_b
from headsmith.capture import write_clip
from headsmith.errors import InputError
from headsmith.params import QUALITIES, Quality
from headsmith.pipeline import BuildRequest, build

pytestmark = pytest.mark.slow
SMALL = Quality(
    "small", photo_px=224, texture_px=512, view_px=128, view_count=4, splats=6000, splat_steps=60, key_frames=5,
    clip_frames=8, clip_steps=120, refine_steps=20, dynamic_steps=120, shade_mixtures=2,
)  # fmt: skip
FRAMES = 36


class Watcher:
    """Notes the stages, and what the user is told."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.warnings: list[str] = []

    def stage(self, name: str):
        from contextlib import nullcontext

        from headsmith.types import no_progress

        self.stages.append(name)
        return nullcontext(no_progress)

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)


@dataclass(frozen=True)
class Talk:
    clip: SyntheticClip
    file: Path
    avatar: Avatar
    path: Path
    watcher: Watcher


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Talk:
    folder = tmp_path_factory.mktemp("talk")
    params = replace(small_clip(2, seconds=FRAMES / 15.0), fps=15.0)
    clip = recorded(synthetic_clip_b(params), folder / "talk.mp4")
    watcher = Watcher()
    request = BuildRequest((), folder / "ada.avatar", clip_b=folder / "talk.mp4", quality=SMALL, workers=1)
    build(request, watcher)
    return Talk(clip, folder / "talk.mp4", read_avatar(folder / "ada.avatar"), folder / "ada.avatar", watcher)


def test_the_bundle_is_whole(talk: Talk) -> None:
    assert run_headsmith("validate", talk.path).returncode == 0
    assert talk.avatar.provenance.settings["hold_out"] == 0.2
    assert [name for name, _ in talk.avatar.provenance.inputs] == ["talk.mp4"]
    assert [p.name for p in talk.path.parent.iterdir() if p.suffix != ".mp4"] == ["ada.avatar"]


def test_stages_are_announced_in_order(talk: Talk) -> None:
    wanted = ("clip B", "key frames", "fit", "first texture", "track", "frames", "texture", "refined texture",
              "dynamic texture", "splats")  # fmt: skip
    places = [talk.watcher.stages.index(name) for name in wanted]
    assert places == sorted(places)


def test_the_clip_is_a_motion_of_the_avatar(talk: Talk) -> None:
    motion = talk.avatar.motions["talk"]
    assert motion.weights.shape == (FRAMES, 52)
    assert motion.fps == pytest.approx(15.0)
    truth = talk.clip.expression
    jaw = motion.blendshape_names.index("jawOpen")
    assert np.corrcoef(motion.weights[:, jaw], truth[:, jaw])[0, 1] > 0.8


def test_the_dynamic_texture_follows_the_face(talk: Talk) -> None:
    network = TextureNetwork(talk.avatar.dynamic_texture)
    neutral = neutral_pose(talk.avatar)
    weights = neutral.weights.copy()
    weights[talk.avatar.blendshapes.names.index("jawOpen")] = 0.8
    at_rest, opened = (
        network.texture(pose_parameters(talk.avatar, pose))
        for pose in (neutral, Pose(weights, neutral.joint_rotations))
    )
    assert np.abs(at_rest - opened).max() > 0.02


def test_evaluation_knows_what_was_held_out(talk: Talk, tmp_path: Path) -> None:
    done = run_headsmith("evaluate", talk.path, "--against", talk.file, "--frames", 4, "--workers", 1, "--json",
                         "-o", tmp_path / "out")  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["held_out"]
    assert result["from_s"] >= 0.8 * (FRAMES - 1) / 15.0
    assert set(result["forms"]) == {"mesh static", "mesh dynamic", "splats"}
    # a build this small is coarse, but it must be this person in this place
    assert result["forms"]["splats"]["face"]["psnr_db"] > 20
    assert (tmp_path / "out/errors.mp4").stat().st_size > 1000


def test_a_clip_in_which_nothing_moves_says_so(tmp_path: Path) -> None:
    photo = np.asarray(Image.open(PORTRAIT).convert("RGB").resize((360, 360)))
    write_clip(tmp_path / "turn.mp4", [photo] * 12, 10.0)
    watcher = Watcher()
    avatar = build(
        BuildRequest((PORTRAIT,), tmp_path / "ada.avatar", clip_a=tmp_path / "turn.mp4", quality=SMALL), watcher
    )
    assert any("turn.mp4" in sentence for sentence in watcher.warnings)
    assert [name for name, _ in avatar.provenance.inputs] == ["turn.mp4", PORTRAIT.name]
    assert avatar.dynamic_texture is not None
    assert not avatar.motions


def test_a_clip_without_a_face_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (6, 120, 160, 3), np.uint8)
    write_clip(tmp_path / "noise.mp4", list(noise), 10.0)
    with pytest.raises(InputError, match=r"noise\.mp4"):
        build(BuildRequest((), tmp_path / "ada.avatar", clip_b=tmp_path / "noise.mp4", quality=SMALL))
    assert [p.name for p in tmp_path.iterdir()] == ["noise.mp4"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "photo"),
        (("--clip-a", "missing.mp4"), "missing.mp4"),
        ((PORTRAIT, "--hold-out", "0.9"), "--hold-out"),
        ((PORTRAIT, "--pupil-distance", "6.3"), "6.3 mm"),
        (("--clip-b", PORTRAIT), PORTRAIT.name),
    ],
)
def test_bad_requests_cost_one_sentence(arguments: tuple, named: str, tmp_path: Path) -> None:
    done = run_headsmith("build", *arguments, "-o", tmp_path / "ada.avatar")
    assert done.returncode == 2
    assert named in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_every_quality_has_its_numbers() -> None:
    draft, standard, high = (QUALITIES[name] for name in ("draft", "standard", "high"))
    for name in ("key_frames", "clip_frames", "clip_steps", "refine_steps", "dynamic_steps"):
        assert getattr(draft, name) < getattr(standard, name) < getattr(high, name)
