"""Exact derivatives agree with finite differences, also for heads with a jaw joint and pose-dependent shape."""

from dataclasses import replace

import numpy as np
import pytest

from headsmith.asset.skinning import rotation_matrices
from headsmith.fit.points import camera_points, head_space, points_at, project, rest_points
from headsmith.fit.state import FitState, ViewState, layout_of, step

PRINCIPAL = (250.0, 260.0)


@pytest.fixture(params=["arkit", "coefficients"])
def head(request, model):
    if request.param == "arkit":
        return model
    rng = np.random.default_rng(0)
    names = tuple(f"expression_{i}" for i in range(20))
    posedirs = rng.normal(0, 1e-3, (*model.v_template.shape, 36)).astype(np.float32)
    return replace(model, exprdirs=model.exprdirs[..., :20], expression_names=names, posedirs=posedirs)


def _setup(head):
    rng = np.random.default_rng(1)
    modes = rng.normal(0, 1e-3, (*head.v_template.shape, 6))
    layout = layout_of(head, 6)
    space = head_space(head, modes, layout)
    rows = rng.integers(0, len(head.faces), 60)
    points = points_at(space, rows.astype(np.int32), rng.dirichlet([1, 1, 1], 60))
    R = np.diag([1.0, -1, -1]) @ rotation_matrices(np.array([0.1, 0.3, -0.2]))
    joints = np.zeros((5, 3))
    for joint, axis in layout.joint_axes:
        joints[joint, axis] = rng.normal(0, 0.2)
    view = ViewState(rng.uniform(0.2, 0.6, layout.expressions), R, np.array([0.02, 0.01, 0.7]), 800.0, joints)
    return layout, points, FitState(rng.normal(0, 1, layout.shared), (view,))


def test_points_are_those_of_the_head_model(head):
    _, points, state = _setup(head)
    view, space = state.views[0], points.space
    rest = (head.v_template + space.directions @ state.head).astype(np.float64)
    vertices = head.pose(rest, view.expression, view.joint_rotations) @ view.R.T + view.t_m
    rng = np.random.default_rng(1)
    rng.normal(0, 1e-3, (*head.v_template.shape, 6))
    rows, bary = rng.integers(0, len(head.faces), 60), rng.dirichlet([1, 1, 1], 60)
    expected = (vertices[head.faces[rows]] * bary[..., None]).sum(1)
    np.testing.assert_allclose(camera_points(points, state.head, view).value, expected, atol=2e-6)


def test_pixels_change_as_the_derivatives_say(head):
    layout, points, state = _setup(head)

    def pixels(s):
        return project(camera_points(points, s.head, s.views[0]), s.views[0], PRINCIPAL, layout)

    linear = pixels(state)
    predicted = np.concatenate([linear.by_shared, linear.by_view], -1)
    columns = [np.arange(layout.shared, layout.shared + layout.per_view)]
    for column in range(0, predicted.shape[-1], 3):
        delta = np.zeros(predicted.shape[-1])
        delta[column] = 1e-5
        ahead, behind = (pixels(step(state, layout, columns, sign * delta)).value for sign in (1, -1))
        change = (ahead - behind) / 2e-5
        np.testing.assert_allclose(predicted[..., column], change, rtol=1e-3, atol=2e-3 * max(1, np.abs(change).max()))


def test_rest_points_are_linear(head):
    _, points, state = _setup(head)
    at_rest = rest_points(points, state.head)
    mean = rest_points(points, np.zeros_like(state.head))
    np.testing.assert_allclose(at_rest.value, mean.value + mean.by_shared @ state.head, atol=1e-9)
