"""KHR_gaussian_splatting files, by our own reader and by independent ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gltf_parts import Parts, glb_bytes
from headsmith.asset.avatar import Avatar, Splats
from headsmith.asset.ply import encode_ply
from headsmith.asset.posing import posed_splats
from headsmith.errors import InputError
from headsmith_exporters import SplatOptions, export, read_splats
from headsmith_exporters.khr_reader import decode_khr
from headsmith_exporters.khr_splats import encode_khr
from splat_clouds import covariances, lopsided, rows_of, taken

KHR = "KHR_gaussian_splatting"
KEYS = ("POSITION", f"{KHR}:ROTATION", f"{KHR}:SCALE", f"{KHR}:OPACITY", f"{KHR}:SH_DEGREE_0_COEF_0")


def assert_equal(read: Splats, written: Splats) -> None:
    for field, values in vars(written).items():
        np.testing.assert_allclose(vars(read)[field], values, atol=1e-7, rtol=1e-6, err_msg=field)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), count=st.integers(1, 60), bands=st.sampled_from([0, 3, 8, 15]))
def test_any_cloud_is_read_back_exactly(seed: int, count: int, bands: int) -> None:
    cloud = lopsided(count, bands, seed)
    assert_equal(decode_khr(encode_khr(cloud), "a.splats.glb"), cloud)


@pytest.mark.parametrize("bands", [0, 3, 8, 15])
def test_every_attribute_is_what_the_specification_says(tmp_path: Path, bands: int) -> None:
    cloud = lopsided(bands=bands)
    (tmp_path / "a.splats.glb").write_bytes(encode_khr(cloud))
    parts = Parts(tmp_path / "a.splats.glb")
    (mesh,), (node,) = parts.json["meshes"], parts.json["nodes"]
    (primitive,) = mesh["primitives"]
    assert parts.json["extensionsUsed"] == [KHR]
    assert "extensionsRequired" not in parts.json
    assert node == {"name": "splats", "mesh": 0}
    assert primitive["mode"] == 0
    assert primitive["extensions"][KHR] == {"kernel": "ellipse", "colorSpace": "srgb_rec709_display",
                                            "sortingMethod": "cameraDistance", "projection": "perspective"}  # fmt: skip
    seen = {name: parts.array(accessor) for name, accessor in primitive["attributes"].items()}
    np.testing.assert_array_equal(seen["POSITION"], cloud.means)
    np.testing.assert_array_equal(seen[KEYS[1]], cloud.quats[:, [1, 2, 3, 0]])
    np.testing.assert_array_equal(seen[KEYS[2]], cloud.scales)
    np.testing.assert_array_equal(seen[KEYS[3]], cloud.opacities[:, None])
    np.testing.assert_array_equal(seen[KEYS[4]], cloud.sh0[:, 0])
    higher = [f"{KHR}:SH_DEGREE_{d}_COEF_{k}" for d in (1, 2, 3) for k in range(2 * d + 1)][:bands]
    assert set(seen) == {*KEYS, "COLOR_0", *higher}
    for k, name in enumerate(higher):
        np.testing.assert_array_equal(seen[name], cloud.shN[:, k])
    srgb = np.clip(0.5 + 0.28209479177387814 * cloud.sh0[:, 0], 0, 1)
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    np.testing.assert_allclose(seen["COLOR_0"], np.c_[linear, cloud.opacities], atol=1e-5)


@pytest.mark.parametrize(("bands", "attributes"), [(0, 4), (15, 19)])
def test_validator_knows_no_extension_and_else_finds_nothing(
    readers: Any, tmp_path: Path, bands: int, attributes: int
) -> None:
    """Its issue 252: names of extensions' attributes are errors to it, one for each."""
    (tmp_path / "a.splats.glb").write_bytes(encode_khr(lopsided(bands=bands)))
    (report,) = readers.run("validate.mjs", tmp_path / "a.splats.glb")
    assert_only_unknown(report, attributes)


