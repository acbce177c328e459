"""The network and its file: what torch, numpy and onnxruntime make of it, and what unknown parameters do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from headsmith.asset import DynamicTexture, TextureNetwork
from headsmith.head_model.default import load_default_head
from headsmith.texture import DynamicParams
from headsmith.texture.dynamic_inputs import expression_mix, find_latents, input_names, rest_vector, vector
from headsmith.texture.dynamic_network import Sizes, TextureNet, reduced
from headsmith.texture.dynamic_onnx import onnx_of, rounded
from headsmith.texture.dynamic_optimise import optimise
from headsmith.types import no_progress

PARAMS = DynamicParams(sizes=Sizes(texture_px=128), steps=800, batch=2)


@pytest.fixture(scope="module")
def inputs() -> tuple[str, ...]:
    return input_names(load_default_head())


@pytest.fixture(scope="module")
def static() -> np.ndarray:
    y, x = np.mgrid[:512, :512] / 511
    picture = np.stack([0.4 + 0.5 * x, 0.3 + 0.4 * y, 0.5 + 0.3 * np.sin(40 * x) * np.sin(30 * y)], -1)
    return np.round(255 * picture).astype(np.uint8)


@pytest.fixture(scope="module")
def faces(inputs) -> np.ndarray:
    """[6, P] the mouth opens, an eye closes, both together, from two sides."""
    out = np.tile(rest_vector(inputs), (6, 1))
    for row, (jaw, lid) in enumerate([(0, 0), (1, 0), (0, 1), (1, 1), (0.5, 0), (0, 0.5)]):
        out[row, inputs.index("jawOpen")] = jaw
        out[row, inputs.index("eyeBlinkLeft")] = lid
    out[3:, inputs.index("view.x")] = 0.4
    return out


@pytest.fixture(scope="module")
def network(inputs, static, faces) -> TextureNet:
    """Random weights throughout, rounded for the file."""
    torch.manual_seed(2)
    made = TextureNet(find_latents(faces, inputs), static, Sizes())
    with torch.no_grad():
        for parameter in (*made.fine.parameters(), *made.coarse.parameters()):
            parameter.normal_(0, 0.3)
        made.images.weight.normal_(0, 0.5)
    rounded(made)
    return made


def test_torch_numpy_and_onnxruntime_agree(network, inputs, faces):
    runtime = pytest.importorskip("onnxruntime")
    data = onnx_of(network)
    session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    ours = TextureNetwork(DynamicTexture(data, inputs))
    random = np.random.default_rng(0)
    for parameters in (*faces, random.normal(0, 2, len(inputs)).astype(np.float32)):
        with torch.no_grad():
            wanted = network(torch.from_numpy(parameters)[None])[0].permute(1, 2, 0).numpy()
        assert wanted.std() > 0.05
        assert np.abs(ours.texture(parameters) - wanted).max() < 1e-4
        theirs = session.run(None, {"parameters": parameters[None]})[0][0].transpose(1, 2, 0)
        assert np.abs(theirs - wanted).max() < 1e-4


def test_the_file_is_valid_and_small(network):
    onnx = pytest.importorskip("onnx")
    data = onnx_of(network)
    assert len(data) <= 2_000_000
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)


def test_untrained_it_is_the_static_texture(inputs, static):
    plain = TextureNet(find_latents(np.zeros((0, len(inputs)), np.float32), inputs), static, Sizes())
    rounded(plain)
    shown = TextureNetwork(DynamicTexture(onnx_of(plain), inputs)).texture(rest_vector(inputs))
    apart = np.abs(shown - reduced(static, 512))
    assert apart.mean() < 0.01
    assert np.quantile(apart, 0.99) < 0.06


@pytest.fixture(scope="module")
def fitted(inputs, static, faces) -> TextureNetwork:
    """The upper half turns darker as the mouth opens, a square turns red as the eye closes."""
    base = reduced(static, 128)

    def wanted(row: int) -> np.ndarray:
        jaw, lid = (faces[row, inputs.index(name)] for name in ("jawOpen", "eyeBlinkLeft"))
        texture = base.copy()
        texture[:64] *= 1 - 0.4 * jaw
        texture[75:100, 25:50] += lid * np.array([0.3, -0.2, -0.2], np.float32)
        return np.clip(texture, 0, 1).transpose(2, 0, 1)

    textures = torch.from_numpy(np.stack([wanted(row) for row in range(len(faces))]))
    network = TextureNet(find_latents(faces, inputs), static, PARAMS.sizes)
    optimise(network, faces, lambda made, rows: (made - textures[rows]).abs().mean(), PARAMS, no_progress)
    rounded(network)
    return TextureNetwork(DynamicTexture(onnx_of(network), inputs))


def test_it_learns_what_parameters_do(fitted, static, faces):
    base = reduced(static, 128)
    opened, closed = fitted.texture(faces[1]), fitted.texture(faces[2])
    assert np.abs(opened[5:58, 5:] - 0.6 * base[5:58, 5:]).mean() < 0.05
    assert np.abs(opened[70:, 5:22] - base[70:, 5:22]).mean() < 0.04
    assert (closed - base)[78:97, 28:47, 0].mean() > 0.15
    assert np.abs(closed[78:97, 60:] - base[78:97, 60:]).mean() < 0.04


def test_what_training_never_showed_changes_nothing(fitted, inputs, faces):
    before = fitted.texture(faces[0])
    other = faces[0].copy()
    for name in ("tongueOut", "mouthSmileLeft", "jaw.x", "view.y"):
        other[inputs.index(name)] = 1
    assert np.array_equal(fitted.texture(other), before)


def test_beyond_what_training_showed_it_stays_as_at_the_edge(fitted, inputs, faces):
    beyond = faces[3].copy()
    for name in ("jawOpen", "eyeBlinkLeft", "view.x"):
        beyond[inputs.index(name)] = 50
    edge = faces[3].copy()
    assert np.abs(fitted.texture(beyond) - fitted.texture(edge)).max() < 1e-4


def test_arkit_and_a_heads_own_coefficients_drive_alike():
    arkit = load_default_head()
    random = np.random.default_rng(4)
    turn = np.linalg.qr(random.normal(size=(52, 52)))[0].astype(np.float32)
    own = replace(arkit, exprdirs=arkit.exprdirs @ turn, expression_names=tuple(f"expression{k}" for k in range(52)))
    names, mix = input_names(own), expression_mix(own)
    assert names[52] == "expression0"
    assert mix.shape == (len(names), len(names) - 52)
    by_arkit = np.zeros(len(names), np.float32)
    by_arkit[[names.index("jawOpen"), names.index("eyeBlinkLeft")]] = 1, 0.5
    wanted = arkit.exprdirs @ by_arkit[:52]
    found = own.exprdirs @ (by_arkit @ mix)[:52]
    assert np.linalg.norm(found - wanted) < 0.05 * np.linalg.norm(wanted)
    by_own = vector(own, random.normal(size=52).astype(np.float32), np.zeros((5, 3), np.float32), np.eye(3)[2])
    assert np.array_equal(by_own @ mix, by_own[52:])
    assert expression_mix(arkit) is None
