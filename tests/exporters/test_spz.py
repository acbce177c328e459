"""SPZ files, by our own reader and by independent ones."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headsmith.asset.avatar import Avatar, Splats
from headsmith.asset.harmonics import rotate_sh
from headsmith.asset.ply import encode_ply
from headsmith.errors import InputError
from headsmith_exporters import export, format_named, read_splats
from headsmith_exporters.spz import SpzOptions, decode_spz, encode_spz, half_turn_about_x
from headsmith_exporters.spz_attributes import FINE, SMALL, Precision
from lopsided import cloud_errors, splats_from_columns
from splat_clouds import covariances, lopsided, rows_of, taken, turn_between

VERSIONS = (3, 4)
TURN_STEP = 1 / (511 * np.sqrt(2))
HALF_TURN = np.array([1, -1, -1])


def assert_equal_within_quantisation(read: Splats, written: Splats, precision: Precision = SMALL) -> None:
    """Both in the same frame; the read ones in any order.

    A value may be off by half a step of its byte and half a step of what it was rounded to.
    """
    errors = cloud_errors(read, written)
    assert errors.position_m <= np.sqrt(3) * 2.0**-precision.fractional_bits / 2 + 1e-7
    assert errors.log_scale <= 1 / 32 + 1e-5
    assert errors.opacity <= half_steps(precision.opacity_step) / 255 + 1e-6
    assert errors.color <= 0.28209479 * half_steps(precision.colour_step) / (255 * 0.15) + 1e-6
    # three components, and what the largest one then lacks
    assert errors.turn_rad <= 2 * np.sqrt(3 + 9) * half_steps(precision.rotation_step) * TURN_STEP
    # 5 bits for the first band, 4 for the others
    assert errors.higher_bands <= half_steps(8 if read.shN.shape[1] <= 3 else 16) / 128 + 1e-6


def half_steps(step: int) -> float:
    return 0.5 + step // 2


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("bands", [0, 3, 8, 15])
@pytest.mark.parametrize("fine", [False, True])
def test_our_own_reader(version: Any, bands: int, fine: bool) -> None:
    cloud = lopsided(bands=bands)
    data = encode_spz(cloud, version, fine=fine)
    assert data == encode_spz(cloud, version, fine=fine)
    assert_equal_within_quantisation(decode_spz(data, "a.spz"), cloud, FINE if fine else SMALL)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 99), count=st.integers(0, 60), bands=st.sampled_from([0, 3, 8, 15]),
       version=st.sampled_from(VERSIONS))  # fmt: skip
def test_any_cloud(seed: int, count: int, bands: int, version: Any) -> None:
    cloud = lopsided(count, bands, seed)
    read = decode_spz(encode_spz(cloud, version), "a.spz")
    if count:
        assert_equal_within_quantisation(read, cloud)
    assert read.shN.shape == (count, bands, 3)


def from_splat_transform(readers: Any, path: Path) -> Splats:
    """As the .ply that it would write of the file."""
    columns = readers.run("splat_reader.mjs", path)["columns"]
    return splats_from_columns({name: readers.floats(text, -1) for name, text in columns.items()})


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("bands", [0, 3, 8, 15])
def test_splat_transform_makes_our_ply_of_it(readers: Any, tmp_path: Path, version: Any, bands: int) -> None:
    cloud = lopsided(bands=bands)
    for fine, precision in ((False, SMALL), (True, FINE)):
        (tmp_path / "a.spz").write_bytes(encode_spz(cloud, version, fine=fine))
        assert_equal_within_quantisation(from_splat_transform(readers, tmp_path / "a.spz"), cloud, precision)


def assert_three_js_sees(readers: Any, path: Path, cloud: Splats) -> None:
    seen = readers.run("three_splat_reader.mjs", path)
    positions = readers.floats(seen["positions"], -1, 3)
    expected = taken(cloud, rows_of(positions, cloud.means))
    assert np.abs(positions - expected.means).max() <= 2.0**-13 / 2 + 1e-7
    upper = readers.floats(seen["covariances"], -1, 6)
    wanted = covariances(expected.scales, expected.quats)[:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]]
    size = (expected.scales.max(1) ** 2)[:, None]
    assert np.abs((upper - wanted) / size).max() < 0.08
    colours = readers.floats(seen["colors"], -1, 4) / 255
    assert np.abs(colours[:, :3] - np.clip(0.5 + 0.28209479 * expected.sh0[:, 0], 0, 1)).max() < 0.006
    assert np.abs(colours[:, 3] - expected.opacities).max() < 0.004


@pytest.mark.parametrize("version", VERSIONS)
def test_three_js_shows_a_y_up_file_upright(readers: Any, tmp_path: Path, version: Any) -> None:
    cloud = lopsided()
    (tmp_path / "up.spz").write_bytes(encode_spz(cloud, version, y_up=True, fine=True))
    (tmp_path / "turned.spz").write_bytes(encode_spz(cloud, version, fine=True))
    assert_three_js_sees(readers, tmp_path / "up.spz", cloud)
    assert_three_js_sees(readers, tmp_path / "turned.spz", half_turn_about_x(cloud))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("bands", [0, 8])
def test_gsply_reads_the_axes_as_they_stand(tmp_path: Path, version: Any, bands: int) -> None:
    gsply = pytest.importorskip("gsply")
    cloud = lopsided(bands=bands)
    (tmp_path / "a.spz").write_bytes(encode_spz(cloud, version))
    seen = gsply.read_spz(tmp_path / "a.spz")
    bands_read = np.zeros((len(cloud), 0, 3)) if seen.shN is None else seen.shN.reshape(len(cloud), bands, 3)
    read = Splats(seen.means, seen.quats, np.exp(seen.scales), 1 / (1 + np.exp(-seen.opacities)), seen.sh0[:, None],
                  bands_read)  # fmt: skip
    assert_equal_within_quantisation(half_turn_about_x(read), cloud)


@pytest.mark.parametrize("version", VERSIONS)
def test_gaussforge_reads_the_axes_as_they_stand(version: Any) -> None:
    gaussforge = pytest.importorskip("gaussforge")
    cloud = lopsided(bands=15)
    seen = gaussforge.GaussForge().read(encode_spz(cloud, version), "spz")["data"]
    values = {key: np.frombuffer(seen[key], np.float32) for key in ("positions", "rotations", "scales", "alphas",
                                                                    "colors", "sh")}  # fmt: skip
    read = Splats(values["positions"].reshape(-1, 3), values["rotations"].reshape(-1, 4),
                  np.exp(values["scales"].reshape(-1, 3)), 1 / (1 + np.exp(-values["alphas"])),
                  values["colors"].reshape(-1, 1, 3), values["sh"].reshape(-1, 15, 3))  # fmt: skip
    assert_equal_within_quantisation(half_turn_about_x(read), cloud)


@pytest.mark.parametrize("version", VERSIONS)
def test_we_read_what_gaussforge_writes(version: Any) -> None:
    gaussforge = pytest.importorskip("gaussforge")
    cloud = lopsided(bands=3)
    turned = encode_ply(half_turn_about_x(cloud))
    data = gaussforge.GaussForge().convert(turned, "ply", "spz", spz_version=version)["data"]
    read = decode_spz(data, "a.spz")
    expected = taken(cloud, rows_of(read.means, cloud.means))
    assert np.abs(read.means - expected.means).max() <= 2.0**-12 / 2 + 1e-7
    assert turn_between(read.quats, expected.quats).max() < 0.006
    assert np.abs(read.shN - expected.shN).max() < 0.04


def test_the_half_turn_turns_colours_too() -> None:
    cloud = lopsided(bands=15)
    turned = half_turn_about_x(cloud)
    np.testing.assert_array_equal(turned.means, cloud.means * HALF_TURN)
    about_x = np.tile(np.array([0, 1, 0, 0], np.float32), (len(cloud), 1))
    np.testing.assert_allclose(turned.shN, rotate_sh(cloud.shN, about_x), atol=1e-5)
    expected = covariances(cloud.scales, cloud.quats) * np.outer(HALF_TURN, HALF_TURN)
    np.testing.assert_allclose(covariances(turned.scales, turned.quats), expected, atol=1e-9)
    back = half_turn_about_x(turned)
    for field, values in vars(cloud).items():
        np.testing.assert_array_equal(vars(back)[field], values)


@pytest.mark.parametrize("extent_m", [0.0, 1e-5, 1.0, 1023.0, 1025.0, 5e5])
def test_extents_from_nothing_to_a_country(extent_m: float) -> None:
    cloud = lopsided(40)
    big = Splats(**vars(cloud) | {"means": cloud.means / np.abs(cloud.means).max() * np.float32(extent_m)})
    read = decode_spz(encode_spz(big, fine=True), "a.spz")
    step = max(2.0**-13, 2.0 ** (np.ceil(np.log2(extent_m)) - 23) if extent_m else 0)
    np.testing.assert_allclose(np.sort(read.means, 0), np.sort(big.means, 0), atol=step / 2 + 1e-6 * extent_m)


def test_a_cloud_too_large_is_refused() -> None:
    cloud = lopsided(3)
    with pytest.raises(InputError, match="within"):
        encode_spz(Splats(**vars(cloud) | {"means": cloud.means + np.float32(9e6)}))


def test_formats_and_options(avatar: Avatar, tmp_path: Path) -> None:
    for name, magic in (("spz", b"\x1f\x8b"), ("spz4", b"NGSP")):
        result = export(avatar, tmp_path / f"{name}.spz", name)
        assert (tmp_path / f"{name}.spz").read_bytes().startswith(magic)
        assert result.counts == {"splats": len(avatar.splats.splats), "sh_degree": 0}
        assert_equal_within_quantisation(read_splats(tmp_path / f"{name}.spz"), avatar.splats.splats)
        assert format_named(name).options() == SpzOptions()
    export(avatar, tmp_path / "up.spz", "spz", SpzOptions(y_up=True, fine=True))
    assert_equal_within_quantisation(half_turn_about_x(read_splats(tmp_path / "up.spz")), avatar.splats.splats, FINE)


def test_the_gzip_tells_no_time_and_no_system() -> None:
    data = encode_spz(lopsided())
    assert data[:10] == b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"
    assert gzip.decompress(data)[:4] == b"NGSP"


def test_a_real_head_stays_small(built_avatar: Avatar) -> None:
    """The more splats a head has, the fewer bytes each of them takes."""
    splats = built_avatar.splats.splats
    assert len(encode_spz(splats)) / len(splats) < 9.8
    assert len(encode_spz(splats, 4)) / len(splats) < 9.6
    assert len(encode_spz(splats, fine=True)) / len(splats) < 13.4


def test_without_zstandard_one_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode_spz(lopsided(5), 4)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    for attempt in (lambda: encode_spz(lopsided(5), 4), lambda: decode_spz(data, "a.spz")):
        with pytest.raises(InputError, match="pip install zstandard"):
            attempt()
