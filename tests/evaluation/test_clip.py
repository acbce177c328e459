"""An avatar against clips of itself, whose poses are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.evaluation.conftest import COVERED, UNSEEN
from tests.evaluation.staging import COUNT, FPS, Staged

from headsmith.asset import Avatar, Provenance
from headsmith.errors import InputError
from headsmith.evaluation.clip import ClipParams, Comparison, compare_followed, compared_part, known_focal_px, last_rows
from headsmith.evaluation.forms import DYNAMIC, SPLATS, STATIC
from headsmith.evaluation.frames import compared_frames
from headsmith.evaluation.sheet import Gallery
from headsmith.evaluation.subject import known_head
from headsmith.head_model.default import load_default_head
from headsmith.pipeline.assemble import held_out
from headsmith.pipeline.clips import Followed, Watched
from headsmith.types import ClipInfo, Frame


def test_splats_show_a_clip_of_themselves(splats_gallery: Gallery) -> None:
    table = splats_gallery.evaluation().table()
    for region, psnr_db in (("head", 37), ("face", 37), ("mouth", 36), ("eyes", 34)):
        assert table[SPLATS][region]["psnr_db"] > psnr_db
        assert table[SPLATS][region]["ssim"] > 0.96
        assert table[SPLATS][region]["perceptual"] < 0.08 or np.isnan(table[SPLATS][region]["perceptual"])
        assert table[STATIC][region]["psnr_db"] < table[SPLATS][region]["psnr_db"] - 5
    # the mesh has no hair; its holes must not show the frame's
    assert table[STATIC]["head"]["psnr_db"] < 20
    assert table[STATIC]["face"]["psnr_db"] > 24


def test_covered_and_unseen_frames_are_skipped(splats_comparison: Comparison, splats_gallery: Gallery) -> None:
    assert splats_comparison.skipped == 2
    assert not {COVERED, UNSEEN} & set(splats_comparison.rows)
    evaluation = splats_gallery.evaluation()
    assert evaluation.skipped == 2
    assert [frame.number for frame in evaluation.frames] == list(splats_comparison.rows)
    assert [frame.timestamp_s for frame in evaluation.frames] == pytest.approx(
        [row / FPS for row in splats_comparison.rows], abs=1e-3)  # fmt: skip
    assert splats_comparison.fps == pytest.approx(2 / 1.9, rel=1e-3)


def test_mesh_shows_a_clip_of_itself_in_its_light(avatar: Avatar, mesh_staged: Staged) -> None:
    params = ClipParams(frames=3, light_frames=3)
    comparison = compare_followed(avatar, load_default_head(), mesh_staged.followed(), params)
    assert comparison.light.with_camera
    frames = {frame.result.number: frame for frame in compared_frames(comparison)}
    assert sorted(frames) == [0, 10, 19]
    for frame in frames.values():
        assert frame.result.scores[DYNAMIC]["face"].psnr_db > 33
    # the blush of an open mouth, which the static texture does not know
    open_mouth = frames[10].result.scores
    assert open_mouth[DYNAMIC]["mouth"].psnr_db > open_mouth[STATIC]["mouth"].psnr_db + 6
    apart = frames[10].shown[STATIC].astype(float) - frames[10].picture
    assert apart[frames[10].masks["mouth"]].mean(0)[1] > 10
    assert open_mouth[STATIC]["face"].psnr_db < frames[0].result.scores[STATIC]["face"].psnr_db


def learnt(avatar: Avatar, sha256: str, **settings: object) -> Avatar:
    return replace(avatar, provenance=Provenance((("talk.mp4", sha256),), {}, "2026-01-01T00:00:00+00:00", settings))


@pytest.mark.parametrize(
    ("settings", "asked", "expected"),
    [
        ({"hold_out": 0.2, "hold_out_sha256": "b"}, None, (0.2, True)),
        ({"hold_out": 0.2, "hold_out_sha256": "b"}, 0.1, (0.1, True)),
        ({"hold_out": 0.2, "hold_out_sha256": "b"}, 0.5, (0.5, False)),
        # another clip's end was held out, such as that of Clip-B when this is Clip-A
        ({"hold_out": 0.2, "hold_out_sha256": "c"}, None, (1.0, False)),
        ({"hold_out": 0.0, "hold_out_sha256": "b"}, None, (1.0, False)),
        ({"hold_out": "much", "hold_out_sha256": "b"}, None, (1.0, False)),
        ({}, 0.3, (0.3, False)),
    ],
)
def test_what_was_held_out_is_compared(
    avatar: Avatar, settings: dict[str, object], asked: float | None, expected: tuple[float, bool]
) -> None:
    assert compared_part(learnt(avatar, "b", **settings), "b", asked) == expected


def test_all_of_an_unknown_clip_is_compared(avatar: Avatar) -> None:
    known = learnt(avatar, "b", hold_out=0.2, hold_out_sha256="b")
    assert compared_part(known, "other", None) == (1.0, True)
    assert compared_part(known, "other", 0.25) == (0.25, True)


@pytest.mark.parametrize(
    ("focal", "sha256", "expected"), [(700.0, "b", 700.0), (700.0, "c", None), (-1, "b", None), ("x", "b", None)]
)
def test_the_focal_length_of_a_build_is_kept(
    avatar: Avatar, focal: object, sha256: str, expected: float | None
) -> None:
    known = learnt(avatar, "b", hold_out=0.2, hold_out_sha256=sha256, hold_out_focal_px=focal)
    assert known_focal_px(known, "b") == expected


def test_the_last_share_of_a_clip(splats_followed: Followed) -> None:
    assert last_rows(splats_followed, 1.0) == list(range(COUNT))
    assert last_rows(splats_followed, 0.25) == [15, 16, 17, 18, 19]
    assert last_rows(splats_followed, 0.01) == [19]


def test_one_file_as_both_clips_holds_nothing_out(splats_followed: Followed) -> None:
    info: ClipInfo = splats_followed.track.info
    early, late = splats_followed.watched.clip.read([3, 18])
    other: Frame = replace(late, sha256="another file")
    assert held_out(0.2, info, [early, other]) == 0.2
    assert held_out(0.2, info, [early, late]) == 0.0


def test_a_face_that_is_always_covered_is_an_error(avatar: Avatar, splats_followed: Followed) -> None:
    seen = splats_followed.watched.seen
    covered = replace(seen, occluded=np.ones_like(seen.occluded))
    followed = Followed(Watched(splats_followed.watched.clip, covered), splats_followed.track)
    with pytest.raises(InputError, match=r"talk\.mp4: found no frame in which the face is seen uncovered"):
        compare_followed(avatar, load_default_head(), followed, ClipParams())


def test_another_head_model_is_an_error(avatar: Avatar) -> None:
    model, fit = known_head(avatar)
    assert np.allclose(model.rest_vertices(fit.identity, fit.offsets_m), avatar.head.vertices, atol=1e-6)
    other = replace(avatar, head=replace(avatar.head, faces=avatar.head.faces[::-1], model_name="flame"))
    with pytest.raises(InputError, match=r"--head: found the head model .* expected 'flame'"):
        known_head(other)
    fewer = replace(avatar.blendshapes, names=(*avatar.blendshapes.names[:-1], "x"))
    with pytest.raises(InputError, match="--head"):
        known_head(replace(avatar, blendshapes=fewer))
