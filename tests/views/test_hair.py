"""Hair grown from the matte of a sitter whose hair is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headsmith.head_model.raster import rasterize
from headsmith.types import HairShell
from headsmith.views import HairParams, grow_hair
from headsmith.views.hair import different_views
from headsmith.views.hair_volume import agreed_cut


@pytest.fixture(scope="module")
def shell(bob) -> HairShell:
    hair = grow_hair(bob.model, bob.fit, bob.frames, bob.mattes, HairParams())
    assert hair is not None
    return hair


def look(sitter, hair: HairShell, number: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Where the photo's camera sees hair, and where it sees anything."""
    view = sitter.fit.views[number]
    posed = sitter.model.pose(sitter.model.v_template, view.expression, view.joint_rotations)
    head = rasterize(posed, sitter.model.faces, view.camera)
    drawn = rasterize(hair.vertices_m, hair.faces, view.camera)
    sees_hair = drawn.depth_m < head.depth_m
    return sees_hair, sees_hair | (head.triangle >= 0)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def test_the_outline_meets_the_matte(bob, shell) -> None:
    sees_hair, sees_any = look(bob, shell)
    assert overlap(sees_any, bob.mattes[0].head > 0.5) >= 0.985
    assert overlap(sees_hair, bob.mattes[0].hair > 0.5) >= 0.97


def test_hair_hides_no_visible_skin_and_leaves_the_matte_nowhere(bob, shell) -> None:
    sees_hair, _ = look(bob, shell)
    matte = bob.mattes[0]
    skin = (matte.head > 0.5) & (matte.hair < 0.5)
    assert (sees_hair & skin).sum() < 0.01 * skin.sum()
    assert (sees_hair & (matte.head < 0.5)).sum() < 0.003 * sees_hair.sum()


def test_the_shell_is_closed_and_sane(shell) -> None:
    edges = np.sort(np.concatenate([shell.faces[:, [0, 1]], shell.faces[:, [1, 2]], shell.faces[:, [2, 0]]]), 1)
    assert set(np.unique(edges, axis=0, return_counts=True)[1]) == {2}
    count = len(shell.vertices_m)
    assert shell.colors.shape == (count, 3)
    assert shell.colors.dtype == np.uint8
    assert shell.vertices_m.dtype == shell.seen.dtype == shell.thickness_m.dtype == np.float32
    assert np.isfinite(shell.vertices_m).all()
    assert shell.seen.min() >= 0
    assert shell.seen.max() <= 1


def test_hair_that_shows_is_thick_and_hair_under_the_skin_is_not(shell) -> None:
    assert shell.thickness_m.min() >= 0
    assert shell.thickness_m.max() < 0.12
    assert np.quantile(shell.thickness_m[shell.seen > 0.5], 0.01) > 0.001
    assert 0.015 < np.median(shell.thickness_m[shell.thickness_m > 0]) < 0.05
    under = shell.thickness_m == 0
    assert 0 < under.mean() < 0.4


def test_unseen_sides_are_plausible(bob, shell) -> None:
    """No photo shows the depth of the back: it must still come near the truth."""
    true = bob.true_hair[0]
    assert abs(shell.vertices_m[:, 2].min() - true[:, 2].min()) < 0.02
    assert abs(shell.vertices_m[:, 1].max() - true[:, 1].max()) < 0.006
    side = shell.vertices_m[np.abs(shell.vertices_m[:, 1]) < 0.02]
    assert abs(np.ptp(side[:, 0]) - np.ptp(true[:, 0])) < 0.01
    ends = shell.vertices_m[shell.thickness_m > 0.005]
    assert abs(ends[:, 1].min() - true[:, 1].min()) < 0.03


def test_colours_are_the_hairs_own(shell) -> None:
    """The photo's hair is one brown; neither the green wall nor the skin may leak in."""
    distance = np.abs(shell.colors[shell.seen > 0.5].astype(int) - [90, 60, 35]).max(1)
    assert np.quantile(distance, 0.99) <= 2
    ratio = shell.colors[:, 1] / np.maximum(shell.colors[:, 0], 1)
    assert np.quantile(ratio, 0.995) < 0.75


def test_growing_twice_gives_the_same(bob, shell) -> None:
    again = grow_hair(bob.model, bob.fit, bob.frames, bob.mattes, HairParams())
    for name in ("vertices_m", "faces", "colors", "seen", "thickness_m"):
        np.testing.assert_array_equal(getattr(again, name), getattr(shell, name))


def test_a_second_photo_settles_the_back(bob_from_two_sides) -> None:
    sitter = bob_from_two_sides
    hair = grow_hair(sitter.model, sitter.fit, sitter.frames, sitter.mattes, HairParams.draft())
    for number in (0, 1):
        sees_hair, sees_any = look(sitter, hair, number)
        assert overlap(sees_any, sitter.mattes[number].head > 0.5) > 0.96
        assert overlap(sees_hair, sitter.mattes[number].hair > 0.5) > 0.9


def test_no_hair_gives_no_shell(bald) -> None:
    assert grow_hair(bald.model, bald.fit, bald.frames, bald.mattes, HairParams.draft()) is None


def test_of_many_photos_different_ones_are_used(bob_from_two_sides) -> None:
    bob = bob_from_two_sides
    front, side = bob.fit.views
    many = replace(bob.fit, views=(front,) * 6 + (side,) * 6)
    rows = different_views(bob.model, many, 2)
    assert rows[0] == 0
    assert rows[1] >= 6
    assert different_views(bob.model, many, 12) == list(range(12))


def test_one_wrong_matte_of_many_does_not_cut_the_hair() -> None:
    cuts = [np.full((2, 2, 2), -1.0, np.float32) for _ in range(7)]
    cuts[3][0] = 1.0
    assert agreed_cut(cuts).max() < 0
    assert agreed_cut(cuts[:5]).max() > 0
    cuts[5][0] = 2.0
    assert agreed_cut(cuts)[0].min() > 0
