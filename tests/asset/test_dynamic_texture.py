"""The dynamic texture: network, parameter vector, and what is shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asset.bundles import edit, reseal
from asset.networks import glow_network, texture_network
from headsmith.asset import (
    DynamicTexture,
    TextureBlend,
    TextureNetwork,
    neutral_pose,
    parameters_of,
    pose_from,
    pose_parameters,
    read_avatar,
    validate_avatar,
    write_avatar,
)
from headsmith.asset.avatar import Material
from headsmith.errors import InputError
from synthetic import make_avatar

INPUTS = ("jawOpen", "eyeBlinkLeft", "jaw.x", "neck.z", "view.x", "view.z")


@pytest.mark.parametrize(
    ("channels", "start_px", "half"), [((8, 8, 4), 8, True), ((24, 6, 9), 4, False), ((16, 12, 8, 8, 4), 8, True)]
)
def test_networks_equal_onnxruntime(channels: tuple[int, ...], start_px: int, half: bool) -> None:
    runtime = pytest.importorskip("onnxruntime")
    data = texture_network(len(INPUTS), channels, start_px, half=half)
    network = TextureNetwork(DynamicTexture(data, INPUTS))
    session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    for seed in range(3):
        parameters = np.random.default_rng(seed).uniform(-1, 1, len(INPUTS)).astype(np.float32)
        theirs = session.run(["texture"], {"parameters": parameters[None]})[0][0].transpose(1, 2, 0)
        ours = network.texture(parameters)
        assert (network.height_px, network.width_px) == ours.shape[:2] == (start_px << len(channels),) * 2
        assert ours.std() > 0.01
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_the_parameter_vector() -> None:
    vector = parameters_of(
        INPUTS, {"jawOpen": 0.5, "eyeBlinkLeft": 1.7, "other": 1}, {"jaw": (0.1, 0, 0)}, (0.6, 0, 0.8)
    )
    np.testing.assert_array_equal(vector, np.array([0.5, 1, 0.1, 0, 0.6, 0.8], np.float32))
    assert vector.dtype == np.float32


def test_the_vector_of_a_pose() -> None:
    avatar = replace(make_avatar(splats=1), dynamic_texture=DynamicTexture(b"", INPUTS))
    pose = pose_from(avatar, {"jawOpen": 0.25}, {"neck": (0, 0, -0.5)})
    np.testing.assert_array_equal(pose_parameters(avatar, pose), np.array([0.25, 0, 0, -0.5, 0, 1], np.float32))
    assert not pose_parameters(avatar, neutral_pose(avatar))[:-1].any()


def test_a_made_up_network_does_what_it_says() -> None:
    network = TextureNetwork(glow_network(INPUTS))
    rest, opened = (network.texture(parameters_of(INPUTS, {"jawOpen": weight}, {})) for weight in (0, 1))
    assert rest.shape == (16, 16, 3)
    assert (opened[:8, :, 0] > rest[:8, :, 0] + 0.4).all()
    np.testing.assert_array_equal(opened[8:], rest[8:])


def material(texture_px: int, mask: np.ndarray) -> Material:
    static = np.random.default_rng(0).integers(0, 256, (texture_px, texture_px, 3), np.uint8)
    return Material(static, mask, np.zeros((9, 3), np.float32))


def sampled(image: np.ndarray, row: float, column: float) -> np.ndarray:
    """Bilinear, at a place in 0..1 of height and width."""
    y, x = row * image.shape[0] - 0.5, column * image.shape[1] - 0.5
    total = np.zeros(image.shape[2:])
    for i in (int(np.floor(y)), int(np.floor(y)) + 1):
        for j in (int(np.floor(x)), int(np.floor(x)) + 1):
            inside = np.clip(i, 0, image.shape[0] - 1), np.clip(j, 0, image.shape[1] - 1)
            total += image[inside] * (1 - abs(y - i)) * (1 - abs(x - j))
    return total


@pytest.mark.parametrize(("texture_px", "mask_px", "dynamic_px"), [(96, 24, 48), (100, 33, 64), (40, 64, 80)])
def test_the_blend_equals_its_formula(texture_px: int, mask_px: int, dynamic_px: int) -> None:
    rng = np.random.default_rng(1)
    mask = np.zeros((mask_px, mask_px), np.uint8)
    mask[:6, -5:] = 255
    mask[mask_px // 2 : -3, 2:9] = rng.integers(0, 256, mask[mask_px // 2 : -3, 2:9].shape)
    dynamic = rng.uniform(0, 1, (dynamic_px, dynamic_px, 3)).astype(np.float32)
    blended = material(texture_px, mask)
    shown = TextureBlend(blended, (dynamic_px, dynamic_px)).shown(dynamic)
    for row, column in rng.integers(0, texture_px, (400, 2)):
        at = (row + 0.5) / texture_px, (column + 0.5) / texture_px
        share = sampled(mask[..., None] / 255, *at)
        static = blended.static_texture[row, column] / 255
        expected = static * (1 - share) + sampled(dynamic, *at) * share
        np.testing.assert_allclose(shown[row, column], expected, atol=1e-5)


def test_an_empty_mask_shows_the_static_texture() -> None:
    still = material(64, np.zeros((16, 16), np.uint8))
    blend = TextureBlend(still, (8, 8))
    assert list(blend.patches(np.ones((8, 8, 3), np.float32))) == []
    np.testing.assert_array_equal(blend.shown(np.ones((8, 8, 3), np.float32)), still.static_texture / np.float32(255))


def with_network(path: Path) -> Path:
    avatar = replace(make_avatar(vertices=150, splats=40, texture_px=8), dynamic_texture=glow_network(INPUTS))
    write_avatar(avatar, path)
    return path


def test_a_bundle_with_a_network(tmp_path: Path) -> None:
    bundle = with_network(tmp_path / "ada.avatar")
    assert validate_avatar(bundle) == []
    avatar = read_avatar(bundle)
    assert avatar.dynamic_texture is not None
    assert TextureNetwork(avatar.dynamic_texture).width_px == 16


def test_a_bundle_with_a_damaged_network(tmp_path: Path) -> None:
    bundle = with_network(tmp_path / "ada.avatar")
    reseal(bundle, "dynamic_texture.onnx", (bundle / "dynamic_texture.onnx").read_bytes()[:-7])
    with pytest.raises(InputError, match=r"ada\.avatar: dynamic_texture\.onnx: found .* cut short"):
        read_avatar(bundle)
    assert len(validate_avatar(bundle)) == 1


@pytest.mark.parametrize("name", ["jawShut", "root.w", "jaw", "view."])
def test_a_bundle_whose_network_wants_what_is_not_there(tmp_path: Path, name: str) -> None:
    bundle = with_network(tmp_path / "ada.avatar")
    edit(lambda m: m["dynamic_texture"]["inputs"][0].update(name=name))(bundle)
    with pytest.raises(InputError, match=f"avatar.json: found the network's input '{name}'"):
        read_avatar(bundle)


def test_a_network_that_is_not_sound_is_not_written(tmp_path: Path) -> None:
    avatar = replace(make_avatar(splats=1), dynamic_texture=DynamicTexture(b"\x08\x08", INPUTS))
    with pytest.raises(ValueError, match=r"dynamic_texture\.onnx: found no opset"):
        write_avatar(avatar, tmp_path / "ada.avatar")


def test_coefficients_of_a_head_model_are_signed() -> None:
    vector = parameters_of(("jawOpen", "expression003"), {"jawOpen": -0.5, "expression003": -1.5}, {})
    np.testing.assert_array_equal(vector, np.float32([0, -1.5]))
