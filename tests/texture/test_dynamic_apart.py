"""A face in which eyes and mouth always moved together: apart, each keeps its own half of the texture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from headsmith.head_model.default import load_default_head
from headsmith.head_model.model import HeadModel
from headsmith.texture import DynamicParams
from headsmith.texture.dynamic_apart import Half, halves_of, strangers
from headsmith.texture.dynamic_inputs import find_latents, input_names, rest_vector
from headsmith.texture.dynamic_network import Sizes, TextureNet
from headsmith.texture.dynamic_optimise import optimise
from headsmith.texture.uv import build_atlas
from headsmith.types import F32, no_progress

PARAMS = DynamicParams(sizes=Sizes(texture_px=128), steps=400, batch=2)
EXAMPLES = 9


@pytest.fixture(scope="module")
def model() -> HeadModel:
    return load_default_head()


@pytest.fixture(scope="module")
def inputs(model: HeadModel) -> tuple[str, ...]:
    return input_names(model)


@pytest.fixture(scope="module")
def halves(model: HeadModel, inputs: tuple[str, ...]) -> tuple[Half, Half]:
    return halves_of(model, inputs, 128, torch.device("cpu"))


@pytest.fixture(scope="module")
def faces(inputs: tuple[str, ...]) -> F32:
    """[9, P] who smiles squints."""
    out = np.tile(rest_vector(inputs), (EXAMPLES, 1))
    for name in ("mouthSmileLeft", "mouthSmileRight", "eyeSquintLeft", "eyeSquintRight"):
        out[:, inputs.index(name)] = np.linspace(0, 1, EXAMPLES)
    return out


def trained(faces: F32, inputs: tuple[str, ...], halves: tuple[Half, Half], params: DynamicParams) -> TextureNet:
    """The whole face grows darker with the smile."""
    static = np.full((128, 128, 3), 160, np.uint8)
    smile = torch.from_numpy(faces[:, inputs.index("mouthSmileLeft")])[:, None, None, None]
    wanted = (160 / 255 * (1 - 0.5 * smile)).expand(-1, 3, 128, 128)
    network = TextureNet(find_latents(faces, inputs), static, params.sizes)
    optimise(network, faces, lambda made, rows: (made - wanted[rows]).abs().mean(), params, no_progress, halves)
    return network


def changes(
    network: TextureNet, inputs: tuple[str, ...], halves: tuple[Half, Half], names: tuple[str, ...]
) -> list[float]:
    """How much of the full change the parameters of some names alone make in the upper and in the lower half."""
    some, every = np.tile(rest_vector(inputs), (2, 1))
    for name in ("mouthSmileLeft", "mouthSmileRight", "eyeSquintLeft", "eyeSquintRight"):
        every[inputs.index(name)] = 1
        some[inputs.index(name)] = float(name in names)
    with torch.no_grad():
        rest, part, whole = network(torch.from_numpy(np.stack([rest_vector(inputs), some, every])))
    return [float(((part - rest).mean(0) * h.weight).sum() / ((whole - rest).mean(0) * h.weight).sum()) for h in halves]


def test_halves_are_where_eyes_and_mouth_are(
    model: HeadModel, inputs: tuple[str, ...], halves: tuple[Half, Half]
) -> None:
    atlas = build_atlas(model, 128)
    upper, lower = (half.weight[0].numpy().reshape(-1) for half in halves)
    eyes = atlas.texel[model.faces_of("eye_left", "eye_right")[atlas.triangle]]
    teeth = atlas.texel[model.faces_of("teeth_upper", "teeth_lower")[atlas.triangle]]
    assert upper[eyes].min() > 0
    assert not upper[teeth].any()
    assert lower[teeth].min() > 0
    assert not lower[eyes].any()
    assert upper.sum() == pytest.approx(1, abs=1e-4)
    assert lower.sum() == pytest.approx(1, abs=1e-4)
    names = [{inputs[i] for i in half.columns.tolist()} for half in halves]
    assert not names[0] & names[1]
    assert {"browInnerUp", "eyeLookUpLeft", "left_eye.x"} <= names[0]
    assert {"jawOpen", "mouthSmileLeft", "jaw.x", "tongueOut"} <= names[1]
    assert not {"neck.x", "view.x"} & (names[0] | names[1])


def test_strangers_take_one_half_from_others(faces: F32, halves: tuple[Half, Half]) -> None:
    vectors, random = torch.from_numpy(faces), np.random.default_rng(1)
    made = strangers(vectors, [0] * 200, halves[0], random)
    columns = halves[0].columns
    others = np.setdiff1d(np.arange(vectors.shape[1]), columns.numpy())
    assert torch.equal(made[:, others], vectors[[0] * 200][:, others])
    # every value is somebody's, and the two squints come from different examples
    assert torch.isin(made[:, columns], vectors[:, columns]).all()
    squints = made[:, columns][:, vectors[:, columns].amax(0) > 0]
    assert (squints[:, 0] != squints[:, 1]).any()


def test_eyes_alone_leave_the_mouth_and_the_mouth_leaves_the_eyes(
    faces: F32, inputs: tuple[str, ...], halves: tuple[Half, Half]
) -> None:
    squint, smile = ("eyeSquintLeft", "eyeSquintRight"), ("mouthSmileLeft", "mouthSmileRight")
    mixed = trained(faces, inputs, halves, replace(PARAMS, apart=0.0))
    apart = trained(faces, inputs, halves, PARAMS)
    assert changes(mixed, inputs, halves, squint)[1] > 0.25
    assert changes(apart, inputs, halves, squint)[1] < 0.15
    assert changes(apart, inputs, halves, smile)[0] < 0.15
    assert changes(apart, inputs, halves, squint)[0] > 0.5
    assert changes(apart, inputs, halves, smile)[1] > 0.5
