"""The SSIM kernel against its twin in float64 and against scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from headsmith.metrics.ssim_map import ssim_map
from headsmith.splats.kernel_ssim import weighted_ssim


@pytest.mark.parametrize("size", [(70, 53), (9, 7), (1, 1)])
def test_value_and_gradient_equal_the_twin(size: tuple[int, int]) -> None:
    g = torch.Generator().manual_seed(0)
    image = torch.rand(*size, 3, generator=g)
    target = (image + 0.1 * torch.randn(*size, 3, generator=g)).clamp(0, 1)
    weight = torch.rand(*size, generator=g)
    a, b = image.clone().requires_grad_(), image.double().requires_grad_()
    value = weighted_ssim(a, target, weight)
    wanted = (ssim_map(b, target.double()) * weight[..., None]).sum() / (3 * weight.double().sum())
    value.backward()
    wanted.backward()
    assert value.item() == pytest.approx(wanted.item(), abs=1e-6)
    assert (a.grad - b.grad).norm() < 1e-5 * b.grad.norm()


def test_inner_pixels_equal_scikit_image() -> None:
    """Away from the border, where the paddings differ."""
    random = np.random.default_rng(1)
    a, b = random.random((40, 48, 3)), random.random((40, 48, 3))
    wanted = structural_similarity(
        a, b, channel_axis=2, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )[1]  # fmt: skip
    ours = ssim_map(torch.from_numpy(a), torch.from_numpy(b)).numpy()
    assert np.abs(ours - wanted)[6:-6, 6:-6].max() < 1e-9


def test_pixels_without_weight_do_not_count() -> None:
    image, target = torch.rand(20, 20, 3), torch.rand(20, 20, 3)
    image[:, 10:] = target[:, 10:]
    weight = torch.zeros(20, 20)
    weight[:, 17:] = 1
    assert float(weighted_ssim(image, target, weight)) == pytest.approx(1, abs=1e-6)
    assert float(weighted_ssim(image, target, torch.zeros(20, 20))) == 0
