"""Materials: which part gets which, what re-import keeps, what other formats find in them."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from headsmith.asset import read_avatar
from headsmith_blender.builders.hair import painted_hair
from headsmith_blender.builders.materials import ALBEDO_NODE, BSDF_NODE
from headsmith_blender.builders.mouth_nodes import mouth_depth
from headsmith_blender.importing import ImportOptions, import_avatar

KINDS = {"head": "skin", "eye_left": "eyes", "eye_right": "eyes", "teeth_upper": "teeth", "teeth_lower": "teeth",
         "tongue": "tongue", "lashes": "lashes"}  # fmt: skip


def counts() -> dict[str, int]:
    return {kind: len(getattr(bpy.data, kind)) for kind in ("materials", "images", "node_groups", "meshes", "textures")}


def corner_vertices(mesh: Any) -> Any:
    out = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", out)
    return out.reshape(-1, 3)


def test_every_face_has_the_material_of_its_part(imported: Any, sample_avatar: Path) -> None:
    head, mesh = read_avatar(sample_avatar).head, imported.headsmith.head.data
    assert [m["headsmith_kind"] for m in mesh.materials] == [KINDS[part] for part in head.part_names]
    rows = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("material_index", rows)
    np.testing.assert_array_equal(rows, head.face_part)
    for material in mesh.materials:
        tree = material.node_tree
        assert tree.nodes[BSDF_NODE].inputs["Base Color"].links[0].from_node == tree.nodes[ALBEDO_NODE]
    (image,) = {m.node_tree.nodes[ALBEDO_NODE].image for m in mesh.materials}
    assert image.packed_file is not None


def test_importing_again_keeps_what_the_artist_set(imported: Any, scene: Any, sample_avatar: Path) -> None:
    mesh = imported.headsmith.head.data
    skin, own = mesh.materials[0], bpy.data.materials.new("Gold Teeth")
    group = next(n for n in skin.node_tree.nodes if n.type == "GROUP")
    group.inputs["Pores"].default_value = 0.77
    mesh.materials[3] = own
    painted = bpy.data.images.new("Make-up", 8, 8)
    skin.node_tree.nodes[ALBEDO_NODE].image = painted
    before = counts()
    import_avatar(sample_avatar, scene)
    mesh = imported.headsmith.head.data
    assert counts() == before
    assert mesh.materials[0] == skin
    assert mesh.materials[3] == own
    assert skin.node_tree.nodes[ALBEDO_NODE].image == painted
    assert group.inputs["Pores"].default_value == pytest.approx(0.77)


def test_a_slot_that_was_emptied_is_filled_again(imported: Any, scene: Any, sample_avatar: Path) -> None:
    mesh = imported.headsmith.head.data
    mesh.materials[6] = None
    import_avatar(sample_avatar, scene)
    assert imported.headsmith.head.data.materials[6]["headsmith_kind"] == "lashes"


def test_avatars_share_groups_but_not_materials(imported: Any, scene: Any, sample_avatar: Path) -> None:
    groups = len(bpy.data.node_groups)
    other = import_avatar(sample_avatar, scene, options=ImportOptions(as_copy=True))
    first, second = (set(c.headsmith.head.data.materials) for c in (imported, other))
    assert not first & second
    assert len(bpy.data.node_groups) == groups


def test_hair_is_told_from_skin(sample_avatar: Path) -> None:
    avatar = read_avatar(sample_avatar)
    regions = avatar.head.regions
    hair = painted_hair(avatar.head, avatar.material.static_texture)
    assert hair[regions["scalp"] > 0.95].mean() > 0.8
    assert hair[regions["lips"] > 0.9].max() < 0.05
    assert hair[(regions["ears"] > 0.9)].mean() < 0.15
    bald = np.full_like(avatar.material.static_texture, 180)
    assert painted_hair(avatar.head, bald).max() == 0


def test_the_mouth_gets_darker_inwards(sample_avatar: Path) -> None:
    head = read_avatar(sample_avatar).head
    depth = mouth_depth(head)
    teeth = np.unique(head.faces[head.face_part == head.part_names.index("teeth_upper")])
    front_to_back = depth[teeth[np.argsort(-head.vertices[teeth, 2])]]
    assert front_to_back[0] < 0.1
    assert front_to_back[-1] > 0.9
    assert (np.diff(front_to_back) >= 0).all()
    assert depth[head.regions["scalp"] > 0.5].max() == 0


def test_gltf_finds_picture_and_roughness(imported: Any, tmp_path: Path) -> None:
    imported.headsmith.show = "MESH"
    imported.headsmith.head.select_set(True)
    path = tmp_path / "head.glb"
    bpy.ops.export_scene.gltf(filepath=str(path), use_selection=True, export_morph=False)
    data = path.read_bytes()
    document = json.loads(data[20 : 20 + struct.unpack("<I", data[12:16])[0]])
    by_kind = {m["name"].split()[-1]: m for m in document["materials"]}
    assert set(by_kind) == {"Skin", "Eyes", "Teeth", "Tongue", "Lashes"}
    for material in by_kind.values():
        surface = material["pbrMetallicRoughness"]
        assert "baseColorTexture" in surface
        assert "metallicRoughnessTexture" not in surface
        assert surface["metallicFactor"] == 0
        assert "normalTexture" not in material
        assert material.get("alphaMode", "OPAQUE") == "OPAQUE"
    assert by_kind["Skin"]["pbrMetallicRoughness"]["roughnessFactor"] == pytest.approx(0.5)
    assert by_kind["Eyes"]["extensions"]["KHR_materials_clearcoat"]["clearcoatFactor"] == 1
    assert len(document["images"]) == 1
