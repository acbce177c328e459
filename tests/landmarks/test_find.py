"""Face detection on the portrait, at every size and place, and its refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from headsmith.asset.arkit import ARKIT_52
from headsmith.capture import load_photo
from headsmith.errors import InputError
from headsmith.landmarks import detect, detect_in
from headsmith.landmarks.mediapipe import arkit_scores
from headsmith.types import U8, Camera, Frame, Landmarks

PORTRAIT = Path(__file__).parents[2] / "sample_assets/portrait.jpg"
LEFT_IRIS, RIGHT_IRIS = 473, 468


@pytest.fixture(scope="module")
def portrait() -> Image.Image:
    return Image.open(PORTRAIT).convert("RGB")


@pytest.fixture(scope="module")
def found(portrait: Image.Image) -> Landmarks:
    landmarks = detect(np.asarray(portrait))
    assert landmarks is not None
    return landmarks


def frame_of(image: U8) -> Frame:
    height, width = image.shape[:2]
    camera = Camera(600.0, (width / 2, height / 2), (width, height), np.eye(4, dtype=np.float32))
    return Frame(image, camera, "photo.jpg", "0" * 64)


def eye_distance(landmarks: Landmarks) -> float:
    return float(np.linalg.norm(landmarks.points_px[LEFT_IRIS] - landmarks.points_px[RIGHT_IRIS]))


def test_the_portrait(found: Landmarks) -> None:
    assert found.points_px.shape == (478, 2)
    assert found.depth.shape == (478,)
    assert found.scores.shape == (52,)
    assert found.T_face.shape == (4, 4)
    assert found.faces_found == 1
    assert all(a.dtype == np.float32 for a in (found.points_px, found.depth, found.scores, found.T_face))
    # read off the picture by eye: pupils and the corners of the mouth
    seen = found.points_px[[RIGHT_IRIS, LEFT_IRIS, 61, 291]]
    np.testing.assert_allclose(seen, [[203.5, 101], [246.5, 103], [203, 139], [246, 140]], atol=2)
    assert found.depth[4] < found.depth[234]


def test_a_smile_is_scored_as_one(found: Landmarks) -> None:
    score = dict(zip(ARKIT_52, found.scores, strict=True))
    assert min(score["mouthSmileLeft"], score["mouthSmileRight"]) > 0.5
    assert max(score["mouthPucker"], score["eyeBlinkLeft"], score["tongueOut"]) < 0.3


def test_scores_go_by_name() -> None:
    scores = arkit_scores({"_neutral": 0.9, "jawOpen": 0.25, "mouthClose": 0.5})
    assert scores[ARKIT_52.index("jawOpen")] == 0.25
    assert scores[ARKIT_52.index("mouthClose")] == 0.5
    assert scores.sum() == 0.75


def test_twice_is_the_same(portrait: Image.Image, found: Landmarks) -> None:
    again = detect(np.asarray(portrait))
    assert again is not None
    assert np.array_equal(again.points_px, found.points_px)
    assert np.array_equal(again.scores, found.scores)
    assert np.array_equal(again.T_face, found.T_face)


@pytest.mark.parametrize(("scale", "place"), [(1.0, (2300, 1400)), (0.9, (20, 30)), (2.0, (900, 500))])
def test_a_face_in_a_large_picture_is_measured_as_well(
    portrait: Image.Image, found: Landmarks, scale: float, place: tuple[int, int]
) -> None:
    """Points agree within 2 % of the distance between the eyes wherever the portrait is pasted."""
    wall = Image.new("RGB", (3000, 2000), (120, 125, 130))
    wall.paste(portrait.resize((round(512 * scale),) * 2, Image.Resampling.LANCZOS), place)
    seen = detect(np.asarray(wall))
    assert seen is not None
    back = (seen.points_px - place) / scale
    error = np.linalg.norm(back - found.points_px, axis=1).mean()
    assert error < 0.02 * eye_distance(found)


def test_a_face_that_fills_the_picture(portrait: Image.Image, found: Landmarks) -> None:
    box = (190, 85, 262, 172)
    seen = detect(np.asarray(portrait.crop(box).resize((720, 870), Image.Resampling.BICUBIC)))
    assert seen is not None
    error = np.linalg.norm(seen.points_px / 10 + box[:2] - found.points_px, axis=1).mean()
    assert error < 0.1 * eye_distance(found)


def test_of_two_faces_the_larger_is_taken(portrait: Image.Image, found: Landmarks) -> None:
    both = Image.new("RGB", (912, 512))
    both.paste(portrait.resize((400, 400)), (0, 0))
    both.paste(portrait, (400, 0))
    seen = detect_in(frame_of(np.asarray(both)))
    assert seen.faces_found == 2
    assert np.linalg.norm(seen.points_px - (400, 0) - found.points_px, axis=1).mean() < 0.02 * eye_distance(found)


def test_a_photo_file(found: Landmarks) -> None:
    assert np.array_equal(detect_in(load_photo(PORTRAIT)).points_px, found.points_px)


def flag(portrait: Image.Image) -> U8:
    return np.asarray(portrait.crop((0, 0, 130, 512)))


REFUSALS = {
    "no face": (flag, r"found no face in 130 x 512 px \(mean brightness \d+ of 255\)"),
    "dark": (lambda p: np.asarray(p.point(lambda v: v // 60)), r"found no face in 512 x 512 px \(very dark, mean"),
    "bright": (lambda _: np.full((300, 200, 3), 250, np.uint8), r"very bright, mean brightness 250 of 255, blurred"),
    "blurred": (lambda p: np.asarray(p.filter(ImageFilter.GaussianBlur(40))), r"found no face in .* blurred\)"),
    "on one side": (lambda p: np.rot90(np.asarray(p)), r"found a face turned anti-clockwise by 8\d degrees"),
    "on the other": (lambda p: np.rot90(np.asarray(p), 3), r"found a face turned clockwise by 8\d degrees"),
    "small": (lambda p: np.asarray(p.resize((400, 400))), r"found a face 7\d px wide in 400 x 400 px .* at least 80"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals(portrait: Image.Image, name: str) -> None:
    make, sentence = REFUSALS[name]
    with pytest.raises(InputError, match=sentence):
        detect_in(frame_of(np.ascontiguousarray(make(portrait))))


def test_the_terminal_stays_clean(portrait: Image.Image, capfd: pytest.CaptureFixture[str]) -> None:
    detect(np.asarray(portrait))
    assert capfd.readouterr() == ("", "")
