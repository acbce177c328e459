"""The folder of the web page as files: sizes, arrays, and where it may go."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import Avatar, Blendshapes
from headsmith.errors import InputError
from headsmith_exporters import export
from headsmith_exporters.glb import GlbOptions
from headsmith_exporters.glb import encode as encode_glb
from headsmith_exporters.mesh_parts import split_mesh
from headsmith_exporters.registry import format_named
from headsmith_exporters.web import WebOptions, encode
from headsmith_exporters.web_arrays import pack_arrays


def unpack(data: bytes, layout: dict[str, Any]) -> dict[str, np.ndarray]:
    """The arrays of a file as a browser reads them."""
    plain = gzip.decompress(data)
    out = {}
    for name, entry in layout["arrays"].items():
        dtype = np.dtype(entry["type"])
        assert entry["offset"] % dtype.itemsize == 0
        count = int(np.prod(entry["shape"]))
        out[name] = np.frombuffer(plain, dtype, count, entry["offset"]).reshape(entry["shape"])
    return out


@pytest.fixture(scope="module")
def folder(built_avatar: Avatar, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("web") / "ada"
    result = export(built_avatar, path, "web")
    own = [file for file in result.files if file.parent == path and file.name != "index.html"]
    assert result.counts["avatar_bytes"] == sum(file.stat().st_size for file in own)
    return path


@pytest.fixture(scope="module")
def manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "avatar.json").read_text())


def test_a_portrait_takes_less_than_two_megabytes(folder: Path) -> None:
    own = [file for file in folder.iterdir() if file.is_file()]
    assert sum(file.stat().st_size for file in own) < 2_000_000
    assert not list(folder.rglob("*onnx*"))


def test_the_manifest_tells_every_size(folder: Path, manifest: dict[str, Any]) -> None:
    assert manifest["bytes"] == {
        file.name: file.stat().st_size for file in folder.iterdir()
        if file.is_file() and file.name not in ("avatar.json", "index.html")
    }  # fmt: skip
    assert manifest["blendshapes"] == list(ARKIT_52)
    assert manifest["name"] == "ada"


def test_corners_are_those_of_the_glb(built_avatar: Avatar, folder: Path, manifest: dict[str, Any]) -> None:
    """The triangles that the page moves splats with are the head's own."""
    layout = manifest["splats"]["binding"]
    arrays = unpack((folder / layout["file"]).read_bytes(), layout)
    splats, binding = built_avatar.splats.splats, built_avatar.splats.binding
    assert arrays["triangle"].shape == (len(splats),)
    rows = np.concatenate([part.source_vertex for part in split_mesh(built_avatar.head)])
    assert manifest["head"]["vertices"] == len(rows)
    corners = built_avatar.head.vertices[rows[arrays["corners"]]][arrays["triangle"]]
    second, third = arrays["barycentric"].astype(float) / 255
    points = corners[:, 0] * (1 - second - third)[:, None] + corners[:, 1] * second[:, None]
    points += corners[:, 2] * third[:, None]
    ours = np.einsum("nk,nkd->nd", binding.barycentric,
                     built_avatar.head.vertices[built_avatar.head.faces[binding.triangle]])  # fmt: skip
    # the page's order is another: the same points, each as often
    assert np.abs(np.sort(points, axis=0) - np.sort(ours, axis=0)).max() < 2e-4


def test_motions_keep_their_numbers(avatar: Avatar) -> None:
    files = encode(avatar, "ada", WebOptions()).files
    (entry,) = json.loads(files["avatar.json"])["motions"]
    arrays, motion = unpack(files[entry["file"]], entry), avatar.motions["nod"]
    least, most = arrays["range"]
    weights = least + (most - least) * arrays["weights"].T / 65535
    np.testing.assert_allclose(weights, motion.weights, atol=2e-5)
    turns = np.moveaxis(arrays["rotations"], -1, 0) / 32767
    np.testing.assert_allclose(turns, motion.joint_rotations_wxyz, atol=5e-5)
    np.testing.assert_array_equal(arrays["translation"], motion.head_translation_m)
    assert (entry["fps"], entry["frames"]) == (motion.fps, len(motion.weights))


