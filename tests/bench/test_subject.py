"""The known subject and what is measured with it, at tiny sizes."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headsmith.bench import quality_command
from headsmith.bench.estimate import Estimate, EstimateParams, estimate
from headsmith.bench.quality import QualityParams, QualityResult, as_text, fixed_exposure, measure_quality, over
from headsmith.bench.subject import Shot, Subject, SubjectParams, make_subject, photograph
from headsmith.bench.subject_views import (
    TRAINED,
    UNTRAINED,
    Photographs,
    StudioParams,
    photograph_all,
    pose,
)
from headsmith.errors import InputError
from headsmith.head_model.raster import rasterize
from headsmith.splats import SplatParams

SUBJECT = SubjectParams(texture_px=256, ribbons=800, supersample=3)
STUDIO = StudioParams(size_px=64, training=8, held_out=3, untrained=1)
ESTIMATE = EstimateParams(texture_px=256, voxel_m=0.006)


@pytest.fixture(scope="module")
def subject() -> Subject:
    return make_subject(SUBJECT)


@pytest.fixture(scope="module")
def pictures(subject: Subject) -> Photographs:
    return photograph_all(subject, STUDIO)


@pytest.fixture(scope="module")
def known(subject: Subject, pictures: Photographs) -> Estimate:
    return estimate(subject, pictures.training, ESTIMATE)


def splat_params(steps: int) -> SplatParams:
    return replace(fixed_exposure(), max_splats=2500, steps=steps)


@pytest.fixture(scope="module")
def measured() -> QualityResult:
    return measure_quality(QualityParams(SUBJECT, STUDIO, splat_params(60), ESTIMATE))


def test_same_seed_same_subject(subject: Subject) -> None:
    again, other = make_subject(SUBJECT), make_subject(replace(SUBJECT, seed=6))
    assert np.array_equal(subject.hair.vertices_m, again.hair.vertices_m)
    assert np.array_equal(subject.albedo, again.albedo)
    assert not np.array_equal(subject.identity, other.identity)
    assert np.abs(subject.rest_m - other.rest_m).max() > 0.002


def test_ribbons_stay_out_of_the_face(subject: Subject) -> None:
    hair = subject.hair
    assert np.isfinite(hair.vertices_m).all()
    assert 0 < hair.colors.min() < hair.colors.max() <= 1
    nose_m = subject.rest_m[:, 2].max()
    in_front = np.abs(hair.vertices_m[:, 0]) < 0.03
    below_brows = hair.vertices_m[:, 1] < 0.02
    assert not (in_front & below_brows & (hair.vertices_m[:, 2] > nose_m - 0.05)).any()


def test_pictures_have_soft_edges_and_known_alpha(pictures: Photographs) -> None:
    for truth in pictures.training:
        soft = (truth.alpha > 0.05) & (truth.alpha < 0.95)
        assert 0.2 < (truth.alpha > 0.5).mean() < 0.7
        assert 0.005 < soft.mean() < 0.35
        assert truth.image[truth.alpha == 0].max() == 0
        assert (truth.hair <= truth.alpha + 1e-6).all()
        assert truth.hair.max() > 0.999


def test_hair_turns_with_the_skull(subject: Subject, pictures: Photographs) -> None:
    camera = pictures.training[0].shot.camera
    still, turned = (photograph(subject, Shot(camera, *pose(subject.model, face))) for face in ({}, {"neck_y": 0.5}))
    assert np.abs(still.hair - turned.hair).mean() > 0.02
    opened = photograph(subject, Shot(camera, *pose(subject.model, {"jawOpen": 1.0})))
    assert np.abs(still.hair - opened.hair).mean() < 0.005


def test_held_out_pictures_are_not_trained(pictures: Photographs) -> None:
    trained = [truth.shot for truth in pictures.training]
    for truth in (*pictures.held_out_views, *pictures.held_out_expressions):
        distances = [np.linalg.norm(truth.shot.camera.position_m - shot.camera.position_m) for shot in trained]
        assert min(distances) > 0.01
    for truth in pictures.held_out_expressions:
        assert not any(np.array_equal(truth.shot.expression, shot.expression) for shot in trained)
    assert not any(face in TRAINED for face in UNTRAINED)


def test_estimated_hair_covers_the_hair(subject: Subject, pictures: Photographs, known: Estimate) -> None:
    """The shell, in front of the head, against the hair's matte of a view that it was made from."""
    truth, shell = pictures.training[4], known.hair
    assert shell is not None
    head = rasterize(subject.rest_m, subject.model.faces, truth.shot.camera).depth_m
    drawn = rasterize(shell.vertices_m, shell.faces, truth.shot.camera).depth_m < head
    hair = truth.hair > 0.5
    assert (drawn & hair).sum() > 0.7 * (drawn | hair).sum()


def test_estimated_texture_shows_what_was_photographed(pictures: Photographs, known: Estimate) -> None:
    bare = (pictures.training[4].hair < 0.01) & (pictures.training[4].alpha > 0.999)
    skin = pictures.training[4].image[bare].mean(0)
    texels = known.texture.albedo[known.texture.observed > 0.9].astype(np.float32)
    nearest = np.abs(texels - skin).max(1).min()
    assert nearest < 6
    assert known.fit.offsets_m.max() == 0


def test_training_helps_on_what_was_held_out(measured: QualityResult) -> None:
    start = measure_quality(QualityParams(SUBJECT, STUDIO, splat_params(0), ESTIMATE)).figures
    for kind in ("training_views", "held_out_views", "held_out_expressions"):
        assert measured.figures[kind]["psnr_db_white"] > start[kind]["psnr_db_white"] + 1
        assert measured.figures[kind]["ssim_white"] > start[kind]["ssim_white"]
    assert measured.figures["splats"] <= 2500


def test_result_can_be_shown(measured: QualityResult, pictures: Photographs) -> None:
    text = as_text(json.loads(json.dumps(measured.figures)))
    assert "held out expressions" in text
    size = STUDIO.size_px
    assert measured.sheet.shape == (3 * size, (3 + 3) * size, 3)
    first = np.clip(over(pictures.held_out_views[0], 1.0) * 255 + 0.5, 0, 255).astype(np.uint8)
    assert np.array_equal(measured.sheet[:size, :size], first)


def test_command_writes_table_and_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    params = QualityParams(replace(SUBJECT, ribbons=100), replace(STUDIO, training=2, held_out=1, untrained=1),
                           splat_params(1), ESTIMATE)  # fmt: skip
    folder = tmp_path / "out"
    options = Namespace(output=folder, force=False, json=True, progress="none")
    assert quality_command.run(options, params) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((folder / "quality.json").read_text())
    assert np.asarray(Image.open(folder / "quality.png")).shape[0] == 3 * STUDIO.size_px
    with pytest.raises(InputError, match=r"quality\.json"):
        quality_command.run(options, params)
