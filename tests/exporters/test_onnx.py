"""The dynamic texture as engines get it: network, description and mask, run by readers that share no code with ours."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from asset.networks import glow_network
from headsmith.asset import TextureNetwork
from headsmith.asset.avatar import Avatar
from headsmith.errors import InputError
from headsmith_exporters.glb import GlbOptions, encode
from headsmith_exporters.gltf_reader import read_glb
from headsmith_exporters.onnx_contract import contract, neutral_parameters
from headsmith_exporters.onnx_pointer import changed_materials
from headsmith_exporters.registry import export


@pytest.fixture(scope="module")
def exported(painted: Avatar, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("onnx")
    result = export(painted, folder / "ada.onnx", "onnx")
    assert [file.name for file in result.files] == ["ada.mask.png", "ada.texture.json", "ada.onnx"]
    assert result.counts == {"inputs": len(painted.dynamic_texture.inputs), "width_px": 64, "height_px": 64}
    return folder


@pytest.fixture(scope="module")
def described(exported: Path) -> dict[str, Any]:
    return json.loads((exported / "ada.texture.json").read_text())


def test_the_network_is_ours_with_an_opset_that_engines_read(painted: Avatar, exported: Path) -> None:
    onnx, onnxruntime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    whole = onnx.load(exported / "ada.onnx")
    onnx.checker.check_model(whole, full_check=True)
    assert [(one.domain, one.version) for one in whole.opset_import] == [("", 15)]
    assert onnx.load_from_string(painted.dynamic_texture.onnx).opset_import[0].version == 17
    session = onnxruntime.InferenceSession(exported / "ada.onnx", providers=["CPUExecutionProvider"])
    ours = TextureNetwork(painted.dynamic_texture)
    for parameters in np.random.default_rng(3).uniform(0, 1, (3, len(ours.inputs))).astype(np.float32):
        (theirs,) = session.run(["texture"], {"parameters": parameters[None]})
        np.testing.assert_allclose(theirs[0].transpose(1, 2, 0), ours.texture(parameters), atol=1e-5)


def test_the_description_says_what_the_files_are(painted: Avatar, exported: Path, described: dict[str, Any]) -> None:
    data = (exported / described["network"]["file"]).read_bytes()
    assert (described["network"]["bytes"], described["network"]["sha256"]) == (
        len(data), hashlib.sha256(data).hexdigest())  # fmt: skip
    assert described["network"]["output"]["shape"] == [1, 3, 64, 64]
    mask = np.array(Image.open(exported / described["mask"]["file"]))
    np.testing.assert_array_equal(mask, painted.material.dynamic_mask)
    assert described["mask"]["size_px"] == [32, 32]
    assert described["replaces"]["size_px"] == [64, 64]


def test_inputs_are_named_as_the_glb_names_them(painted: Avatar, described: dict[str, Any]) -> None:
    assert [one["name"] for one in described["inputs"]] == list(painted.dynamic_texture.inputs)
    by_name = {one["name"]: one for one in described["inputs"]}
    assert by_name["jawOpen"] == {"name": "jawOpen", "kind": "blendshape", "morph_target": "jawOpen",
                                  "unit": "weight", "minimum": 0.0, "maximum": 1.0, "neutral": 0.0}  # fmt: skip
    assert by_name["view.z"]["neutral"] == 1.0
    glb = read_glb(encode(painted, "ada", GlbOptions()).files["ada.glb"], "ada.glb").json
    nodes = {node["name"] for node in glb["nodes"]}
    joints = {one["joint"] for one in described["inputs"] if one["kind"] == "joint"}
    assert joints == {"Neck", "Head", "Jaw", "LeftEye", "RightEye"} <= nodes
    targets = [one["morph_target"] for one in described["inputs"] if one["kind"] == "blendshape"]
    assert targets == glb["meshes"][0]["extras"]["targetNames"]


def test_its_checks_hold(painted: Avatar, described: dict[str, Any]) -> None:
    """The numbers by which an integration proves itself are under the mask, and differ between the two poses."""
    network = TextureNetwork(painted.dynamic_texture)
    seen = []
    for check in described["checks"]:
        picture = network.texture(np.array(check["parameters"], np.float32))
        seen.append([picture[p["row"], p["column"]] for p in check["pixels"]])
        np.testing.assert_allclose(seen[-1], [p["rgb"] for p in check["pixels"]], atol=1e-5)
        for pixel in check["pixels"]:
            assert painted.material.dynamic_mask[pixel["row"] // 2, pixel["column"] // 2] == 255
    assert np.abs(np.subtract(*seen)).max() > 0.02


def test_the_glb_points_to_it(painted: Avatar, described: dict[str, Any], readers: Any, tmp_path: Path) -> None:
    export(painted, tmp_path / "ada.glb", "glb")
    glb = read_glb((tmp_path / "ada.glb").read_bytes(), "ada.glb").json
    assert glb["asset"]["extras"]["headsmith"]["dynamic_texture"] == {
        "contract": "ada.texture.json", "network": "ada.onnx", "network_sha256": described["network"]["sha256"],
    }  # fmt: skip
    pointed = {m["name"] for m in glb["materials"] if "dynamic_texture" in m.get("extras", {}).get("headsmith", {})}
    assert pointed == set(described["replaces"]["materials"]) == {"skin"}
    (report,) = readers.run("validate.mjs", tmp_path / "ada.glb")
    assert report["issues"]["messages"] == []


def test_a_plain_avatar_points_nowhere(avatar: Avatar) -> None:
    glb = read_glb(encode(avatar, "ada", GlbOptions()).files["ada.glb"], "ada.glb").json
    assert "dynamic_texture" not in json.dumps(glb)


def test_materials_under_the_mask(painted: Avatar) -> None:
    """The mask of the made-up avatar, moved over the tiles of the eyes and the teeth."""
    mask = np.zeros((32, 32), np.uint8)
    mask[28, 2] = 1
    assert changed_materials(replace(painted, material=replace(painted.material, dynamic_mask=mask))) == ("eyes",)
    mask[28, 18] = 1
    assert changed_materials(replace(painted, material=replace(painted.material, dynamic_mask=mask))) == (
        "eyes", "teeth")  # fmt: skip
    nothing = replace(painted.material, dynamic_mask=np.zeros_like(mask))
    assert changed_materials(replace(painted, material=nothing)) == ()


def test_own_coefficients_and_missing_views(painted: Avatar) -> None:
    """A network may listen to a few parameters only, and to a head model's own coefficients."""
    shapes = replace(painted.blendshapes, names=("expression_0", *painted.blendshapes.names[1:]))
    network = glow_network(("expression_0", "jawOpen", "jaw.x"))
    inputs = contract(replace(painted, blendshapes=shapes, dynamic_texture=network), "ada")["inputs"]
    assert [(one["minimum"], one["maximum"]) for one in inputs[:2]] == [(-5.0, 5.0), (0.0, 1.0)]
    np.testing.assert_array_equal(neutral_parameters(network.inputs), [0, 0, 0])


def test_an_avatar_without_one_is_refused(avatar: Avatar, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no dynamic texture") as caught:
        export(avatar, tmp_path / "ada.onnx", "onnx")
    assert str(caught.value).count(".") == 1
    assert list(tmp_path.iterdir()) == []
