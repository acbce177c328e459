"""The GLB writer, read back in Python."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import Avatar
from headsmith.errors import InputError
from headsmith_exporters.glb import GlbOptions, encode, encode_gltf
from headsmith_exporters.mesh_parts import split_mesh
from headsmith_exporters.skin_weights import strongest_joints


def document(glb: bytes) -> dict[str, Any]:
    magic, version, length, json_length, kind = struct.unpack("<4sII I4s", glb[:20])
    assert (magic, version, length, kind) == (b"glTF", 2, len(glb), b"JSON")
    assert json_length % 4 == 0
    return json.loads(glb[20 : 20 + json_length])


@pytest.mark.parametrize("options", [GlbOptions(), GlbOptions(profile="web", lods=1, accessories=("headband",))])
def test_bytes_are_deterministic(avatar: Avatar, options: GlbOptions) -> None:
    assert encode(avatar, "a", options) == encode(avatar, "a", options)


def test_only_core_gltf_in_a_plain_order(avatar: Avatar) -> None:
    doc = document(encode(avatar, "a", GlbOptions()).files["a.glb"])
    assert not {"extensionsUsed", "extensionsRequired", "cameras"} & set(doc)
    nodes = doc["nodes"]
    assert [nodes[i]["name"] for i in doc["scenes"][0]["nodes"]] == ["Armature", "head", "eyes", "teeth"]
    assert [nodes[i]["name"] for i in doc["skins"][0]["joints"]] == ["Neck", "Head", "Jaw", "LeftEye", "RightEye"]
    assert [material["name"] for material in doc["materials"]] == ["skin", "eyes", "teeth"]
    assert all(view["byteOffset"] % 4 == 0 for view in doc["bufferViews"])
    assert all(accessor["count"] > 0 for accessor in doc["accessors"])


def test_asset_says_where_it_comes_from(avatar: Avatar) -> None:
    provenance = replace(avatar.provenance, consent="I agree.")
    asset = document(encode(replace(avatar, provenance=provenance), "a", GlbOptions()).files["a.glb"])["asset"]
    assert asset["generator"] == "Headsmith 0.1.0"
    assert asset["copyright"] == "Head model: synthetic, CC0-1.0"
    origin = asset["extras"]["headsmith"]
    assert (origin["consent"], origin["created"]) == ("I agree.", avatar.provenance.created)


def test_texture_and_uvs_agree(avatar: Avatar) -> None:
    """The colour that a reader samples at each vertex is the colour of our texture there."""
    texture = np.zeros((64, 64, 3), np.uint8)
    texture[:32, :, 0], texture[:, 32:, 1] = 255, 255
    painted = replace(avatar, material=replace(avatar.material, static_texture=texture))
    scene = trimesh.load(io.BytesIO(encode(painted, "a", GlbOptions(texture="png")).files["a.glb"]), file_type="glb")
    assert set(scene.geometry) == {"head", "eyes", "teeth"}
    for part in split_mesh(avatar.head):
        mesh = scene.geometry[part.name]
        assert len(mesh.faces) == len(part.faces)
        image = np.asarray(mesh.visual.material.baseColorTexture.convert("RGB"))
        # trimesh, as our own arrays, counts v from the bottom
        np.testing.assert_allclose(mesh.visual.uv, part.uvs, atol=1e-6)
        away = (np.abs(part.uvs - 0.5) > 0.02).all(1)
        column = np.clip(mesh.visual.uv[away, 0] * 64, 0, 63).astype(int)
        row = np.clip((1 - mesh.visual.uv[away, 1]) * 64, 0, 63).astype(int)
        u, v = part.uvs[away].T
        assert (image[row, column] == np.stack([(v > 0.5) * 255, (u > 0.5) * 255, 0 * u], 1)).all()


def test_a_gltf_has_its_files_beside_it(avatar: Avatar, tmp_path: Path) -> None:
    """The same meshes and texture as in the .glb."""
    encoded = encode_gltf(avatar, "ada", GlbOptions(texture="png"))
    assert list(encoded.files) == ["ada_static_texture.png", "ada.bin", "ada.gltf"]
    assert encoded.counts == encode(avatar, "a", GlbOptions()).counts
    for name, data in encoded.files.items():
        (tmp_path / name).write_bytes(data)
    beside = trimesh.load(tmp_path / "ada.gltf")
    embedded = trimesh.load(io.BytesIO(encode(avatar, "a", GlbOptions(texture="png")).files["a.glb"]), file_type="glb")
    for name, mesh in embedded.geometry.items():
        np.testing.assert_array_equal(beside.geometry[name].vertices, mesh.vertices)
        np.testing.assert_array_equal(beside.geometry[name].faces, mesh.faces)
        pictures = [np.asarray(one.visual.material.baseColorTexture) for one in (beside.geometry[name], mesh)]
        np.testing.assert_array_equal(*pictures)


def test_names_of_files_are_escaped_as_the_specification_asks(avatar: Avatar) -> None:
    files = encode_gltf(avatar, "Zoë 2%", GlbOptions()).files
    doc = json.loads(files["Zoë 2%.gltf"])
    assert doc["buffers"] == [{"byteLength": len(files["Zoë 2%.bin"]), "uri": "Zo%C3%AB%202%25.bin"}]
    assert unquote(doc["images"][0]["uri"]) in files


def test_jpeg_is_close_to_the_texture(avatar: Avatar) -> None:
    smooth = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)[..., None] + np.array([90, 60, 50], np.uint8)
    painted = replace(avatar, material=replace(avatar.material, static_texture=smooth))
    glb = encode(painted, "a", GlbOptions()).files["a.glb"]
    jpeg = glb[glb.index(b"\xff\xd8\xff") :]
    decoded = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"), np.int32)
    assert np.abs(decoded - smooth).mean() < 1.5


def test_seams_are_split_and_nothing_else(avatar: Avatar) -> None:
    head = avatar.head
    parts = split_mesh(head)
    assert [part.name for part in parts] == ["head", "eyes", "teeth"]
    assert sum(len(part.faces) for part in parts) == len(head.faces)
    for part in parts:
        pairs = np.concatenate([part.source_vertex[:, None], part.uvs], 1)
        assert len(np.unique(pairs, axis=0)) == len(part.source_vertex)
        assert set(part.faces.ravel()) == set(range(len(part.source_vertex)))
    kept = np.isin(head.face_part, [0])
    np.testing.assert_array_equal(parts[0].source_vertex[parts[0].faces], head.faces[kept])
    np.testing.assert_array_equal(parts[0].uvs[parts[0].faces], head.uvs[head.uv_faces[kept]])


def test_a_hair_cap_is_a_mesh_of_its_own(avatar: Avatar) -> None:
    """With the same targets, and drawn from both sides."""
    head = avatar.head
    top = (head.face_part == 0) & (head.vertices[head.faces, 1].min(1) > 0.05)
    part = np.where(top, len(head.part_names), head.face_part).astype(np.int32)
    haired = replace(avatar, head=replace(head, part_names=(*head.part_names, "hair_cap"), face_part=part))
    doc = document(encode(haired, "a", GlbOptions()).files["a.glb"])
    assert [mesh["name"] for mesh in doc["meshes"]] == ["head", "eyes", "teeth", "hair_cap"]
    assert all(tuple(mesh["extras"]["targetNames"]) == ARKIT_52 for mesh in doc["meshes"])
    material = doc["materials"][doc["meshes"][3]["primitives"][0]["material"]]
    assert (material["name"], material["doubleSided"]) == ("hair_cap", True)


def test_morph_targets_can_be_chosen(avatar: Avatar) -> None:
    chosen = ("jawOpen", "eyeBlinkLeft")
    doc = document(encode(avatar, "a", GlbOptions(morph_targets=chosen)).files["a.glb"])
    assert all(tuple(mesh["extras"]["targetNames"]) == chosen for mesh in doc["meshes"])
    plain = document(encode(avatar, "a", GlbOptions(morph_targets=())).files["a.glb"])
    assert all("targets" not in mesh["primitives"][0] and "weights" not in mesh for mesh in plain["meshes"])


def test_a_shape_that_the_avatar_lacks_is_named(avatar: Avatar) -> None:
    names = ("other", *ARKIT_52[1:])
    other = replace(avatar, blendshapes=replace(avatar.blendshapes, names=names))
    with pytest.raises(InputError, match="eyeBlinkLeft"):
        encode(other, "a", GlbOptions())


@given(st.integers(1, 9), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_four_strongest_joints(joints: int, vertices: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(joints, 0.3), vertices)
    rows, kept = strongest_joints(weights.astype(np.float32))
    assert rows.shape == kept.shape == (vertices, 4)
    np.testing.assert_allclose(kept.sum(1, dtype=np.float64), 1, atol=2e-7)
    assert (rows[kept == 0] == 0).all()
    assert (kept >= 0).all()
    for v in range(vertices):
        used = rows[v][kept[v] > 0]
        assert len(set(used)) == len(used)
        rest = np.delete(weights[v], used)
        assert rest.size == 0 or rest.max() <= weights[v, used].min() + 1e-6
