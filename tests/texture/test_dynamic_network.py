"""The network and its file: what torch, numpy and onnxruntime make of it, and what unknown parameters do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from headsmith.asset import DynamicTexture, TextureNetwork
from headsmith.head_model.default import load_default_head
from headsmith.texture import DynamicParams, TextureExamples, TextureTarget, fit_network
from headsmith.texture.dynamic_inputs import find_latents, input_names, rest_vector
from headsmith.texture.dynamic_network import Sizes, TextureNet, reduced
from headsmith.texture.dynamic_onnx import onnx_of, rounded

PARAMS = DynamicParams(steps=60, batch=2, rate=0.02)


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
    plain = fit_network(TextureExamples(static, np.zeros((0, len(inputs)), np.float32), inputs, lambda _: None), PARAMS)
    network = TextureNetwork(plain)
    shown = network.texture(rest_vector(inputs))
    apart = np.abs(shown - reduced(static, 512))
    assert apart.mean() < 0.01
    assert np.quantile(apart, 0.99) < 0.06


@pytest.fixture(scope="module")
def fitted(inputs, static, faces) -> tuple[TextureNetwork, list[float]]:
    """The upper half turns darker as the mouth opens."""
    base = reduced(static, 512)
    weight = np.ones((512, 512), np.float32)
    weight[:, 400:] = 0

    def target(row: int) -> TextureTarget:
        jaw = faces[row, inputs.index("jawOpen")]
        wanted = base.copy()
        wanted[:256] *= 1 - 0.4 * jaw
        return TextureTarget(np.clip(wanted, 0, 1), weight)

    told: list[float] = []
    made = fit_network(TextureExamples(static, faces, inputs, target), PARAMS, told.append)
    return TextureNetwork(made), told


def test_it_learns_what_parameters_do(fitted, static, faces):
    network, _ = fitted
    base = reduced(static, 512)
    opened = network.texture(faces[1])
    assert np.abs(opened[20:230, 20:380] - 0.6 * base[20:230, 20:380]).mean() < 0.05
    assert np.abs(opened[280:, 20:90] - base[280:, 20:90]).mean() < 0.03


def test_what_training_never_showed_changes_nothing(fitted, inputs, faces):
    network, _ = fitted
    before = network.texture(faces[0])
    other = faces[0].copy()
    for name in ("tongueOut", "mouthSmileLeft", "jaw.x", "view.y"):
        other[inputs.index(name)] = 1
    assert np.array_equal(network.texture(other), before)


def test_beyond_what_training_showed_it_stays_as_at_the_edge(fitted, inputs, faces):
    network, _ = fitted
    beyond = faces[3].copy()
    for name in ("jawOpen", "eyeBlinkLeft", "view.x"):
        beyond[inputs.index(name)] = 50
    edge = faces[3].copy()
    assert np.abs(network.texture(beyond) - network.texture(edge)).max() < 1e-4


def test_progress_and_repetition(fitted, inputs, static, faces):
    _, told = fitted
    assert told == sorted(told)
    assert told[-1] == 1
    target = TextureTarget(reduced(static, 512), np.ones((512, 512), np.float32))
    examples = TextureExamples(static, faces, inputs, lambda _: target)
    files = [fit_network(examples, replace(PARAMS, steps=2)).onnx for _ in range(2)]
    assert files[0] == files[1]
