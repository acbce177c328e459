"""Hair mattes with what real mattes get wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headsmith.views import HairParams
from headsmith.views.hair_photo import HairPhoto, Shot, measure_photo


def measured(sitter, hair: np.ndarray, image: np.ndarray | None = None) -> HairPhoto:
    frame = sitter.frames[0] if image is None else replace(sitter.frames[0], image=image)
    matte = replace(sitter.mattes[0], hair=hair, head=np.maximum(sitter.mattes[0].head, hair))
    return measure_photo(sitter.model, sitter.fit, Shot(0, frame, matte), HairParams())


def believed(photo: HairPhoto, mask: np.ndarray) -> float:
    """The part of `mask` (in the photo's pixels) that was taken for hair."""
    rows, columns = np.nonzero(mask)
    scale = photo.camera.focal_px / photo.source_camera.focal_px
    x = ((columns + 0.5 - photo.box_px[0]) * scale).astype(int)
    y = ((rows + 0.5 - photo.box_px[1]) * scale).astype(int)
    return float(photo.hair[y, x].mean())


def block(y0: int, y1: int, x0: int, x1: int) -> np.ndarray:
    mask = np.zeros((288, 288), bool)
    mask[y0:y1, x0:x1] = True
    return mask


def test_a_true_matte_is_kept(bob) -> None:
    hair = bob.mattes[0].hair
    assert believed(measured(bob, hair), hair > 0.5) > 0.97
    assert believed(measured(bob, hair), (hair < 0.5) & (bob.mattes[0].head > 0.5)) < 0.02


def test_a_shoulder_of_another_colour_is_not_hair(bob) -> None:
    hair = bob.mattes[0].hair
    shoulder = block(180, 230, 40, 100) & (hair < 0.5)
    photo = measured(bob, np.maximum(hair, shoulder))
    # patches are judged with their surroundings, so that a narrow seam along true hair may stay
    assert believed(photo, shoulder) < 0.1
    assert believed(photo, hair > 0.5) > 0.96


def test_longer_hair_of_the_same_colour_is_hair(bob) -> None:
    hair = bob.mattes[0].hair
    longer = block(170, 200, 78, 95) & (hair < 0.5)
    image = bob.frames[0].image.copy()
    image[longer] = (90, 60, 35)
    assert believed(measured(bob, np.maximum(hair, longer), image), longer) > 0.8


def test_crumbs_and_a_beard_are_not_hair(bob) -> None:
    hair = bob.mattes[0].hair
    crumb, beard = block(20, 24, 20, 24), block(185, 200, 130, 158)
    image = bob.frames[0].image.copy()
    image[beard] = (90, 60, 35)
    photo = measured(bob, np.maximum(hair, np.maximum(crumb, beard)), image)
    assert believed(photo, crumb) == 0
    assert believed(photo, beard) < 0.05
