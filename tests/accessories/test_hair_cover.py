"""Hair under hats."""

from __future__ import annotations

import numpy as np

from headsmith.accessories import Surface, hidden_under

RADIUS_M = 0.1


def dome() -> Surface:
    """The upper half of a sphere about the origin."""
    up, around = np.meshgrid(np.linspace(0, np.pi / 2, 13), np.linspace(0, 2 * np.pi, 48), indexing="ij")
    points = np.stack([np.cos(up) * np.sin(around), np.sin(up), np.cos(up) * np.cos(around)], -1)
    rows = np.arange(up.size).reshape(up.shape)
    a, b, c, d = (rows[i : i + 12, k : k + 47].ravel() for i in (0, 1) for k in (0, 1))
    faces = np.concatenate([np.stack([a, b, d], 1), np.stack([a, d, c], 1)]).astype(np.int32)
    return Surface(RADIUS_M * points.reshape(-1, 3), faces, np.arange(len(faces), dtype=np.int32))


def hidden(points: list[list[float]], size_m: float = 0.001) -> list[bool]:
    means = np.array(points)
    return hidden_under(dome(), means, np.full(len(means), size_m), np.zeros(3)).tolist()


def test_what_sticks_out_of_a_hat_is_hidden_and_what_lies_well_below_is_not() -> None:
    assert hidden([[0, 0.12, 0], [0.05, 0.1, 0.05], [0, 0.098, 0], [0, 0.08, 0]]) == [True, True, True, False]


def test_large_splats_are_hidden_from_farther_below() -> None:
    deep = [[0, 0.088, 0]]
    assert (hidden(deep), hidden(deep, 0.004)) == ([False], [True])


def test_beside_the_edge_hair_rises_with_its_distance() -> None:
    beside = [[0.105, -0.002, 0], [0.105, -0.03, 0], [0.13, -0.01, 0], [0.13, -0.06, 0]]
    assert hidden(beside) == [True, False, True, False]


def test_a_face_under_the_hat_stays() -> None:
    assert hidden([[0, -0.1, 0.05], [0, -0.02, 0.09], [0, 0, 0.08]]) == [False, False, False]
