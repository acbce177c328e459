"""Heads that rest, smile and blink in their own way."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from tests.track.performance import FOCAL_PX, GreyClip, Performance, perform

from headsmith.asset.arkit import ARKIT_52
from headsmith.head_model.landmark_sets import LOWER_INNER_LIP, UPPER_INNER_LIP
from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.track import KEEP_NEUTRAL, TrackParams, personal_head, track_head, with_expressions
from headsmith.track.evidence import rows_of
from headsmith.track.spread import lips_as_one, spread
from headsmith.types import F32, Camera, HeadFit, HeadTrack

KNOWN = TrackParams(focal_px=FOCAL_PX)
WIDER = 1.6
"""this person's smile, by the model's"""
CHIN_M = 0.005
TAUGHT = 2
"""every second frame is learnt from"""


@dataclass(frozen=True)
class Person:
    performance: Performance
    """the truth"""
    plain: HeadModel
    fit: HeadFit
    """what is known at first: another chin"""
    exprdirs: F32
    """found"""
    found: HeadFit

    def track(self, model: HeadModel, fit: HeadFit) -> HeadTrack:
        seen = self.performance.seen
        return track_head(model, fit, seen, GreyClip(seen.info), None, KNOWN)


def learnt(performance: Performance) -> np.ndarray:
    return np.arange(0, len(performance.seen.index), TAUGHT)


@pytest.fixture(scope="module")
def person() -> Person:
    known = perform()
    exprdirs = known.model.exprdirs.copy()
    for name in ("mouthSmileLeft", "mouthSmileRight"):
        exprdirs[..., ARKIT_52.index(name)] *= WIDER
    rest = known.model.rest_vertices(known.fit.identity)
    lips = rest[known.model.regions["lips"] > 0.5, 1].min()
    offsets = np.zeros_like(rest)
    offsets[:, 1] = -CHIN_M * np.clip((lips - rest[:, 1]) / 0.02, 0, 1) * known.model.regions["face"]
    truth = perform(with_expressions(known.model, exprdirs), offsets)
    found = personal_head(known.model, known.fit, rows_of(truth.seen, learnt(truth)), KNOWN)
    return Person(truth, known.model, known.fit, *found)


def test_frames_that_were_not_learnt_from_are_met_better(person: Person) -> None:
    smile = person.performance.expression[:, ARKIT_52.index("mouthSmileLeft")]
    others = np.setdiff1d(np.flatnonzero(smile > 0.5), learnt(person.performance))
    generic = person.track(person.plain, person.fit).error[others].mean()
    own = person.track(with_expressions(person.plain, person.exprdirs), person.found).error[others].mean()
    # two thirds of what is left is the landmarks' noise
    assert own < 0.7 * generic


def test_the_neutral_face_is_the_persons(person: Person) -> None:
    chin = person.performance.fit.offsets_m[:, 1] < -0.6 * CHIN_M
    # in depth a chin that opens with the jaw is known less well
    missed = np.abs(person.found.offsets_m - person.performance.fit.offsets_m)[chin, 1].mean()
    assert missed < 0.5 * CHIN_M


def test_lids_stay_on_the_eyeballs(person: Person) -> None:
    model = person.plain
    before, after = model.rest_vertices(person.fit.identity), model.rest_vertices(
        person.found.identity, person.found.offsets_m)  # fmt: skip
    lids = np.unique(model.faces[model.landmark_triangle[[159, 145, 386, 374]]])
    eyes = [model.joint_names.index(name) for name in ("left_eye", "right_eye")]
    least = []
    for rest, exprdirs in ((before, model.exprdirs), (after, person.exprdirs)):
        gaps = []
        for weight in (0.0, 0.5, 1.0):
            closed = np.zeros(len(ARKIT_52), np.float32)
            closed[[ARKIT_52.index("eyeBlinkLeft"), ARKIT_52.index("eyeBlinkRight")]] = weight
            arm = (rest + exprdirs @ closed)[lids, None] - model.joints(before)[eyes]
            gaps.append(np.linalg.norm(arm, axis=-1).min(1))
        least.append(np.min(gaps, 0))
    assert (least[1] > least[0] - 0.3e-3).all()


def test_eyes_and_teeth_are_as_they_were(person: Person) -> None:
    parts = [p for p in person.plain.part_names if p not in ("head", "lashes")]
    rigid = np.unique(person.plain.faces[person.plain.faces_of(*parts)])
    assert np.array_equal(person.exprdirs[rigid], person.plain.exprdirs[rigid])
    assert not person.found.offsets_m[rigid].any()


def test_a_neutral_face_that_is_known_is_kept(person: Person) -> None:
    seen = rows_of(person.performance.seen, learnt(person.performance))
    exprdirs, fit = personal_head(person.plain, person.fit, seen, KNOWN, KEEP_NEUTRAL)
    assert np.abs(fit.offsets_m).max() < 1e-5
    assert np.abs(exprdirs - person.plain.exprdirs).max() > 1e-3


def test_covered_faces_teach_nothing(person: Person) -> None:
    covered = replace(person.performance.seen, occluded=np.ones(len(person.performance.seen.index), np.float32))
    exprdirs, fit = personal_head(person.plain, person.fit, covered, KNOWN)
    assert exprdirs is person.plain.exprdirs
    assert fit is person.fit


def test_arkit_blendshapes_change_with_the_expressions(person: Person) -> None:
    own = with_expressions(person.plain, person.exprdirs)
    assert np.array_equal(own.arkit.transpose(1, 2, 0), own.exprdirs)
    foreign = replace(person.plain, expression_names=tuple(f"exp{i}" for i in range(52)))
    assert with_expressions(foreign, person.exprdirs).arkit is person.plain.arkit


def teeth_px(model: HeadModel, rest_m: F32) -> int:
    """How many pixels of a close-up of the neutral mouth show teeth."""
    T = np.diag([1, -1, -1, 1]).astype(np.float32)
    T[:3, 3] = np.array([0, 0, 0.5]) - T[:3, :3] @ model.landmarks(rest_m)[[13, 14]].mean(0)
    shown = rasterize(rest_m, model.faces, Camera(4000.0, (300, 150), (600, 300), T)).triangle
    return int(model.faces_of("teeth_upper", "teeth_lower")[shown[shown >= 0]].sum())


def test_lips_that_are_detected_apart_stay_closed(person: Person) -> None:
    model, rest = person.plain, person.plain.rest_vertices(person.fit.identity, person.fit.offsets_m)
    shifts = np.zeros((478, 3, 1))
    shifts[list(UPPER_INNER_LIP), 1], shifts[list(LOWER_INNER_LIP), 1] = 1.5e-3, -1.5e-3
    parted = spread(model, rest.astype(np.float64), shifts)[..., 0]
    kept = lips_as_one(model, rest.astype(np.float64), parted)
    assert teeth_px(model, (rest + parted).astype(np.float32)) > 200
    assert teeth_px(model, (rest + kept).astype(np.float32)) < 20
    moved = np.abs(kept - parted).max(1) > 0
    mouth = model.landmarks(rest)[[13, 14]].mean(0)
    assert np.linalg.norm(rest[moved] - mouth, axis=1).max() < 0.04
    teeth = np.unique(model.faces[model.faces_of("teeth_upper", "teeth_lower", "tongue")])
    assert not kept[teeth].any()


def test_lips_that_move_together_move_as_they_did(person: Person) -> None:
    model, rest = person.plain, person.plain.rest_vertices(person.fit.identity, person.fit.offsets_m)
    skin = np.unique(model.faces[model.faces_of("head")])
    move = np.zeros_like(rest)
    move[skin] = (0.001, -0.002, 0.003)
    np.testing.assert_allclose(lips_as_one(model, rest, move), move, atol=1e-7)
