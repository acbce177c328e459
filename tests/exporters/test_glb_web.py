"""The web profile: small, and the same head within the promised tolerance."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gltf_parts import Parts
from headsmith.asset.avatar import Avatar
from headsmith.errors import InputError
from headsmith_exporters.glb import GlbOptions, encode
from headsmith_exporters.gltf_packing import Quantized, weight_levels
from headsmith_exporters.mesh_parts import split_mesh

TOLERANCE_M = 1e-4
WEB = GlbOptions(profile="web", visemes=True)


@pytest.fixture(scope="module", params=["avatar", "built_avatar"])
def made(request: pytest.FixtureRequest) -> Avatar:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def web(made: Avatar, tmp_path_factory: pytest.TempPathFactory) -> Parts:
    path = tmp_path_factory.mktemp("web") / "ada.glb"
    path.write_bytes(encode(made, "ada", WEB).files["ada.glb"])
    return Parts(path)


def dequantization(web: Parts) -> np.ndarray:
    """[4, 4] from stored positions to metres: what all joints at rest do."""
    skin = web.json["skins"][0]
    inverse_bind = web.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
    root = np.eye(4)
    root[:3, 3] = web.node("Neck")["translation"]
    return root @ inverse_bind[0]


def test_it_says_what_a_reader_needs(web: Parts) -> None:
    needed = {"EXT_meshopt_compression", "EXT_texture_webp", "KHR_mesh_quantization"}
    assert needed == set(web.json["extensionsRequired"]) <= set(web.json["extensionsUsed"])


def test_positions_and_displacements(web: Parts, made: Avatar) -> None:
    to_metres = dequantization(web)
    for mesh, part in zip(web.json["meshes"], split_mesh(made.head), strict=False):
        (primitive,), rows = mesh["primitives"], part.source_vertex
        stored = web.array(primitive["attributes"]["POSITION"])
        rest = stored @ to_metres[:3, :3].T + to_metres[:3, 3]
        assert np.abs(rest - made.head.vertices[rows]).max() < TOLERANCE_M / 4
        for k, target in enumerate(primitive["targets"][:52]):
            moved = web.array(target["POSITION"]) @ to_metres[:3, :3].T
            assert np.abs(moved - made.blendshapes.deltas[k, rows]).max() < TOLERANCE_M / 4


def test_triangles_keep_their_order_and_corners(web: Parts, made: Avatar) -> None:
    for mesh, part in zip(web.json["meshes"], split_mesh(made.head), strict=False):
        indices = web.array(mesh["primitives"][0]["indices"])
        np.testing.assert_array_equal(indices.reshape(-1, 3), part.faces)


def test_normals_uvs_and_weights(web: Parts, made: Avatar, tmp_path: Path) -> None:
    (tmp_path / "a.glb").write_bytes(encode(made, "a", GlbOptions(visemes=True)).files["a.glb"])
    plain = Parts(tmp_path / "a.glb")
    bounds = {"NORMAL": 2e-5, "TEXCOORD_0": 1e-5, "WEIGHTS_0": 2.5e-5}
    for ours, theirs in zip(plain.json["meshes"], web.json["meshes"], strict=True):
        one, other = ours["primitives"][0], theirs["primitives"][0]
        for name, bound in bounds.items():
            expected = plain.array(one["attributes"][name]).astype(float)
            assert np.abs(web.array(other["attributes"][name]) - expected).max() <= bound
        joints = web.array(other["attributes"]["JOINTS_0"])
        used = web.array(other["attributes"]["WEIGHTS_0"]) > 0
        assert (joints[used] == plain.array(one["attributes"]["JOINTS_0"])[used]).all()
        for k, target in enumerate(other["targets"]):
            turned = plain.array(one["targets"][k]["NORMAL"])
            assert np.abs(web.array(target["NORMAL"]) - turned).max() < 0.005


def test_unpacked_it_is_valid(readers: Any, web: Parts, tmp_path: Path) -> None:
    """The validator cannot look into compressed arrays, so it gets them as a reader unpacks them."""
    (tmp_path / "unpacked.glb").write_bytes(web.without_compression())
    (report,) = readers.run("validate.mjs", tmp_path / "unpacked.glb")
    assert report["issues"]["messages"] == []


def test_packed_its_only_issue_is_the_unknown_extension(readers: Any, made: Avatar, tmp_path: Path) -> None:
    (tmp_path / "a.glb").write_bytes(encode(made, "a", WEB).files["a.glb"])
    (report,) = readers.run("validate.mjs", tmp_path / "a.glb")
    assert [message["code"] for message in report["issues"]["messages"]] == ["UNSUPPORTED_EXTENSION"]


def test_sizes(built_avatar: Avatar) -> None:
    """Of a real head with a texture of 1024 pixels."""
    assert built_avatar.material.static_texture.shape[:2] == (1024, 1024)
    assert len(encode(built_avatar, "a", GlbOptions(profile="web")).files["a.glb"]) < 1.0e6
    assert len(encode(built_avatar, "a", GlbOptions()).files["a.glb"]) < 9e6


def test_the_texture_is_webp_of_the_size_asked_for(web: Parts, made: Avatar, tmp_path: Path) -> None:
    (image,) = web.json["images"]
    own = made.material.static_texture
    picture = Image.open(io.BytesIO(web.view(image["bufferView"])))
    assert (picture.format, picture.size) == ("WEBP", own.shape[1::-1])
    difference = np.abs(np.asarray(picture.convert("RGB"), int) - own)
    assert difference.mean() < 4
    small = GlbOptions(profile="web", texture_px=32)
    (tmp_path / "small.glb").write_bytes(encode(made, "small", small).files["small.glb"])
    parts = Parts(tmp_path / "small.glb")
    assert Image.open(io.BytesIO(parts.view(parts.json["images"][0]["bufferView"]))).size == (32, 32)


def test_weights_sum_to_one_exactly() -> None:
    rng = np.random.default_rng(0)
    weights = -np.sort(-rng.dirichlet(np.full(4, 0.4), 1000), axis=1)
    assert (weight_levels(weights.astype(np.float32)).sum(1, dtype=int) == 65535).all()


@pytest.mark.parametrize("extent_m", [1e-4, 0.3, 5.0, 900.0])
def test_any_size_fits_the_grid(extent_m: float) -> None:
    points = np.random.default_rng(1).uniform(-extent_m, extent_m, (50, 3)) + extent_m
    grid = Quantized.around(points)
    assert grid.step_m >= 2.0**-15
    assert np.abs(points - grid.centre_m).max() / grid.step_m <= 32767


def test_a_missing_package_is_one_sentence() -> None:
    code = ("import sys; sys.modules['meshopt'] = None; sys.path.insert(0, sys.argv[1])\n"
            "from synthetic import make_avatar\n"
            "from headsmith_exporters.glb import GlbOptions, encode\n"
            "encode(make_avatar(), 'a', GlbOptions(profile='web'))")  # fmt: skip
    tests = Path(__file__).parents[1]
    out = subprocess.run([sys.executable, "-c", code, tests], capture_output=True, text=True, check=False)
    assert "InputError: the compressed mesh: found no package 'meshopt'" in out.stderr


def test_unknown_profiles_are_one_sentence() -> None:
    with pytest.raises(InputError, match=r"profile.*'unity'.*engine, web"):
        GlbOptions(profile="unity")  # type: ignore[arg-type]