def assert_only_unknown(report: dict[str, Any], attributes: int) -> None:
    messages = report["issues"]["messages"]
    assert Counter(m["code"] for m in messages) == {"MESH_PRIMITIVE_INVALID_ATTRIBUTE": attributes,
                                                    "UNSUPPORTED_EXTENSION": 1}  # fmt: skip
    named = [m["pointer"] for m in messages if m["code"] == "MESH_PRIMITIVE_INVALID_ATTRIBUTE"]
    assert all(KHR in pointer for pointer in named)


def test_validator_accepts_the_binding_too(readers: Any, avatar: Avatar, tmp_path: Path) -> None:
    export(avatar, tmp_path / "a.splats.glb", "khr")
    (report,) = readers.run("validate.mjs", tmp_path / "a.splats.glb")
    assert_only_unknown(report, 4)


def test_three_js_sees_the_same_splats(readers: Any, avatar: Avatar, tmp_path: Path) -> None:
    result = export(avatar, tmp_path / "a.splats.glb", "khr")
    splats = avatar.splats.splats
    assert result.counts == {"splats": len(splats), "sh_degree": 0}
    seen = readers.run("three_splat_reader.mjs", tmp_path / "a.splats.glb")
    assert (seen["objects"], seen["splats"]) == (1, len(splats))
    positions = readers.floats(seen["positions"], -1, 3)
    expected = taken(splats, rows_of(positions, splats.means))
    np.testing.assert_array_equal(positions, expected.means)
    wanted = covariances(expected.scales, expected.quats)[:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]]
    np.testing.assert_allclose(readers.floats(seen["covariances"], -1, 6), wanted, rtol=1e-4, atol=1e-10)
    colours = readers.floats(seen["colors"], -1, 4) / 255
    assert np.abs(colours[:, :3] - np.clip(0.5 + 0.28209479 * expected.sh0[:, 0], 0, 1)).max() < 0.0021
    assert np.abs(colours[:, 3] - expected.opacities).max() < 0.0021
    assert {entry["meshName"] for entry in seen["userData"]["headsmith"]["stitching"]} <= {"head", "eyes", "teeth"}


def test_we_read_what_splat_transform_writes(readers: Any, tmp_path: Path) -> None:
    cloud = lopsided(bands=3)
    (tmp_path / "a.ply").write_bytes(encode_ply(cloud))
    readers.run("splat_writer.mjs", tmp_path / "a.ply", tmp_path / "b.glb")
    read = decode_khr((tmp_path / "b.glb").read_bytes(), "b.glb")
    # it takes a PLY for y down and turns it by half a turn about Z
    turn = np.array([-1, -1, 1])
    expected = taken(cloud, rows_of(read.means, cloud.means * turn))
    np.testing.assert_allclose(read.means, expected.means * turn, atol=1e-6)
    np.testing.assert_allclose(read.scales, expected.scales, rtol=1e-5)
    turned = covariances(expected.scales, expected.quats) * np.outer(turn, turn)
    np.testing.assert_allclose(covariances(read.scales, read.quats), turned, atol=1e-8)
    np.testing.assert_allclose(read.opacities, expected.opacities, atol=1e-6)


def test_a_pose_is_frozen_into_the_file(avatar: Avatar, tmp_path: Path) -> None:
    export(avatar, tmp_path / "a.splats.glb", "khr", SplatOptions(avatar.capture_pose))
    read, moved = read_splats(tmp_path / "a.splats.glb"), posed_splats(avatar, avatar.capture_pose)
    assert_equal(read, taken(moved, rows_of(read.means, moved.means)))


