"""Cropping: picture, camera, landmarks and mattes stay together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headsmith.capture import crop_frame, crop_landmarks, crop_mattes, head_box, load_photo
from headsmith.types import Landmarks, Mattes

PORTRAIT = Path(__file__).parents[2] / "sample_assets/portrait.jpg"
BOX = (100, 40, 340, 280)


def face_at(box: tuple[float, float, float, float]) -> Landmarks:
    """Landmarks that span `box`."""
    u = np.linspace(0, 1, 478, dtype=np.float32)
    x, y = box[0] + u * (box[2] - box[0]), box[1] + u * (box[3] - box[1])
    return Landmarks(np.stack([x, y], 1), u * 10, np.zeros(52, np.float32), np.eye(4, dtype=np.float32))


def test_a_point_projects_to_the_same_spot_of_the_crop() -> None:
    frame = load_photo(PORTRAIT)
    cropped = crop_frame(frame, BOX, (120, 120))
    points_m = np.array([[0.1, -0.2, 3.0], [-0.3, 0.1, 2.0]], np.float32)
    before, _ = frame.camera.project(points_m)
    after, _ = cropped.camera.project(points_m)
    np.testing.assert_allclose(after, (before - [100, 40]) / 2, atol=1e-3)
    assert cropped.camera.size_px == (120, 120)
    assert cropped.image.shape == (120, 120, 3)


def test_the_crop_shows_the_same_pixels() -> None:
    frame = load_photo(PORTRAIT)
    assert np.array_equal(crop_frame(frame, BOX, (240, 240)).image, frame.image[40:280, 100:340])
    # at half the size a pixel is about the mean of the four it covers
    half = crop_frame(frame, BOX, (120, 120)).image.astype(np.float32)
    mean = frame.image[40:280, 100:340].reshape(120, 2, 120, 2, 3).mean((1, 3))
    assert np.abs(half - mean).mean() < 3


def test_landmarks_follow() -> None:
    moved = crop_landmarks(face_at((150, 60, 250, 200)), BOX, (120, 120))
    np.testing.assert_allclose(moved.points_px[[0, -1]], [[25, 10], [75, 80]], atol=1e-4)
    assert moved.depth[-1] == pytest.approx(5)


def test_mattes_follow() -> None:
    mask = np.zeros((512, 512), np.float32)
    mask[:, 220:] = 1
    person = crop_mattes(Mattes(mask, mask, mask, mask), BOX, (120, 120)).person
    assert person.shape == (120, 120)
    assert person.dtype == np.float32
    assert np.all(person[:, :59] == 0)
    assert np.all(person[:, 61:] == 1)


@given(x=st.floats(-50, 600), y=st.floats(-50, 400), size=st.floats(80, 300))
def test_head_box_lies_in_the_picture_around_the_face(x: float, y: float, size: float) -> None:
    left, top, right, bottom = head_box(face_at((x, y, x + size, y + 1.2 * size)), (640, 480))
    assert 0 <= left < right <= 640
    assert 0 <= top < bottom <= 480
    assert left <= max(x, 0)
    assert top <= max(y, 0)
    assert right >= min(x + size, 640) - 1
    assert bottom >= min(y + 1.2 * size, 480) - 1


def test_head_box_leaves_room_for_hair_and_neck() -> None:
    assert head_box(face_at((400, 400, 500, 500)), (1000, 1000)) == (280, 290, 620, 610)
