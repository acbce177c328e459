"""The code in docs/engines, run where it can run, against Headsmith's own numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exporters.engine_pages import write_code
from gltf_readers.programs import Missing, command
from headsmith.asset import TextureBlend, TextureNetwork, parameters_of
from headsmith.asset.avatar import Avatar
from headsmith_exporters.glb import GlbOptions
from headsmith_exporters.onnx_format import OnnxOptions
from headsmith_exporters.registry import export
from node_readers import refuse

NEUTRAL: dict[str, Any] = {}
SMILE = {"weights": {"mouthSmileLeft": 0.8, "mouthSmileRight": 1.7, "jawOpen": -0.3}, "view": [0.6, 0.0, 0.8]}
TURNED = {
    "weights": {"jawOpen": 0.5},
    "joints": {"Head": [0.0, -np.sin(0.2), 0.0, -np.cos(0.2)], "Jaw": [np.sin(0.1), 0.0, 0.0, np.cos(0.1)]},
}
"""the head by 0.4 rad to its left, as the quaternion with the other sign; the jaw by 0.2 rad"""


@pytest.fixture(scope="module")
def files(painted: Avatar, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    export(painted, folder / "ada.onnx", "onnx", OnnxOptions(bake_basis=3))
    return folder


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_code(tmp_path_factory.mktemp("code") / "page", "onnxruntime-web.md", "baked-textures.md")
    assert {file.name for file in folder.glob("*.js")} == {
        "dynamic-texture.js", "dynamic-material.js", "page.js", "baked-weights.js",
    }  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def answered(readers: Any, files: Path, code: Path) -> dict[str, Any]:
    request = files / "request.json"
    request.write_text(json.dumps({"contract": "ada.texture.json", "poses": [NEUTRAL, SMILE, TURNED]}))
    return readers.run("onnx_page.mjs", code, files, request)


@pytest.fixture(scope="module")
def browser() -> str:
    try:
        return command(["chromium", "chromium-browser", "google-chrome"], "chromium")
    except Missing as missing:
        refuse(missing)


def expected_parameters(painted: Avatar) -> list[np.ndarray]:
    inputs = painted.dynamic_texture.inputs
    smile = {"mouthSmileLeft": 0.8, "mouthSmileRight": 1.0, "jawOpen": 0.0}
    turns = {"neck": (0.0, 0.4, 0.0), "jaw": (0.2, 0.0, 0.0)}
    return [
        parameters_of(inputs, {}, {}),
        parameters_of(inputs, smile, {}, (0.6, 0.0, 0.8)),
        parameters_of(inputs, {"jawOpen": 0.5}, turns),
    ]


def test_the_page_gathers_our_parameters(painted: Avatar, readers: Any, answered: dict[str, Any]) -> None:
    for answer, expected in zip(answered["answers"], expected_parameters(painted), strict=True):
        np.testing.assert_allclose(readers.floats(answer["parameters"], len(expected)), expected, atol=1e-6)


def test_the_page_paints_our_texture(painted: Avatar, readers: Any, answered: dict[str, Any]) -> None:
    network = TextureNetwork(painted.dynamic_texture)
    assert answered["size"] == [64, 64]
    assert answered["largestError"] < 1e-5
    pictures = []
    for answer, parameters in zip(answered["answers"], expected_parameters(painted), strict=True):
        ours = network.texture(parameters)
        planes = readers.floats(answer["planes"], 3, 64, 64)
        np.testing.assert_allclose(planes.transpose(1, 2, 0), ours, atol=1e-5)
        pictures.append(readers.floats(answer["pixels"], 64, 64, 4))
        np.testing.assert_allclose(pictures[-1][..., :3], 255 * ours, atol=0.51)
        assert (pictures[-1][..., 3] == 255).all()
    assert np.abs(pictures[0] - pictures[1]).max() > 20


def test_the_page_weighs_baked_textures_as_stated(readers: Any, answered: dict[str, Any], files: Path) -> None:
    basis = json.loads((files / "ada.texture.json").read_text())["basis"]
    neutral = readers.floats(answered["answers"][0]["weights"], 3)
    np.testing.assert_allclose(neutral, basis["checks"][0]["weights"], atol=1e-5)
    smile = readers.floats(answered["answers"][1]["weights"], 3)
    assert np.abs(smile - neutral).max() > 1e-3


def test_the_page_shows_our_texture_in_a_browser(
    painted: Avatar, readers: Any, files: Path, code: Path, browser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every pixel of the blended texture, as a browser draws it in sRGB."""
    export(painted, files / "ada.glb", "glb", GlbOptions(texture="png"))
    monkeypatch.setenv("CHROMIUM", browser)
    seen = readers.run("onnx_browser.mjs", code, files, "ada.glb", 64)
    assert seen["said"] == []
    # OpenGL's first row is the lowest one, which the square shows at v = 1
    shown = np.array(seen["pixels"], np.float32).reshape(64, 64, 4)[::-1, :, :3]
    network = TextureNetwork(painted.dynamic_texture)
    dynamic = network.texture(parameters_of(network.inputs, {"jawOpen": 0.5}, {}))
    expected = 255 * TextureBlend(painted.material, (64, 64)).shown(dynamic)
    np.testing.assert_allclose(shown, expected, atol=2)
    assert np.abs(shown - painted.material.static_texture).max() > 50
