"""The torch twin of the skinning gives the numpy twin's numbers."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from headsmith.asset import skinning
from headsmith.head_model import skinning_torch
from headsmith.head_model.default import load_default_head
from headsmith.head_model.skinning_torch import torch_head


@pytest.fixture(scope="module")
def parameters():
    rng = np.random.default_rng(5)
    model = load_default_head()
    identity = rng.normal(size=model.shapedirs.shape[2]).astype(np.float32)
    expression = rng.uniform(0, 1, 52).astype(np.float32)
    rotations = rng.normal(0, 0.3, (5, 3)).astype(np.float32)
    return identity, expression, rotations


@pytest.mark.parametrize("with_posedirs", [False, True])
def test_twins_agree(parameters, with_posedirs):
    identity, expression, rotations = parameters
    model = load_default_head()
    if with_posedirs:
        rng = np.random.default_rng(6)
        model = replace(model, posedirs=rng.normal(0, 1e-3, (*model.v_template.shape, 36)).astype(np.float32))
    twin = torch_head(model)
    rest = model.rest_vertices(identity)
    torch_rest = twin.rest_vertices(torch.tensor(identity))
    np.testing.assert_allclose(torch_rest.numpy(), rest, atol=1e-6)
    np.testing.assert_allclose(twin.joints(torch_rest).numpy(), model.joints(rest), atol=1e-6)
    posed = model.pose(rest, expression, rotations)
    torch_posed = twin.pose(torch_rest, torch.tensor(expression), torch.tensor(rotations))
    np.testing.assert_allclose(torch_posed.numpy(), posed, atol=1e-6)
    np.testing.assert_allclose(twin.landmarks(torch_posed).numpy(), model.landmarks(posed), atol=1e-6)


@pytest.mark.parametrize("angle", [0.0, 1e-7, 1e-4, 1e-2, 1.0, 3.1])
def test_rotations_agree_at_every_angle(angle):
    axis = np.array([0.6, -0.48, 0.64]) * angle
    expected = skinning.rotation_matrices(axis)
    np.testing.assert_allclose(skinning_torch.rotation_matrices(torch.tensor(axis)).numpy(), expected, atol=1e-12)


def test_gradient_at_rest_is_finite_and_right():
    rotation = torch.zeros(5, 3, dtype=torch.float64, requires_grad=True)
    twin = torch_head(load_default_head(), dtype=torch.float64)
    rest = twin.rest_vertices(torch.zeros(1, dtype=torch.float64))
    twin.pose(rest, torch.zeros(52, dtype=torch.float64), rotation)[:, 1].sum().backward()
    assert torch.isfinite(rotation.grad).all()
    with torch.no_grad():
        step = torch.zeros(5, 3, dtype=torch.float64)
        step[2, 0] = 1e-5
        still = torch.zeros(52, dtype=torch.float64)
        difference = (twin.pose(rest, still, step) - twin.pose(rest, still, -step))[:, 1].sum() / 2e-5
    assert float(rotation.grad[2, 0]) == pytest.approx(float(difference), rel=1e-5)
