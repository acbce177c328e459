"""The torch twin of the binding equals the numpy one."""

from __future__ import annotations

import numpy as np
import torch

from headsmith.asset import binding
from headsmith.asset.avatar import Splats
from headsmith.splats import binding_torch
from headsmith.splats.binding_kernel import Deform
from headsmith.splats.frames import splat_frames

FACES = np.array([[0, 1, 2], [2, 1, 3], [0, 3, 1], [4, 4, 5], [0, 0, 0]], np.int32)


def vertices(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.05, (6, 3))


def test_triangle_frames_are_equal_even_where_collapsed() -> None:
    rotation, scale = binding.triangle_frames(vertices(0), FACES)
    ours_rotation, ours_scale = binding_torch.triangle_frames(torch.from_numpy(vertices(0)), torch.from_numpy(FACES))
    assert np.abs(ours_rotation.numpy() - rotation).max() < 1e-12
    assert np.abs(ours_scale.numpy() - scale).max() < 1e-12


def test_deformed_splats_are_equal() -> None:
    random = np.random.default_rng(1)
    n = 40
    triangle = random.integers(0, 3, n).astype(np.int32)
    barycentric = random.dirichlet([1, 1, 1], n).astype(np.float32)
    quats = random.normal(size=(n, 4)).astype(np.float32)
    splats = Splats(
        random.normal(0, 0.05, (n, 3)).astype(np.float32), quats,
        random.uniform(0.001, 0.01, (n, 3)).astype(np.float32),
        np.full(n, 0.5, np.float32), np.zeros((n, 1, 3), np.float32), np.zeros((n, 0, 3), np.float32),
    )  # fmt: skip
    bound = binding.bind(splats, triangle, barycentric, vertices(0).astype(np.float32), FACES)
    moved = vertices(2).astype(np.float32)
    wanted = binding.deform(bound, splats, moved, FACES)
    frames = splat_frames(moved, FACES, triangle, barycentric)
    means, turned, scales = binding_torch.deform(
        *(torch.from_numpy(a) for a in (bound.offset, bound.rotation_wxyz, bound.log_scale)), frames
    )
    assert np.abs(means.numpy() - wanted.means).max() < 1e-6
    assert np.abs(scales.numpy() - wanted.scales).max() < 1e-7
    same_turn = np.abs((torch.nn.functional.normalize(turned, dim=1).numpy() * wanted.quats).sum(1))
    assert np.abs(same_turn - 1).max() < 1e-6


def test_the_kernel_and_its_gradients_are_the_torch_twins() -> None:
    random = np.random.default_rng(3)
    n = 500
    triangle = random.integers(0, len(FACES), n).astype(np.int32)
    frames = splat_frames(vertices(4).astype(np.float32), FACES, triangle, random.dirichlet([1, 1, 1], n))
    local = [torch.from_numpy(random.normal(size=(n, k)).astype(np.float32)).requires_grad_() for k in (3, 4, 3)]
    upstream = [torch.from_numpy(random.normal(size=(n, k)).astype(np.float32)) for k in (3, 4, 3)]
    for ours, wanted in zip(Deform.apply(*local, frames), binding_torch.deform(*local, frames), strict=True):
        assert torch.allclose(ours, wanted, rtol=1e-5, atol=1e-6)
    gradients = [
        torch.autograd.grad(how(*local, frames), local, upstream) for how in (Deform.apply, binding_torch.deform)
    ]
    for ours, wanted in zip(*gradients, strict=True):
        assert torch.allclose(ours, wanted, rtol=1e-5, atol=1e-5)
