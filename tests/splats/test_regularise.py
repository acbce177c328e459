"""The losses on the splats themselves: nothing within the thresholds, a pull beyond."""

from __future__ import annotations

import pytest
import torch

from headsmith.splats.params import Regularisers
from headsmith.splats.regularise import penalty, position_penalty, scale_penalty

GAUSSIAN_AVATARS = Regularisers(position_weight=0.01, scale_weight=1.0)


def leaf(values: list[list[float]]) -> torch.Tensor:
    return torch.tensor(values, requires_grad=True)


def test_nothing_within_the_thresholds() -> None:
    offset, log_scale = leaf([[0.5, -0.5, 0.5], [0, 0, 0]]), leaf([[-1.0, -2.0, -3.0], [-0.52, -0.52, -0.6]])
    loss = penalty(offset, log_scale, torch.zeros(2), torch.zeros(2, 3), GAUSSIAN_AVATARS)
    assert loss is not None
    loss.backward()
    assert abs(float(loss)) < 1e-9
    assert (offset.grad == 0).all()
    assert (log_scale.grad == 0).all()


def test_pull_beyond_them() -> None:
    offset = leaf([[3.0, 0.0, 0.0], [0.1, 0, 0]])
    position_penalty(offset, 1.0).backward()
    assert torch.equal(offset.grad, torch.tensor([[0.5, 0, 0], [0, 0, 0]]))
    log_scale = leaf([[0.5, -3.0, -3.0], [-3, -3, -3]])
    scale_penalty(log_scale, 0.6).backward()
    assert float(log_scale.grad[0, 0]) > 0
    assert (log_scale.grad.flatten()[1:] == 0).all()


def test_hair_may_hang_far_from_its_triangle() -> None:
    offset = leaf([[30.0, 0.0, 0.0]])
    loss = penalty(offset, torch.zeros(1, 3) - 3, torch.zeros(1), offset.detach().clone(), GAUSSIAN_AVATARS)
    assert abs(float(loss)) < 1e-9


def test_opacity_costs_where_it_is_asked_for() -> None:
    logit = torch.zeros(4, requires_grad=True)
    loss = penalty(torch.zeros(4, 3), torch.zeros(4, 3), logit, torch.zeros(4, 3), Regularisers(opacity_weight=0.01))
    loss.backward()
    assert float(loss) == pytest.approx(0.005)
    assert (logit.grad > 0).all()
    assert penalty(torch.zeros(4, 3), torch.zeros(4, 3), logit, torch.zeros(4, 3), Regularisers()) is None
