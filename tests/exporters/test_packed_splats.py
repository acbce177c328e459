"""Packed splat formats as independent readers see them: every value within what the format can hold."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import plyfile
import pytest

from headsmith.asset.avatar import Avatar, Splats
from headsmith_exporters import splat_formats
from headsmith_exporters.codebooks import codebook, nearest_entries, palette
from headsmith_exporters.quantize import from_smallest_three, morton_order, smallest_three
from lopsided import Errors, cloud_errors, lopsided_splats, splats_from_columns

FORMATS = ("splat", "compressed.ply", "sog")
BANDS = {"splat": (0,), "compressed.ply": (0, 3, 8, 15), "sog": (0, 3, 8, 15)}
CASES = [(name, bands) for name in FORMATS for bands in BANDS[name]]
# half a step of each format's quantisation, for clouds like the lopsided one
LIMITS = {
    "splat": Errors(1e-7, 1e-5, 0.5 / 255, 0.5 / 255, 0.03, 0),
    "compressed.ply": Errors(3e-4, 1e-3, 1.01 / 255, 0.5 / 255, 0.005, 8 / 512),
    "sog": Errors(5e-4, 0.0351, 0.5 / 63 + 0.5 / 255, 0.5 * 0.04 * 0.2821 + 1e-6, 0.06, 0.03),
}


def encoded(name: str, splats: Splats) -> bytes:
    encode = splat_formats()[name].encode_splats
    assert encode is not None
    return encode(splats, splat_formats()[name].options())


def decoded(name: str, data: bytes) -> Splats:
    decode = splat_formats()[name].decode
    assert decode is not None
    return decode(data, f"a.{name}")


def assert_within(errors: Errors, name: str) -> None:
    for field, limit in dataclasses.asdict(LIMITS[name]).items():
        assert getattr(errors, field) <= limit, f"{name}: {field}"


@pytest.mark.parametrize(("name", "bands"), CASES)
def test_we_read_what_we_wrote(name: str, bands: int) -> None:
    splats = lopsided_splats(bands)
    assert_within(cloud_errors(decoded(name, encoded(name, splats)), splats), name)


@pytest.mark.parametrize(("name", "bands"), CASES)
def test_splat_transform_reads_what_we_wrote(readers: Any, tmp_path: Path, name: str, bands: int) -> None:
    splats, path = lopsided_splats(bands), tmp_path / f"a.{name}"
    path.write_bytes(encoded(name, splats))
    seen = readers.run("splat_reader.mjs", path)
    assert (seen["tables"], seen["splats"]) == (1, len(splats))
    read = splats_from_columns({key: readers.floats(text, -1) for key, text in seen["columns"].items()})
    assert_within(cloud_errors(read, splats), name)
    # and our reader sees the same numbers in the same order
    own = decoded(name, path.read_bytes())
    np.testing.assert_allclose(read.means, own.means, atol=1e-6)
    np.testing.assert_allclose(read.shN, own.shN, atol=1e-5)


@pytest.mark.parametrize(("name", "bands"), CASES)
def test_gaussforge_reads_what_we_wrote(name: str, bands: int) -> None:
    gaussforge = pytest.importorskip("gaussforge")
    splats = lopsided_splats(bands)
    result = gaussforge.GaussForge().convert(encoded(name, splats), name, "ply")
    assert "error" not in result, result
    vertex = plyfile.PlyData.read(io.BytesIO(result["data"]))["vertex"]
    read = splats_from_columns({prop.name: np.asarray(vertex[prop.name]) for prop in vertex.properties})
    assert_within(cloud_errors(read, splats), name)


@pytest.mark.parametrize("bands", [0, 3, 8, 15])
def test_gsply_reads_our_compressed_ply(tmp_path: Path, bands: int) -> None:
    gsply = pytest.importorskip("gsply")
    splats, path = lopsided_splats(bands), tmp_path / "a.compressed.ply"
    path.write_bytes(encoded("compressed.ply", splats))
    data = gsply.plyread(path)
    bands_read = np.zeros((len(splats), 0, 3)) if data.shN is None else data.shN.reshape(len(splats), -1, 3)
    opacities = 1 / (1 + np.exp(-data.opacities.astype(np.float64)))
    read = Splats(data.means, data.quats, np.exp(data.scales), opacities, data.sh0[:, None], bands_read)
    assert_within(cloud_errors(read, splats), "compressed.ply")


# it does not write .splat, and clusters the higher bands of .sog on a GPU
@pytest.mark.parametrize(("name", "bands"), [("compressed.ply", 0), ("compressed.ply", 15), ("sog", 0)])
def test_we_read_what_splat_transform_wrote(readers: Any, tmp_path: Path, name: str, bands: int) -> None:
    splats = lopsided_splats(bands)
    (tmp_path / "a.ply").write_bytes(encoded("ply", splats))
    readers.run("splat_writer.mjs", tmp_path / "a.ply", tmp_path / f"b.{name}")
    errors = cloud_errors(decoded(name, (tmp_path / f"b.{name}").read_bytes()), splats)
    assert errors.position_m < 3e-4
    assert errors.log_scale < 0.05
    assert max(errors.opacity, errors.color) < 0.02
    assert errors.turn_rad < 0.04


@pytest.mark.parametrize("name", FORMATS)
def test_splat_transform_turns_them_as_it_turns_our_ply(readers: Any, tmp_path: Path, name: str) -> None:
    """The same way up: its own conversion to .ply gives the numbers of our .ply."""
    splats = lopsided_splats()
    (tmp_path / f"a.{name}").write_bytes(encoded(name, splats))
    readers.run("splat_writer.mjs", tmp_path / f"a.{name}", tmp_path / "b.ply")
    assert_within(cloud_errors(decoded("ply", (tmp_path / "b.ply").read_bytes()), splats), name)


@pytest.mark.parametrize("name", FORMATS)
def test_extreme_splats_survive(name: str) -> None:
    splats = lopsided_splats(3)
    means, scales, opacities, sh0 = (getattr(splats, f).copy() for f in ("means", "scales", "opacities", "sh0"))
    means[0], scales[0], scales[1] = 1000, 1e-9, 10
    opacities[:3], sh0[0], sh0[1] = (1e-6, 1, 0), 40, -40
    harsh = dataclasses.replace(splats, means=means, scales=scales, opacities=opacities, sh0=sh0)
    read = decoded(name, encoded(name, harsh))
    assert len(read) == len(harsh)
    assert np.abs(np.sort(read.means, 0)[-1] - 1000).max() < 1


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("count", [1, 2, 255, 256, 257])
def test_any_number_of_splats(name: str, count: int) -> None:
    splats = lopsided_splats()
    few = dataclasses.replace(splats, **{f.name: getattr(splats, f.name)[:count] for f in dataclasses.fields(splats)})
    assert_within(cloud_errors(decoded(name, encoded(name, few)), few), name)


@pytest.mark.parametrize("name", ["compressed.ply", "sog"])
def test_no_splats_at_all(name: str) -> None:
    splats = lopsided_splats(3)
    none = dataclasses.replace(splats, **{f.name: getattr(splats, f.name)[:0] for f in dataclasses.fields(splats)})
    assert len(decoded(name, encoded(name, none))) == 0


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_splats_give_the_same_bytes(name: str) -> None:
    assert encoded(name, lopsided_splats(3)) == encoded(name, lopsided_splats(3))


def test_sizes_of_a_real_avatar(built_avatar: Avatar) -> None:
    """At 50,000 splats: .splat 1.6 MB, .compressed.ply 0.82 MB, .sog at most 0.4 MB."""
    splats = built_avatar.splats.splats
    sizes = {name: len(encoded(name, splats)) / len(splats) for name in FORMATS}
    assert sizes["splat"] == 32
    assert sizes["compressed.ply"] < 16.4
    assert sizes["sog"] <= 8.0


def test_the_most_important_splats_come_first() -> None:
    read = decoded("splat", encoded("splat", lopsided_splats()))
    importance = read.scales.astype(np.float64).prod(1) * read.opacities
    assert (np.diff(importance) <= importance[:-1] * 0.3).all()
    assert importance[0] > 20 * importance[-1]


def test_smallest_three_is_undone() -> None:
    quats = lopsided_splats().quats.astype(np.float64)
    again = from_smallest_three(*smallest_three(quats))
    np.testing.assert_allclose(np.abs((again * quats).sum(1)), 1, atol=1e-12)
    assert (again.max(1) >= np.abs(again.min(1))).all()


def test_morton_order_keeps_neighbours_together() -> None:
    means = lopsided_splats().means
    order = morton_order(means)
    assert sorted(order) == list(range(len(means)))
    along = np.linalg.norm(np.diff(means[order], axis=0), axis=1).mean()
    assert along < 0.3 * np.linalg.norm(np.diff(means, axis=0), axis=1).mean()


def test_codebooks_stay_near_what_they_stand_for() -> None:
    rng = np.random.default_rng(0)
    even = rng.uniform(-1, 1, 5000)
    assert np.abs(codebook(even, 0.01)[nearest_entries(even, codebook(even, 0.01))] - even).max() <= 0.00501
    skewed = np.append(rng.normal(0, 1, 5000), [50.0, -80.0])
    entries = codebook(skewed, 0.01)
    errors = np.abs(entries[nearest_entries(skewed, entries)] - skewed)
    assert np.median(errors) < 0.02
    assert errors.max() < 1.5


def test_a_palette_of_many_vectors_is_near_them() -> None:
    rng = np.random.default_rng(0)
    kinds = rng.normal(0, 1, (50, 9)).astype(np.float32)
    vectors = kinds[rng.integers(0, 50, 4000)] + rng.normal(0, 0.01, (4000, 9)).astype(np.float32)
    centres, rows = palette(vectors, 200)
    assert centres.shape == (200, 9)
    assert np.abs(centres[rows] - vectors).max() < 0.1