def test_a_models_own_coefficients_come_along_where_a_motion_uses_them(avatar: Avatar) -> None:
    shapes, motion = avatar.blendshapes, avatar.motions["nod"]
    own = Blendshapes(
        (*shapes.names, "expression_0", "expression_1"), np.concatenate([shapes.deltas, shapes.deltas[:2]])
    )
    moved = replace(motion, blendshape_names=(*motion.blendshape_names[:-1], "expression_1"))
    files = encode(replace(avatar, blendshapes=own, motions={"nod": moved}), "ada", WebOptions()).files
    manifest = json.loads(files["avatar.json"])
    assert manifest["blendshapes"] == [*ARKIT_52, "expression_1"]
    assert manifest["ranges"] == {"expression_1": [-5.0, 5.0]}


def test_arrays_start_where_a_browser_can_read_them() -> None:
    arrays = {"a": np.arange(3, dtype=np.uint8), "b": np.eye(2, dtype=np.float32), "c": np.zeros(0, np.uint16)}
    data, layout = pack_arrays(arrays)
    for name, values in unpack(data, layout).items():
        np.testing.assert_array_equal(values, arrays[name])


def test_the_same_avatar_gives_the_same_bytes(avatar: Avatar) -> None:
    assert encode(avatar, "ada", WebOptions()).files == encode(avatar, "ada", WebOptions()).files


def refusal(avatar: Avatar, path: Path, options: WebOptions | None = None, *, force: bool = False) -> str:
    with pytest.raises(InputError) as error:
        export(avatar, path, "web", options, force=force)
    assert re.fullmatch(r"[^\n]+\.", str(error.value))
    return str(error.value)


def test_only_an_exported_folder_is_replaced(avatar: Avatar, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    export(avatar, ours, "web")
    (ours / "old.bin").write_bytes(b"old")
    assert "--force" in refusal(avatar, ours)
    export(avatar, ours, "web", force=True)
    assert not (ours / "old.bin").exists()
    theirs.mkdir()
    export(avatar, theirs, "web")
    for name in ("index.html", "avatar.json"):
        (theirs / name).unlink()
        assert "something else" in refusal(avatar, theirs, force=True)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["ours", "theirs"]


def test_hair_under_a_cap_is_left_out(built_avatar: Avatar) -> None:
    plain = encode(built_avatar, "ada", WebOptions(texture_px=64))
    capped = encode(built_avatar, "ada", WebOptions(texture_px=64, accessories=("cap",)))
    glasses = encode(built_avatar, "ada", WebOptions(texture_px=64, accessories=("glasses",)))
    assert glasses.counts["splats"] == plain.counts["splats"] == len(built_avatar.splats.splats)
    assert 0.5 < capped.counts["splats"] / plain.counts["splats"] < 0.97
    manifest = json.loads(capped.files["avatar.json"])
    assert manifest["splats"]["count"] == capped.counts["splats"]


def test_a_cap_fits_over_the_hair_that_it_hides(built_avatar: Avatar) -> None:
    """Measured without that hair, the head would have a smaller cap than in the GLB."""
    capped = encode(built_avatar, "ada", WebOptions(texture_px=64, accessories=("cap",)))
    wanted = GlbOptions(profile="web", accessories=("cap",), attach_nodes=False, motions=())
    alone = encode_glb(built_avatar, "ada", wanted).files["ada.glb"]
    assert worn_bounds(capped.files["head.glb"], "cap") == worn_bounds(alone, "cap")


def worn_bounds(glb: bytes, name: str) -> list[Any]:
    """Where the node of a thing stands, and the bounds of its meshes."""
    tree = json.loads(glb[20 : 20 + int.from_bytes(glb[12:16], "little")])
    (node,) = (node for node in tree["nodes"] if node["name"] == name)
    positions = [part["attributes"]["POSITION"] for part in tree["meshes"][node["mesh"]]["primitives"]]
    bounds = [(tree["accessors"][row]["min"], tree["accessors"][row]["max"]) for row in positions]
    return [node.get("translation"), node.get("scale"), node.get("matrix"), bounds]


def test_refusals(avatar: Avatar, tmp_path: Path) -> None:
    assert "existing folder" in refusal(avatar, tmp_path / "missing" / "ada")
    (tmp_path / "file").write_bytes(b"")
    assert "a file" in refusal(avatar, tmp_path / "file", force=True)
    assert "64 to 8192" in refusal(avatar, tmp_path / "ada", WebOptions(texture_px=0))
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file"]


def test_levels_of_detail_apply() -> None:
    assert format_named("web").holds_splats
