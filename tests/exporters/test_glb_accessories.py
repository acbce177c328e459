"""What hangs on the head in a GLB: attach nodes, accessories made to measure, and the user's own files."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from gltf_parts import Parts, glb_bytes
from headsmith.accessories import SEATS, anchor_width, anchors, attachments, make_accessory
from headsmith.asset.avatar import Avatar
from headsmith.cli import main
from headsmith.errors import InputError
from headsmith_exporters.accessory_choice import Given, Made, chosen_accessory
from headsmith_exporters.glb import GlbOptions, encode

EVERYTHING = ("glasses:aviator", "cap", "headband", "earrings:hoop")


def written(avatar: Avatar, folder: Path, **options: Any) -> Parts:
    (folder / "a.glb").write_bytes(encode(avatar, "a", GlbOptions(**options)).files["a.glb"])
    return Parts(folder / "a.glb")


def in_head_space(file: Parts, name: str) -> np.ndarray:
    """[4, 4] of a node, by the specification."""
    nodes = file.json["nodes"]
    parents = {child: index for index, node in enumerate(nodes) for child in node.get("children", ())}
    index, matrix = nodes.index(file.node(name)), np.eye(4)
    while index is not None:
        node, local = nodes[index], np.eye(4)
        x, y, z, w = node.get("rotation", (0, 0, 0, 1))
        local[:3, :3] = trimesh.transformations.quaternion_matrix((w, x, y, z))[:3, :3] * node.get("scale", 1)
        local[:3, 3] = node.get("translation", (0, 0, 0))
        matrix, index = local @ matrix, parents.get(index)
    return matrix


def worn_points(file: Parts, name: str) -> np.ndarray:
    """[V, 3] metres in head space: the vertices of a node's mesh."""
    primitives = file.json["meshes"][file.node(name)["mesh"]]["primitives"]
    points = np.concatenate([file.array(primitive["attributes"]["POSITION"]) for primitive in primitives])
    matrix = in_head_space(file, name)
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def box_file(path: Path, size: tuple[float, float, float] = (3, 1, 2), textured: bool = False) -> bytes:
    """A box in a tree of turned, scaled and mirrored nodes, written by trimesh; returns its picture."""
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8))
    box = trimesh.creation.box(size)
    data = io.BytesIO()
    picture.save(data, "PNG")
    if textured:
        material = trimesh.visual.material.PBRMaterial(name="paint", baseColorTexture=picture, roughnessFactor=0.3)
        box.visual = trimesh.visual.TextureVisuals(uv=box.vertices[:, :2] / 3 + 0.5, material=material)
    scene = trimesh.Scene()
    turned = trimesh.transformations.rotation_matrix(0.4, (0, 1, 0)) @ np.diag([2.0, 2, 2, 1])
    turned[:3, 3] = 10, 20, 30
    scene.add_geometry(box, transform=turned)
    scene.add_geometry(box.copy(), transform=turned @ np.diag([-1.0, 1, 1, 1]))
    path.write_bytes(scene.export(file_type="glb"))
    return data.getvalue()


def test_attach_nodes_are_where_the_fit_says(built_avatar: Avatar, tmp_path: Path) -> None:
    file = written(built_avatar, tmp_path)
    head = file.json["nodes"].index(file.node("Head"))
    expected = attachments(anchors(built_avatar))
    names = [f"attach_{place.name}" for place in expected.values()]
    assert names == [node["name"] for node in file.json["nodes"] if node["name"].startswith("attach_")]
    for name, place in zip(names, expected.values(), strict=True):
        assert file.json["nodes"].index(file.node(name)) in file.json["nodes"][head]["children"]
        np.testing.assert_allclose(in_head_space(file, name), place.matrix(), atol=1e-6)
        assert file.node(name)["extras"]["headsmith"]["width_m"] == pytest.approx(place.width_m)


def test_a_head_without_ears_has_fewer(avatar: Avatar, tmp_path: Path) -> None:
    file = written(avatar, tmp_path)
    found = [node["name"] for node in file.json["nodes"] if node["name"].startswith("attach_")]
    assert found == ["attach_glasses", "attach_hat"]
    plain = written(avatar, tmp_path, attach_nodes=False)
    assert not [node for node in plain.json["nodes"] if node["name"].startswith("attach_")]
    with pytest.raises(InputError, match="ears"):
        encode(avatar, "a", GlbOptions(accessories=("earrings",)))


