"""Face similarity: the alignment always, the network where its model is installed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from headsmith.asset.alignment import similarity
from headsmith.landmarks import detect
from headsmith.metrics.identity import TEMPLATE_PX, aligned_face, five_points, identity_similarity
from headsmith.metrics.sface import VARIABLE, find_sface, sface_feature
from headsmith.types import F32, U8

PORTRAIT = Path(__file__).parents[2] / "sample_assets/portrait.jpg"
needs_model = pytest.mark.skipif(find_sface() is None, reason="SFace's model is not here: install headsmith[metrics]")


@pytest.fixture(scope="module")
def portrait() -> tuple[U8, F32]:
    return with_points(Image.open(PORTRAIT).convert("RGB"))


def with_points(picture: Image.Image) -> tuple[U8, F32]:
    found = detect(np.asarray(picture))
    assert found is not None
    return np.asarray(picture), found.points_px


@pytest.mark.parametrize("scale", [0.5, 1.0, 8.0])
def test_the_aligned_face_fills_the_template(portrait: tuple[U8, F32], scale: float) -> None:
    picture = Image.fromarray(portrait[0])
    size = (round(picture.width * scale), round(picture.height * scale))
    aligned = aligned_face(np.asarray(picture.resize(size)), five_points(portrait[1]) * scale)
    assert aligned.shape == (112, 112, 3)
    reference = aligned_face(portrait[0], five_points(portrait[1]))
    assert np.abs(aligned.astype(np.float32) - reference).mean() < 6
    found = detect(np.asarray(Image.fromarray(aligned).resize((448, 448))))
    assert found is not None
    seen = five_points(found.points_px) / 4
    # the middle, the tilt and the size agree; five points of another face never all do
    np.testing.assert_allclose(seen.mean(0), TEMPLATE_PX.mean(0) + 0.5, atol=1.5)
    size_ratio, turn, _ = similarity(seen, TEMPLATE_PX)
    np.testing.assert_allclose(turn, np.eye(2), atol=0.03)
    assert 0.85 < size_ratio < 1.1


def test_without_the_model_there_is_no_figure(portrait: tuple[U8, F32], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/nowhere/sface.onnx")
    assert find_sface() is None
    assert identity_similarity(*portrait, *portrait) is None


@needs_model
def test_one_face_is_like_itself(portrait: tuple[U8, F32]) -> None:
    small = with_points(Image.fromarray(portrait[0]).resize((400, 400)))
    mirrored = with_points(ImageOps.mirror(Image.fromarray(portrait[0])))
    assert identity_similarity(*portrait, *portrait) == pytest.approx(1, abs=1e-5)
    assert (identity_similarity(*portrait, *small) or 0) > 0.9
    assert (identity_similarity(*portrait, *mirrored) or 0) > 0.7


@needs_model
def test_the_feature_is_opencvs(portrait: tuple[U8, F32]) -> None:
    """OpenCV's own recogniser sees the portrait, aligned by the same points, as this one does."""
    model = find_sface()
    assert model is not None
    image, points = portrait
    theirs = cv2.FaceRecognizerSF.create(str(model), "")
    face = np.zeros((1, 15), np.float32)
    face[0, 4:14] = five_points(points).ravel() - 0.5
    bgr = np.ascontiguousarray(image[..., ::-1])
    aligned = theirs.alignCrop(bgr, face)
    feature = theirs.feature(aligned).ravel()
    feature /= np.linalg.norm(feature)
    same_input = sface_feature(np.ascontiguousarray(aligned[..., ::-1]), model)
    assert same_input @ feature == pytest.approx(1, abs=1e-4)
    assert sface_feature(aligned_face(image, five_points(points)), model) @ feature > 0.98
