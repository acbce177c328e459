from __future__ import annotations

import numpy as np

from headsmith.asset.skinning import rotation_matrices
from headsmith.head_model.shading import (
    DARKEST,
    irradiance,
    linear_to_srgb,
    rotated_light,
    sh_basis,
    srgb_to_linear,
)


def sphere(count: int = 500) -> np.ndarray:
    normals = np.random.default_rng(0).normal(size=(count, 3))
    return (normals / np.linalg.norm(normals, axis=1, keepdims=True)).astype(np.float32)


def strong_sidelight() -> np.ndarray:
    """Negative behind, and in blue first, as a fit to a photo extrapolates."""
    light = np.zeros((9, 3), np.float32)
    light[0], light[3] = 3.0, (2.0, 2.4, 2.8)
    return light


def test_the_unseen_side_keeps_its_hue() -> None:
    light = strong_sidelight()
    shading = irradiance(sphere(), light)
    assert (shading >= DARKEST * 0.282095 * 3.0 - 1e-5).all()
    assert (shading.max(1) / shading.min(1)).max() < 2


def test_the_lit_side_is_as_measured() -> None:
    light = strong_sidelight()
    lit = sphere()[sphere()[:, 0] > 0]
    np.testing.assert_allclose(irradiance(lit, light), sh_basis(lit) @ light, rtol=1e-6)


def test_srgb_goes_there_and_back() -> None:
    values = np.linspace(0, 1, 256, dtype=np.float32)
    np.testing.assert_allclose(linear_to_srgb(srgb_to_linear(values)), values, atol=1e-5)


def test_a_turned_light_shines_on_turned_normals_as_before() -> None:
    rng = np.random.default_rng(3)
    light = rng.normal(size=(9, 3)).astype(np.float32)
    normals = rng.normal(size=(40, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    R = rotation_matrices(np.array([0.4, -0.7, 0.3]))
    turned = rotated_light(light, R)
    np.testing.assert_allclose(sh_basis(normals @ R.T) @ turned, sh_basis(normals) @ light, atol=1e-4)
    assert np.abs(turned - light).max() > 0.1
