"""Hostile accessories: whatever a .glb holds, it is worn as a valid mesh or refused in one sentence."""

from __future__ import annotations

import copy
import io
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from exporters.hostile_json import spoilt
from gltf_parts import Parts, glb_bytes
from headsmith.errors import InputError
from headsmith_exporters.accessory_file import MAX_VERTICES, read_accessory
from headsmith_exporters.worn import Worn


@cache
def good(folder: Path) -> Parts:
    """A textured, tinted box in a turned node, with one more material of every kind of field."""
    picture = Image.fromarray(np.full((4, 4, 3), 90, np.uint8))
    box = trimesh.creation.box((3, 1, 2))
    material = trimesh.visual.material.PBRMaterial(baseColorTexture=picture, alphaMode="MASK", alphaCutoff=0.4)
    box.visual = trimesh.visual.TextureVisuals(uv=box.vertices[:, :2], material=material)
    scene = trimesh.Scene()
    scene.add_geometry(box, transform=trimesh.transformations.rotation_matrix(0.4, (0, 1, 0)))
    path = folder / "good.glb"
    path.write_bytes(scene.export(file_type="glb"))
    return Parts(path)


def outcome(path: Path, data: bytes) -> Worn | str:
    """What is worn, or the sentence; anything else fails."""
    path.write_bytes(data)
    try:
        worn = read_accessory(path)
    except InputError as error:
        sentence = str(error)
        assert re.fullmatch(rf"{re.escape(str(path))}: found [^\n]+, expected [^\n]+; [^\n]+\.", sentence)
        return sentence
    assert_sound(worn)
    return worn


def assert_sound(worn: Worn) -> None:
    assert worn.parts
    for part in worn.parts:
        count = len(part.vertices)
        assert part.normals.shape == part.vertices.shape == (count, 3)
        assert all(uvs.shape == (count, 2) for uvs in part.uvs)
        assert part.colors is None or part.colors.shape == (count, 4)
        assert np.isfinite(part.vertices).all()
        np.testing.assert_allclose(np.linalg.norm(part.normals, axis=1), 1, atol=1e-4)
        assert part.faces.min() >= 0
        assert part.faces.max() < count
        assert part.material is None or part.material < len(worn.materials)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


def test_the_good_one_is_worn(folder: Path) -> None:
    file = good(folder)
    worn = outcome(folder / "a.glb", glb_bytes(file.json, file.binary))
    assert isinstance(worn, Worn)
    assert worn.materials[0]["alphaMode"] == "MASK"
    assert Image.open(io.BytesIO(worn.textures[0].data)).size == (4, 4)


@pytest.mark.parametrize(
    "text", [b"", b"null", b"[]", b"{", b"[" * 100_000, b'{"scenes":NaN}', b"\xff\xfe"], ids=range(7)
)
def test_texts(folder: Path, text: bytes) -> None:
    assert isinstance(outcome(folder / "a.glb", glb_bytes(text)), str)


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_positions_that_are_no_numbers(folder: Path, value: float) -> None:
    file = good(folder)
    accessor = file.json["accessors"][file.json["meshes"][0]["primitives"][0]["attributes"]["POSITION"]]
    start = file.json["bufferViews"][accessor["bufferView"]].get("byteOffset", 0)
    data = file.binary[:start] + np.float32(value).tobytes() + file.binary[start + 4 :]
    assert isinstance(outcome(folder / "a.glb", glb_bytes(file.json, data)), str)


def test_what_a_few_bytes_unfold_to_is_limited(folder: Path) -> None:
    """Thousands of nodes that share one mesh, and accessors of millions."""
    file = good(folder)
    document = copy.deepcopy(file.json)
    mesh = next(node["mesh"] for node in document["nodes"] if "mesh" in node)
    document["nodes"] = [{"mesh": mesh}] * 9999
    document["scenes"] = [{"nodes": list(range(9999))}]
    document["scene"] = 0
    document["meshes"][mesh]["primitives"] *= 100
    assert f"more than {MAX_VERTICES}" in str(outcome(folder / "a.glb", glb_bytes(document, file.binary)))
    document |= {"nodes": [{"children": [1]}, {"children": [0]}], "scenes": [{"nodes": [0]}]}
    assert "no tree" in str(outcome(folder / "a.glb", glb_bytes(document, file.binary)))


def test_a_node_that_turns_everything_flat(folder: Path) -> None:
    file = good(folder)
    document = copy.deepcopy(file.json)
    for node in document["nodes"]:
        node.pop("matrix", None)
        node["scale"] = [1, 0, 1]
    assert "scaled to nothing" in str(outcome(folder / "a.glb", glb_bytes(document, file.binary)))


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_value_in_any_place(folder: Path, data: st.DataObject) -> None:
    file = good(folder)
    outcome(folder / "any.glb", glb_bytes(spoilt(file.json, data), file.binary))