def test_a_head_that_cannot_be_measured_is_written_without(avatar: Avatar, tmp_path: Path) -> None:
    rig = replace(avatar.rig, joint_names=("root", "neck", "jaw", "a", "b"))
    file = written(replace(avatar, rig=rig), tmp_path)
    assert [node["name"] for node in file.json["nodes"]][:6] == ["Armature", "Neck", "Head", "Jaw", "a", "b"]
    with pytest.raises(InputError, match="left_eye"):
        encode(replace(avatar, rig=rig), "a", GlbOptions(accessories=("cap",)))
    names = ("other", *avatar.head.part_names[1:])
    kept = np.isin(avatar.head.face_part, [1, 2])
    eyes = replace(avatar.head, part_names=names, faces=avatar.head.faces[kept], uv_faces=avatar.head.uv_faces[kept],
                   face_part=avatar.head.face_part[kept])  # fmt: skip
    assert [mesh["name"] for mesh in written(replace(avatar, head=eyes), tmp_path).json["meshes"]] == ["eyes"]
    with pytest.raises(InputError, match="no triangles of skin"):
        encode(replace(avatar, head=eyes), "a", GlbOptions(accessories=("cap",)))


@pytest.mark.parametrize(("profile", "bound_m"), [("engine", 1e-6), ("web", 1e-5)])
def test_made_accessories_fit(built_avatar: Avatar, tmp_path: Path, profile: str, bound_m: float) -> None:
    file = written(built_avatar, tmp_path, profile=profile, accessories=("glasses", "cap", "earrings", "glasses"))
    for name, kind in (("glasses", "glasses"), ("cap", "cap"), ("glasses_2", "glasses")):
        points, made = worn_points(file, name), make_accessory(built_avatar, kind)
        nearest = np.abs(points[:, None, ::2][::97] - made.vertices[None, :, ::2]).max(-1).min(1)
        assert nearest.max() < bound_m
        np.testing.assert_allclose(points.min(0), made.vertices.min(0), atol=bound_m)
        np.testing.assert_allclose(points.max(0), made.vertices.max(0), atol=bound_m)
    left, right = (worn_points(file, f"earring_{side}") for side in ("left", "right"))
    assert left[:, 0].min() > 0.05
    assert right[:, 0].max() < -0.05


@pytest.mark.parametrize("profile", ["engine", "web"])
@pytest.mark.parametrize("materials", ["core", "extended"])
def test_all_of_it_is_valid(readers: Any, built_avatar: Avatar, tmp_path: Path, profile: str, materials: str) -> None:
    box_file(tmp_path / "box.glb", textured=True)
    worn = (*EVERYTHING, f"{tmp_path / 'box.glb'}@crown")
    file = written(built_avatar, tmp_path, profile=profile, materials=materials, accessories=worn)
    if profile == "web":
        (tmp_path / "a.glb").write_bytes(file.without_compression())
    (report,) = readers.run("validate.mjs", tmp_path / "a.glb")
    assert report["issues"]["messages"] == []
    used = set(file.json.get("extensionsUsed", ()))
    extra = {"KHR_materials_clearcoat", "KHR_materials_sheen", "KHR_materials_specular", "KHR_materials_ior"}
    assert used & extra == (extra if materials == "extended" else set())
    assert not set(file.json.get("extensionsRequired", ())) & extra
    if profile == "engine" and materials == "core":
        assert not used


@pytest.mark.parametrize("anchor", list(SEATS))
def test_a_users_file_sits_at_its_place(built_avatar: Avatar, tmp_path: Path, anchor: str) -> None:
    box_file(tmp_path / "box.glb")
    head = anchors(built_avatar)
    file = written(built_avatar, tmp_path, accessories=(f"{tmp_path / 'box.glb'}@{anchor}",))
    axes = head.at(anchor).axes
    local = worn_points(file, "box") @ axes
    # both boxes were turned by 0.4 about Y: their common bounds
    width, depth = 2 * (3 * np.cos(0.4) + 2 * np.sin(0.4)), 2 * (3 * np.sin(0.4) + 2 * np.cos(0.4))
    low, high = local.min(0), local.max(0)
    assert (high - low)[2] / (high - low)[0] == pytest.approx(depth / width, abs=1e-5)
    if not SEATS[anchor].on_hat_line:
        assert (high - low)[0] == pytest.approx(anchor_width(head, anchor), abs=1e-6)
    else:
        assert (high - low)[0] >= anchor_width(head, anchor) - 1e-6
    target = head.scalp.centre_m if SEATS[anchor].on_hat_line else head.at(anchor).position_m
    pivot = low + np.array(SEATS[anchor].pivot) * (high - low)
    np.testing.assert_allclose(pivot - target @ axes, SEATS[anchor].offset_m, atol=1e-6)


def test_its_own_size_and_place_are_kept(built_avatar: Avatar, tmp_path: Path) -> None:
    box_file(tmp_path / "box.glb", (0.03, 0.01, 0.02))
    file = written(built_avatar, tmp_path, accessories=(f"{tmp_path / 'box.glb'}@bridge:own",))
    corners = worn_points(file, "box")
    expected = 2 * np.linalg.norm([0.03, 0.01, 0.02])
    assert np.linalg.norm(corners[:, None] - corners[None], axis=-1).max() == pytest.approx(expected, rel=1e-5)


