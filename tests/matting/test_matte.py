"""The masks of the portrait, checked at places read off the picture by eye."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headsmith.capture import crop_frame, crop_landmarks, head_box, load_photo
from headsmith.errors import InputError
from headsmith.landmarks import detect_in
from headsmith.matting import MatteParams, matte
from headsmith.types import Frame, Landmarks, Mattes

ROOT = Path(__file__).parents[2]
PORTRAIT = ROOT / "sample_assets/portrait.jpg"
Place = tuple[int, int]

# x, y in the portrait's 512 x 512 px
HAIR: dict[str, Place] = {"top": (230, 30), "fringe": (220, 65), "left": (167, 90), "right": (290, 80)}
SKIN: dict[str, Place] = {"forehead": (222, 90), "cheek": (195, 130), "chin": (222, 172), "neck": (215, 182)}
BACKGROUND: dict[str, Place] = {"left": (120, 60), "above": (230, 8), "right": (330, 60), "by the hair": (155, 130)}
PROPS: dict[str, Place] = {"flag": (25, 100), "stripe": (60, 170), "tank": (420, 60), "wing": (380, 210)}
CLOTHES: dict[str, Place] = {"collar": (215, 205), "ring": (130, 185), "ring's front": (220, 280), "suit": (330, 290)}


@pytest.fixture(scope="module")
def frame() -> Frame:
    return load_photo(PORTRAIT)


@pytest.fixture(scope="module")
def landmarks(frame: Frame) -> Landmarks:
    return detect_in(frame)


@pytest.fixture(scope="module")
def mattes(frame: Frame, landmarks: Landmarks) -> Mattes:
    return matte(frame, landmarks)


def around(mask: np.ndarray, place: Place) -> float:
    x, y = place
    return float(mask[y - 2 : y + 3, x - 2 : x + 3].mean())


def test_masks_are_soft_and_fit_the_photo(mattes: Mattes) -> None:
    for mask in (mattes.person, mattes.head, mattes.hair, mattes.skin):
        assert mask.shape == (512, 512)
        assert mask.dtype == np.float32
        assert mask.min() >= 0
        assert mask.max() <= 1
        assert ((mask > 0.1) & (mask < 0.9)).any()
    np.testing.assert_allclose(mattes.hair + mattes.skin, mattes.head, atol=1e-5)
    assert np.all(mattes.head <= mattes.person + 1e-5)


@pytest.mark.parametrize("place", HAIR.values(), ids=HAIR)
def test_hair(mattes: Mattes, place: Place) -> None:
    assert around(mattes.person, place) > 0.95
    assert around(mattes.hair, place) > 0.8


@pytest.mark.parametrize("place", SKIN.values(), ids=SKIN)
def test_skin(mattes: Mattes, place: Place) -> None:
    assert around(mattes.head, place) > 0.95
    assert around(mattes.skin, place) > 0.8


@pytest.mark.parametrize("place", (BACKGROUND | PROPS).values(), ids=BACKGROUND | PROPS)
def test_background(mattes: Mattes, place: Place) -> None:
    assert around(mattes.person, place) < 0.02
    assert around(mattes.head, place) < 0.02


@pytest.mark.parametrize("place", CLOTHES.values(), ids=CLOTHES)
def test_clothes_are_person_but_not_head(mattes: Mattes, place: Place) -> None:
    assert around(mattes.person, place) > 0.9
    assert around(mattes.head, place) < 0.05


def test_the_edge_is_narrow(mattes: Mattes) -> None:
    """Where hair meets the plain wall, the matte falls within a few pixels."""
    row = mattes.person[60, 130:200]
    assert 1 <= int(((row > 0.05) & (row < 0.95)).sum()) <= 10
    assert 148 <= 130 + int((row > 0.5).argmax()) <= 162


def test_twice_is_the_same(frame: Frame, landmarks: Landmarks, mattes: Mattes) -> None:
    again = matte(frame, landmarks)
    assert np.array_equal(again.head, mattes.head)
    assert np.array_equal(again.skin, mattes.skin)


def test_a_crop_gives_the_same_head_at_any_size(frame: Frame, landmarks: Landmarks, mattes: Mattes) -> None:
    box = head_box(landmarks, (512, 512))
    size = (box[2] - box[0], box[3] - box[1])
    params = MatteParams(max_px=200, colour_rounds=2)
    cropped = matte(crop_frame(frame, box, size), crop_landmarks(landmarks, box, size), params)
    difference = np.abs(cropped.head - mattes.head[box[1] : box[3], box[0] : box[2]])
    assert difference.mean() < 0.02


def test_an_alpha_channel_is_the_person(frame: Frame, landmarks: Landmarks) -> None:
    y, x = np.mgrid[:512, :512]
    alpha = (np.hypot(x - 225, y - 120) < 110).astype(np.float32)
    seen = matte(replace(frame, alpha=alpha), landmarks)
    inside = seen.person[40:300, 100:350]
    assert np.array_equal(inside, alpha[40:300, 100:350])


def test_an_alpha_channel_that_says_nothing_is_ignored(frame: Frame, landmarks: Landmarks, mattes: Mattes) -> None:
    alpha = np.ones((512, 512), np.float32)
    alpha[:3, :3] = 0
    assert np.array_equal(matte(replace(frame, alpha=alpha), landmarks).person, mattes.person)


BAD_MODELS = {
    "missing.tflite": (None, "found no readable file"),
    "text.tflite": (b"not a model", "found a file that MediaPipe cannot run"),
    "person.tflite": (ROOT / "core/headsmith/matting/data/selfie_segmentation.tflite", "expected .* with 6"),
}


@pytest.mark.parametrize("name", BAD_MODELS)
def test_a_segmenter_that_cannot_serve(frame: Frame, landmarks: Landmarks, tmp_path: Path, name: str) -> None:
    content, sentence = BAD_MODELS[name]
    if content is not None:
        (tmp_path / name).write_bytes(content.read_bytes() if isinstance(content, Path) else content)
    with pytest.raises(InputError, match=sentence) as raised:
        matte(frame, landmarks, MatteParams(selfie_multiclass=tmp_path / name))
    assert str(raised.value).startswith(str(tmp_path / name))
