"""Where a frame is compared."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from tests.conftest import PORTRAIT

from headsmith.evaluation.regions import EYE_RIMS, EYES, FACE, HEAD, LIPS, MOUTH, hull, regions
from headsmith.landmarks import detect
from headsmith.types import Landmarks, Mattes


@pytest.fixture(scope="module")
def landmarks() -> Landmarks:
    found = detect(np.asarray(Image.open(PORTRAIT).convert("RGB")))
    assert found is not None
    return found


def everything(shape: tuple[int, int], hair: np.ndarray | None = None) -> Mattes:
    one = np.ones(shape, np.float32)
    return Mattes(one, one, np.zeros_like(one) if hair is None else hair, one)


def shape_of(landmarks: Landmarks) -> tuple[int, int]:
    width, height = np.ceil(landmarks.points_px.max(0)).astype(int) + 20
    return int(height), int(width)


def test_regions_lie_in_each_other_and_where_they_belong(landmarks: Landmarks) -> None:
    found = regions(landmarks, everything(shape_of(landmarks)))
    assert found[HEAD].all()
    assert found[FACE].sum() < found[HEAD].sum()
    for part, rims in ((MOUTH, (LIPS,)), (EYES, EYE_RIMS)):
        assert not (found[part] & ~found[FACE]).any()
        for rim in rims:
            x, y = landmarks.points_px[list(rim)].mean(0)
            assert found[part][int(y), int(x)]
    assert not (found[MOUTH] & found[EYES]).any()
    assert found[MOUTH].sum() + found[EYES].sum() < 0.3 * found[FACE].sum()


def test_hair_and_soft_edges_do_not_count(landmarks: Landmarks) -> None:
    shape = shape_of(landmarks)
    hair = np.zeros(shape, np.float32)
    fringe = int(landmarks.points_px[:468, 1].mean())
    hair[:fringe] = 0.5
    mattes = everything(shape, hair)
    mattes.head[:, : shape[1] // 2] = 0.9
    found = regions(landmarks, mattes)
    assert not found[FACE][:fringe].any()
    assert not found[HEAD][:, : shape[1] // 2].any()
    assert found[HEAD][:fringe, shape[1] // 2 :].all()
    assert found[FACE].any()


def test_hull_of_a_square() -> None:
    inside = hull(np.array([[2.0, 3], [8, 3], [8, 9], [2, 9], [5, 5]], np.float32), (12, 12))
    rows, columns = np.nonzero(inside)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (3, 9, 2, 8)
    assert inside[6, 5]