def test_its_triangles_face_outwards_and_its_picture_is_kept(built_avatar: Avatar, tmp_path: Path) -> None:
    """Also those of the mirrored box: signed volumes, and normals that agree with the triangles."""
    picture = box_file(tmp_path / "box.glb", textured=True)
    file = written(built_avatar, tmp_path, accessories=(f"{tmp_path / 'box.glb'}@crown",))
    primitives = file.json["meshes"][file.node("box")["mesh"]]["primitives"]
    assert len(primitives) == 2
    for primitive in primitives:
        points = file.array(primitive["attributes"]["POSITION"])
        corners = points[file.array(primitive["indices"]).reshape(-1, 3)] - points.mean(0)
        assert np.linalg.det(corners).sum() / 6 == pytest.approx(8 * 6, rel=1e-4)
        material = file.json["materials"][primitive["material"]]
        assert material["pbrMetallicRoughness"]["roughnessFactor"] == pytest.approx(0.3)
        texture = file.json["textures"][material["pbrMetallicRoughness"]["baseColorTexture"]["index"]]
        stored = file.view(file.json["images"][texture["source"]]["bufferView"])
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(stored)).convert("RGB")),
                                      np.asarray(Image.open(io.BytesIO(picture))))  # fmt: skip


def test_places_may_be_in_the_name() -> None:
    assert chosen_accessory("glasses") == Made("glasses")
    assert chosen_accessory("earrings:hoop") == Made("earrings", "hoop")
    assert chosen_accessory("my/Red-Hat.glb") == Given(Path("my/Red-Hat.glb"), "crown", True)
    assert chosen_accessory("C:\\things\\ring.glb@lobe_left:own") == Given(
        Path("C:\\things\\ring.glb"), "lobe_left", False
    )


def refused(avatar: Avatar, text: str) -> str:
    with pytest.raises(InputError) as caught:
        encode(avatar, "a", GlbOptions(accessories=(text,)))
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.count("; ") >= 1
    return sentence


def test_bad_accessories_are_one_sentence_each(built_avatar: Avatar, tmp_path: Path) -> None:
    box_file(tmp_path / "box.glb")
    whole = Parts(tmp_path / "box.glb")
    assert "glasses, cap, headband, earrings or a .glb file" in refused(built_avatar, "monocle")
    assert "rounded, round, aviator" in refused(built_avatar, "glasses:square")
    assert "box.glb@PLACE" in refused(built_avatar, str(tmp_path / "box.glb"))
    assert "the place 'knee'" in refused(built_avatar, f"{tmp_path / 'box.glb'}@knee")
    assert "cannot be read" in refused(built_avatar, f"{tmp_path / 'none.glb'}@crown")
    bad = tmp_path / "bad.glb"
    for change, words in (
        ({"extensionsRequired": ["KHR_draco_mesh_compression"]}, "KHR_draco_mesh_compression"),
        ({"meshes": [{"primitives": []}] * 2}, "no triangles"),
        ({"nodes": [{"children": [0]}], "scenes": [{"nodes": [0]}]}, "no tree"),
        ({"scenes": []}, "scenes"),
        ({"images": [{"uri": "http://example.org/x.png"}], "textures": [{"source": 0}]}, "another file"),
    ):
        bad.write_bytes(glb_bytes(whole.json | change, whole.binary))
        assert words in refused(built_avatar, f"{bad}@crown")
    bad.write_bytes(b"not a mesh")
    sentence = refused(built_avatar, f"{bad}@crown")
    assert sentence.startswith(str(bad))
    assert "splats" not in sentence


def test_the_command_line_puts_things_on(sample_avatar: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "a.glb"
    export = ["export", str(sample_avatar), "-o", str(out), "--json"]
    assert main([*export, "--format", "glb", "--accessory", "glasses", "--accessory", "cap"]) == 0
    names = [node["name"] for node in Parts(out).json["nodes"]]
    assert {"glasses", "cap"} <= set(names)
    assert json.loads(capsys.readouterr().out)["counts"]["accessories"] == 2
    assert main([*export, "--format", "glb", "--force", "--accessory", "wig"]) == 2
    assert main(["export", str(sample_avatar), "--format", "ply", "--accessory", "cap"]) == 2
    assert main([*export, "--format", "glb", "--force", "--option", "profile=unity"]) == 2
    assert main([*export, "--format", "glb", "--force", "--option", "motions=walk"]) == 2
    sentences = capsys.readouterr().err.splitlines()
    assert [sentence.split(":")[1].strip() for sentence in sentences] == [
        "accessory 'wig'", "--accessory", "--option", "motion 'walk'",
    ]  # fmt: skip
