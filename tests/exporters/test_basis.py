"""Textures baked from a network: what they show is what the network shows, as far as they say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from asset.networks import glow_network, texture_network
from conftest import run_headsmith
from headsmith.asset import DynamicTexture, TextureNetwork, write_avatar
from headsmith.asset.avatar import Avatar
from headsmith.asset.manifest import parameter_names
from headsmith.asset.onnx_writer import graph, model, node
from headsmith.errors import InputError
from headsmith_exporters.basis import bake
from headsmith_exporters.basis_samples import BLOCK_FRAMES, samples_of
from headsmith_exporters.basis_trunk import trunk_of
from headsmith_exporters.basis_weights import fitted_weights, through
from headsmith_exporters.onnx_format import OnnxOptions
from headsmith_exporters.registry import export


@pytest.fixture(scope="module")
def painted(avatar: Avatar) -> Avatar:
    """With a network of a few inputs, and a motion long enough to hold some of it out."""
    inputs = (*avatar.blendshapes.names[:12], "jaw.x", "view.x", "view.y", "view.z")
    motion = avatar.motions["nod"]
    rows = np.arange(8 * BLOCK_FRAMES) % len(motion.weights)
    longer = replace(motion, weights=motion.weights[rows], joint_rotations_wxyz=motion.joint_rotations_wxyz[rows],
                     head_translation_m=motion.head_translation_m[rows])  # fmt: skip
    network = DynamicTexture(texture_network(len(inputs), (4, 4), 8), inputs)
    return replace(avatar, dynamic_texture=network, motions={"nod": longer})


@pytest.fixture(scope="module")
def exported(painted: Avatar, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("basis")
    result = export(painted, folder / "ada.onnx", "onnx", OnnxOptions(bake_basis=6))
    assert result.counts["basis_textures"] == 6
    assert len(result.files) == 3 + 7
    return folder


@pytest.fixture(scope="module")
def described(exported: Path) -> dict[str, Any]:
    return json.loads((exported / "ada.texture.json").read_text())["basis"]


def bent(layer: dict[str, Any], values: np.ndarray) -> np.ndarray:
    sums = np.array(layer["matrix"]) @ values + layer["bias"]
    return np.where(sums < 0, layer["slope"] * sums, sums)


def from_files(folder: Path, basis: dict[str, Any], parameters: np.ndarray) -> np.ndarray:
    """[H, W, 3] of the pictures and numbers alone, by the formulas that the description states."""
    numbers = basis["weights"]
    code = parameters
    for layer in numbers["trunk"]:
        code = bent(layer, code)
    weights = np.array(numbers["output"]) @ bent(numbers["hidden"], code) + np.array(numbers["direct"]) @ code
    weights += numbers["bias"]
    out = np.array(Image.open(folder / basis["mean"])) / 255
    for weight, name in zip(weights, basis["textures"], strict=True):
        out += weight * ((np.array(Image.open(folder / name)).astype(float) - 128) / 127)
    return np.clip(out, 0, 1)


def test_files_alone_show_what_the_network_shows(painted: Avatar, exported: Path, described: dict[str, Any]) -> None:
    """The error that the description states is the one that a reader finds."""
    network = TextureNetwork(painted.dynamic_texture)
    mask = np.array(Image.fromarray(painted.material.dynamic_mask)) > 0
    assert described["size_px"] == [32, 32]
    for kind, unseen in (("motion", "unseen_motion"), ("mixed", "unseen_mixed")):
        parameters = getattr(samples_of(painted, network.inputs), unseen)
        errors = [((from_files(exported, described, p) - network.texture(p))[mask] ** 2).mean() for p in parameters]
        stated = described["psnr_db"][kind]
        assert -10 * np.log10(np.mean(errors)) == pytest.approx(stated["mean_db"], abs=0.05)
        assert -10 * np.log10(np.max(errors)) == pytest.approx(stated["worst_db"], abs=0.05)
        assert stated["mean_db"] > stated["still_db"] + 3


def test_more_textures_come_nearer(painted: Avatar) -> None:
    found = [bake(painted, count).motion for count in (1, 4)]
    assert found[1].mean_db > found[0].mean_db + 1
    assert found[0].still_db == pytest.approx(found[1].still_db)


def test_a_network_of_one_direction_needs_one_texture(avatar: Avatar) -> None:
    """Asked for eight; what a sigmoid bends over that one direction leaves a second, and little more."""
    lit = replace(avatar, dynamic_texture=glow_network(("jawOpen",)), motions={})
    basis = bake(lit, 8)
    assert 1 <= len(basis.textures) <= 2
    assert basis.mixed.mean_db > 40


def test_samples_hold_out_whole_blocks(painted: Avatar) -> None:
    inputs = parameter_names(painted)
    samples = samples_of(painted, inputs)
    assert len(samples.unseen_motion) == 2 * BLOCK_FRAMES
    assert len(samples.unseen_mixed) > 50
    learnt = {row.tobytes() for row in samples.learnt}
    assert not any(row.tobytes() in learnt for row in samples.unseen_mixed)
    turned = samples.unseen_motion[:, inputs.index("neck.x")]
    half = painted.motions["nod"].joint_rotations_wxyz[:, 1, 1]
    assert np.abs(turned).max() == pytest.approx(2 * np.arcsin(np.abs(half).max()), rel=1e-4)
    again = samples_of(painted, inputs)
    np.testing.assert_array_equal(samples.learnt, again.learnt)


def test_samples_without_motions_are_speech_and_rest(avatar: Avatar) -> None:
    samples = samples_of(replace(avatar, motions={}), ("jawOpen", "eyeBlinkLeft", "view.z"))
    assert samples.unseen_motion[:, 0].max() > 0.2
    assert samples.unseen_motion[:, 1].max() > 0.9
    np.testing.assert_array_equal(samples.unseen_motion[:, 2], 1)


def test_samples_of_a_head_models_own_shapes_have_both_signs(painted: Avatar) -> None:
    shapes = replace(painted.blendshapes, names=("expression_0", *painted.blendshapes.names[1:]))
    samples = samples_of(replace(painted, blendshapes=shapes), ("expression_0", "jawOpen", "view.z"))
    alone = samples.learnt[(samples.learnt[:, 0] != 0) & (samples.learnt[:, 1] == 0), 0]
    assert {-2.0, -1.0, 1.0, 2.0} <= set(alone.tolist())
    assert samples.learnt[:, 1].min() == 0


def test_weights_learn_what_is_linear_and_what_is_not() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 1, (900, 4)).astype(np.float32)
    wanted = np.stack([3 * x[:, 0] - x[:, 1] + 0.5, 4 * x[:, 2] * x[:, 3]], 1)
    fitted = fitted_weights((), x[:700], wanted[:700])
    left = ((fitted(x[700:]) - wanted[700:]) ** 2).mean(0) / wanted[700:].var(0)
    assert left[0] < 1e-2
    line = np.linalg.lstsq(np.c_[x, np.ones(900)][:700], wanted[:700], rcond=None)[0]
    of_a_line = ((np.c_[x, np.ones(900)][700:] @ line - wanted[700:]) ** 2).mean(0) / wanted[700:].var(0)
    assert left[1] < 0.5 * of_a_line[1]


@pytest.mark.parametrize("count", [-1, 33])
def test_unusable_counts_are_refused(painted: Avatar, tmp_path: Path, count: int) -> None:
    with pytest.raises(InputError, match=f"bake_basis: found {count} textures"):
        export(painted, tmp_path / "ada.onnx", "onnx", OnnxOptions(bake_basis=count))


def test_nothing_to_bake_is_refused(painted: Avatar) -> None:
    dark = replace(painted, material=replace(painted.material, dynamic_mask=np.zeros((8, 8), np.uint8)))
    with pytest.raises(InputError, match="a mask that shows nothing"):
        bake(dark, 4)
    still = replace(painted, dynamic_texture=glow_network(("mouthPucker", "jawForward")))
    with pytest.raises(InputError, match="the same picture for every pose"):
        bake(still, 4)


def chain(nodes: list[bytes], weights: dict[str, Any], width: int) -> DynamicTexture:
    """A network of two inputs: `nodes` from `parameters` to `code` [1, width], painted as one row of grey."""
    paint = [node("Reshape", ["code", "shape"], "grid"), node("Conv", ["grid", "grey"], "texture")]
    constants = {"shape": np.array([1, 1, 1, width]), "grey": np.ones((3, 1, 1, 1), np.float32)} | weights
    shapes = {"parameters": (1, 2)}, {"texture": (1, 3, 1, width)}
    return DynamicTexture(model(graph([*nodes, *paint], constants, *shapes)), ("jawOpen", "view.z"))


def test_the_trunk_is_what_the_network_computes_first() -> None:
    """Every operation that trunks have; what is not bent yet, or too wide, is left to the painting."""
    weights = {"a": np.array([[1, -2, 0.5], [3, 1, -1]], np.float16), "b": np.array([0.1, 0, -0.3], np.float32),
               "minus": np.array([-1], np.float32), "more": np.array([0.2, 0.4, 0.6], np.float32),
               "c": np.array([[1, 0, 2], [-1, 1, 1]], np.float32), "wide": np.ones((2, 300), np.float32)}  # fmt: skip
    nodes = [
        node("Cast", ["a"], "a32", to=1),
        node("Gemm", ["parameters", "a32", "b"], "1", alpha=2.0, beta=0.5),
        node("Relu", ["1"], "2"),
        node("Mul", ["2", "minus"], "3"),
        node("Add", ["more", "3"], "4"),
        node("Gemm", ["4", "c"], "5", transB=1),
        node("LeakyRelu", ["5"], "6", alpha=0.2),
        node("MatMul", ["6", "wide"], "code"),
    ]
    layers = trunk_of(chain(nodes, weights, 300))
    assert [layer.slope for layer in layers] == [0.0, pytest.approx(0.2)]
    x = np.array([[0.3, -0.8], [1.0, 0.4]], np.float32)
    first = np.maximum(2 * x @ weights["a"].astype(float) + 0.5 * weights["b"], 0)
    second = (weights["more"] - first) @ weights["c"].T
    np.testing.assert_allclose(through(layers, x), np.where(second < 0, 0.2 * second, second), atol=1e-6)


def test_a_network_that_begins_otherwise_has_no_trunk() -> None:
    painted_at_once = [node("MatMul", ["parameters", "w"], "code")]
    assert trunk_of(chain(painted_at_once, {"w": np.ones((2, 4), np.float32)}, 4)) == ()
    forked = [node("Relu", ["parameters"], "up"), node("Add", ["up", "parameters"], "code")]
    assert trunk_of(chain(forked, {}, 2)) == ()


def test_the_command_line_bakes(painted: Avatar, tmp_path: Path) -> None:
    write_avatar(painted, tmp_path / "ada.avatar")
    done = run_headsmith("export", "ada.avatar", "--format", "onnx", "--bake-basis", "2", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)["counts"]
    stated = json.loads((tmp_path / "ada.texture.json").read_text())["basis"]["psnr_db"]
    assert counts["basis_textures"] == 2
    assert counts["basis_psnr_db"] == int(min(one["mean_db"] for one in stated.values()))
    wrong = run_headsmith("export", "ada.avatar", "--format", "onnx", "--bake-basis", "many", "--force", cwd=tmp_path)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "bake_basis='many'" in wrong.stderr
    other = run_headsmith("export", "ada.avatar", "--format", "ply", "--bake-basis", "2", cwd=tmp_path)
    assert (other.returncode, other.stderr.count("\n")) == (2, 1)
