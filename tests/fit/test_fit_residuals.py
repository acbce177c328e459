"""Residuals and closed forms, against what can be worked out by hand."""

import numpy as np
from hypothesis import strategies as st

from headsmith.fit.linear import Linear
from headsmith.fit.residuals import depth_residual, geman_mcclure, geman_mcclure_cost, silhouette_residual
from headsmith.head_model.landmark_sets import OVAL, base_weights, inter_ocular_px, weight_matrices

angles = st.floats(-3, 3)


def _constant(value):
    value = np.asarray(value, float)
    return Linear(value, np.zeros((*value.shape, 1)), np.zeros((*value.shape, 1)))


def test_depth_ignores_distance():
    points = np.array([[0, 0, 0.5], [0, 0, 0.6], [0, 0, 0.55]])
    weights, observed = np.ones(3), np.array([-0.05, 0.05, 0.0]) * 1000 / 0.55 + 77
    np.testing.assert_allclose(depth_residual(_constant(points), 1000, observed, weights).value, 0, atol=1e-9)


def test_an_outline_slides_along_itself():
    pixels, matched = _constant([[10.0, 10], [20, 20]]), np.array([[10.0, 15], [22, 20]])
    normals = np.array([[1.0, 0], [1, 0]])
    np.testing.assert_allclose(silhouette_residual(pixels, matched, normals, np.ones(2)).value, [0, -2])


def test_reweighting_is_the_derivative_of_the_robust_cost():
    r, step = 2.0, 1e-6
    slope = (geman_mcclure_cost(np.array([r + step]), 3) - geman_mcclure_cost(np.array([r - step]), 3)) / (2 * step)
    np.testing.assert_allclose(slope, geman_mcclure(np.array([r]), 3)[0] ** 2 * r, rtol=1e-5)


def test_oval_points_slide_but_stay_on_the_oval():
    turn = np.linspace(0, 2 * np.pi, len(OVAL), endpoint=False)
    points = np.zeros((478, 2))
    points[list(OVAL)] = 100 * np.column_stack([np.sin(turn), -np.cos(turn)])
    weights = weight_matrices(points, base_weights())[list(OVAL)]
    radial = points[list(OVAL)] / 100
    across = np.linalg.norm(np.einsum("kab,kb->ka", weights, radial), axis=1)
    along = np.linalg.norm(np.einsum("kab,kb->ka", weights, radial[:, ::-1] * [-1, 1]), axis=1)
    assert (across > 4 * along).all()


def test_inter_ocular_distance_is_between_the_midpoints_of_the_eyes():
    points = np.zeros((478, 2))
    points[[33, 133]], points[[263, 362]] = [[10, 5], [30, 5]], [[70, 5], [50, 5]]
    assert inter_ocular_px(points) == 40
