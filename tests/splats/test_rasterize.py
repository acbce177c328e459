"""The CPU rasteriser against its dense twin in float64: images and every gradient."""

from __future__ import annotations

import numba
import pytest
import torch
from torch import Tensor

from headsmith.splats.rasterize import rasterize
from headsmith.splats.reference import rasterize_dense
from splats.scenes import Scene, make_scene

NAMES = ("means", "quats", "scales", "opacities", "sh", "viewmat", "background")


def upstream(scene: Scene) -> tuple[Tensor, Tensor]:
    g = torch.Generator().manual_seed(5)
    shape = (scene.height, scene.width)
    return torch.randn(*shape, 3, generator=g), torch.randn(*shape, 1, generator=g)


def fast(scene: Scene, antialiased: bool = False) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Image, alpha and the gradients of all tensors by the kernels."""
    t = [x.clone().requires_grad_() for x in scene.tensors()]
    image, alpha, _ = rasterize(
        *t[:5], viewmats=t[5], Ks=scene.K, width=scene.width, height=scene.height, sh_degree=scene.sh_degree,
        backgrounds=t[6], rasterize_mode="antialiased" if antialiased else "classic",
    )  # fmt: skip
    g_image, g_alpha = upstream(scene)
    torch.autograd.backward([image, alpha], [g_image, g_alpha])
    return image.detach(), alpha.detach(), [x.grad for x in t]


def dense(scene: Scene, antialiased: bool = False) -> tuple[Tensor, Tensor, list[Tensor]]:
    """The same by the twin in float64."""
    t = [x.double().requires_grad_() for x in scene.tensors()]
    image, alpha, _ = rasterize_dense(
        *t[:5], viewmat=t[5], K=scene.K.double(), width=scene.width, height=scene.height, sh_degree=scene.sh_degree,
        background=t[6], antialiased=antialiased,
    )  # fmt: skip
    g_image, g_alpha = upstream(scene)
    torch.autograd.backward([image, alpha], [g_image.double(), g_alpha.double()])
    return image.detach(), alpha.detach(), [x.grad for x in t]


@pytest.mark.parametrize("antialiased", [False, True])
@pytest.mark.parametrize("sh_degree", [0, 1, 2, 3])
def test_image_and_gradients_equal_the_twin(sh_degree: int, antialiased: bool) -> None:
    scene = make_scene(400, sh_degree, seed=sh_degree)
    image, alpha, gradients = fast(scene, antialiased)
    wanted_image, wanted_alpha, wanted = dense(scene, antialiased)
    assert 0.3 < alpha.mean() < 0.99
    assert (image - wanted_image).abs().max() < 2e-5
    assert (alpha - wanted_alpha).abs().max() < 2e-5
    for name, gradient, want in zip(NAMES, gradients, wanted, strict=True):
        error = (gradient - want).norm() / want.norm()
        assert error < 2e-5, f"{name}: {error:.1e}"
        assert (gradient - want).abs().max() < 1e-4 * want.abs().max(), name


def test_twin_gradients_equal_finite_differences() -> None:
    """The twin relies on autograd; its thresholds must not hide a term."""
    scene = make_scene(12, 1, seed=3, size_px=(20, 16))

    def render(*t: Tensor) -> Tensor:
        image, alpha, _ = rasterize_dense(
            *t[:5], viewmat=t[5], K=scene.K.double(), width=20, height=16, sh_degree=1, background=t[6]
        )
        return image.sum() + (alpha * alpha).sum()

    inputs = [x.double().requires_grad_() for x in scene.tensors()]
    gradients = torch.autograd.grad(render(*inputs), inputs)
    generator = torch.Generator().manual_seed(1)
    for k, gradient in enumerate(gradients):
        step = torch.randn(inputs[k].shape, generator=generator, dtype=torch.float64) * 1e-7
        ahead, behind = (
            [x.detach() + (sign * step if i == k else 0) for i, x in enumerate(inputs)] for sign in (1, -1)
        )
        slope = (render(*ahead) - render(*behind)) / 2
        assert slope == pytest.approx(float((gradient * step).sum()), rel=1e-3, abs=1e-9), NAMES[k]


def test_threads_do_not_change_a_bit() -> None:
    scene = make_scene(800, 1, seed=2)
    threads = numba.get_num_threads()
    results = []
    try:
        for count in (1, min(2, numba.config.NUMBA_NUM_THREADS), 1):
            numba.set_num_threads(count)
            image, alpha, gradients = fast(scene)
            results.append([image, alpha, *gradients])
    finally:
        numba.set_num_threads(threads)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_several_cameras_give_a_stack() -> None:
    scene = make_scene(100)
    moved = scene.viewmat.clone()
    moved[0, 3] += 0.1
    arguments = {"width": scene.width, "height": scene.height, "sh_degree": 0}
    splats = scene.tensors()[:5]
    images, alphas, _ = rasterize(
        *splats, viewmats=torch.stack([scene.viewmat, moved]), Ks=scene.K.expand(2, 3, 3), **arguments
    )
    single, alpha, _ = rasterize(*splats, viewmats=moved, Ks=scene.K, **arguments)
    assert images.shape == (2, scene.height, scene.width, 3)
    assert torch.equal(images[1], single)
    assert torch.equal(alphas[1], alpha)


def test_nearer_splat_hides_the_farther() -> None:
    """One opaque red disc before a green one, straight ahead: the middle pixel is red, its alpha clamped at 0.999."""
    means = torch.tensor([[0.0, 0, 3.0], [0.0, 0, 2.0]])
    sh = (torch.tensor([[[0.0, 1, 0]], [[1.0, 0, 0]]]) - 0.5) / 0.28209479177387814
    image, alpha, _ = rasterize(
        means, torch.tensor([[1.0, 0, 0, 0]]).expand(2, 4), torch.full((2, 3), 0.2), torch.ones(2), sh,
        viewmats=torch.eye(4), Ks=torch.tensor([[50.0, 0, 16.5], [0, 50, 16.5], [0, 0, 1]]), width=33, height=33,
        sh_degree=0,
    )  # fmt: skip
    assert image[16, 16].tolist() == pytest.approx([0.999, 0.0, 0.0], abs=1e-4)
    assert float(alpha[16, 16]) == pytest.approx(0.999, abs=1e-5)
    assert float(alpha[0, 0]) == 0