def document(count: int = 2) -> tuple[dict[str, Any], bytes]:
    """Two splats as another writer may put them: interleaved, as short and byte numbers, in two primitives."""
    row = np.zeros(
        count, [("p", "<f4", 3), ("s", "<f4", 3), ("c", "<f4", 3), ("q", "<i2", 4), ("o", "u1"), ("_", "V3")]
    )
    row["p"], row["s"], row["c"] = [[1, 2, 3]], [[0.1, 0.2, 0.3]], [[0.5, 0, -0.5]]
    row["q"], row["o"] = [[32767, 0, 0, 0]], 51
    view = {"buffer": 0, "byteOffset": 4, "byteLength": row.nbytes, "byteStride": row.itemsize}
    layout = [(0, 5126, "VEC3"), (36, 5122, "VEC4"), (12, 5126, "VEC3"), (44, 5121, "SCALAR"), (24, 5126, "VEC3")]
    accessors = [
        {"bufferView": 0, "byteOffset": offset, "componentType": kind, "count": count, "type": width}
        | ({"normalized": True} if kind != 5126 else {})
        for offset, kind, width in layout
    ]
    primitive = {
        "mode": 0,
        "attributes": dict(zip(KEYS, range(5), strict=True)),
        "extensions": {KHR: {"kernel": "ellipse", "colorSpace": "srgb_rec709_display"}},
    }
    made = {
        "asset": {"version": "2.0"},
        "extensionsUsed": [KHR],
        "buffers": [{"byteLength": row.nbytes + 4}],
        "bufferViews": [view],
        "accessors": accessors,
        "meshes": [{"primitives": [primitive, {"attributes": {}}, primitive]}],
        "nodes": [{"mesh": 0}],
    }
    return made, b"\0\0\0\0" + row.tobytes()


def test_other_layouts_are_read() -> None:
    made, binary = document()
    read = decode_khr(glb_bytes(made, binary), "a.glb")
    assert len(read) == 4
    np.testing.assert_allclose(read.means, [[1, 2, 3]] * 4)
    np.testing.assert_allclose(read.quats, [[0, 1, 0, 0]] * 4)
    np.testing.assert_allclose(read.opacities, [0.2] * 4)


def changed(path: str, value: Any) -> tuple[dict[str, Any], bytes]:
    """The document with one value replaced, or taken out where it is None."""
    made, binary = document()
    *parents, last = (int(key) if key.isdigit() else key for key in path.split("/"))
    owner: Any = made
    for key in parents:
        owner = owner[key]
    if value is None:
        del owner[last]
    else:
        owner[last] = value
    return made, binary


HUGE = 1 << 62


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("accessors/0/count", 1 << 31), ("accessors/0/count", -1), ("accessors/0/count", 2.5), ("accessors/0/count", 1),
        ("accessors/0/byteOffset", HUGE), ("accessors/0/byteOffset", -4), ("accessors/0/componentType", 7),
        ("accessors/0/componentType", [5126]), ("accessors/0/type", "VEC2"), ("accessors/0/type", ["VEC3"]),
        ("accessors/0/bufferView", 9), ("accessors/0/bufferView", None), ("accessors/0/bufferView", True),
        ("accessors/0/sparse", {"count": 1}), ("accessors/0", 5), ("accessors", {}),
        ("bufferViews/0/byteStride", HUGE), ("bufferViews/0/byteStride", 0), ("bufferViews/0/byteStride", 3),
        ("bufferViews/0/byteLength", HUGE), ("bufferViews/0/byteOffset", HUGE), ("bufferViews/0/buffer", 1),
        ("buffers", []), ("buffers/0/uri", "other.bin"), ("meshes", []), ("meshes", None), ("meshes/0", 3),
        ("meshes/0/primitives", 4), ("meshes/0/primitives/0/mode", 4), ("meshes/0/primitives/0/attributes", [1]),
        ("meshes/0/primitives/0/attributes/POSITION", "0"), ("meshes/0/primitives/0/attributes/POSITION", None),
        ("meshes/0/primitives/0/extensions", []), ("meshes/0/primitives/0/extensions", {KHR: 1}),
        (f"meshes/0/primitives/0/extensions/{KHR}/kernel", "cube"),
        (f"meshes/0/primitives/0/extensions/{KHR}/kernel", None),
        (f"meshes/0/primitives/0/extensions/{KHR}/colorSpace", "lin_rec709_display"),
        (f"meshes/0/primitives/0/attributes/{KHR}:SH_DEGREE_1_COEF_0", 4),
        ("extensionsRequired", ["KHR_gaussian_splatting_compression_spz"]), ("extensionsRequired", "x"),
        ("nodes/0/rotation", [1, 0, 0, 0]), ("nodes", "x"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused(path: str, value: Any) -> None:
    with pytest.raises(InputError):
        decode_khr(glb_bytes(*changed(path, value)), "a.glb")


def test_no_splats_make_no_file() -> None:
    with pytest.raises(InputError, match="at least one"):
        encode_khr(lopsided(0))
