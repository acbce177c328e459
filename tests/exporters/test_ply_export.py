"""Splat files as independent readers see them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import plyfile
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headsmith.asset.avatar import Avatar, BoundSplats, Splats
from headsmith.asset.posing import posed_splats
from headsmith_exporters.registry import export
from headsmith_exporters.splat_files import read_splats
from headsmith_exporters.splats import SplatOptions
from synthetic import make_avatar


def with_sh(avatar: Avatar, bands: int) -> Avatar:
    """The avatar with `bands` further coefficients a splat."""
    splats = avatar.splats.splats
    higher = np.random.default_rng(1).normal(0, 0.3, (len(splats), bands, 3)).astype(np.float32)
    return replace(avatar, splats=BoundSplats(replace(splats, shN=higher), avatar.splats.binding))


def expected_columns(splats: Splats) -> dict[str, np.ndarray]:
    """Standard 3DGS: log scales, logit opacities, quaternions wxyz, and the higher bands channel by channel."""
    opacity = splats.opacities.astype(np.float64)
    columns = {"x": splats.means[:, 0], "y": splats.means[:, 1], "z": splats.means[:, 2],
               "opacity": np.log(opacity / (1 - opacity))}  # fmt: skip
    columns |= {f"scale_{k}": np.log(splats.scales[:, k]) for k in range(3)}
    columns |= {f"rot_{k}": splats.quats[:, k] for k in range(4)}
    columns |= {f"f_dc_{k}": splats.sh0[:, 0, k] for k in range(3)}
    by_channel = splats.shN.transpose(0, 2, 1).reshape(len(splats), -1)
    return columns | {f"f_rest_{k}": by_channel[:, k] for k in range(by_channel.shape[1])}


def assert_same_splats(read: dict[str, np.ndarray], splats: Splats) -> None:
    expected = expected_columns(splats)
    assert set(read) - {"nx", "ny", "nz"} == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(read[name], values, atol=1e-5, rtol=1e-5, err_msg=name)


def read_plyfile(path: Path) -> dict[str, np.ndarray]:
    vertex = plyfile.PlyData.read(path)["vertex"]
    return {prop.name: np.asarray(vertex[prop.name]) for prop in vertex.properties}


@pytest.mark.parametrize("bands", [0, 3, 8, 15])
def test_splat_transform_reads_the_same_values(readers: Any, avatar: Avatar, tmp_path: Path, bands: int) -> None:
    made = with_sh(avatar, bands)
    result = export(made, tmp_path / "a.ply", "ply")
    seen = readers.run("splat_reader.mjs", tmp_path / "a.ply")
    splats = made.splats.splats
    assert (seen["tables"], seen["splats"]) == (1, len(splats))
    assert result.counts == {"splats": len(splats), "sh_degree": {0: 0, 3: 1, 8: 2, 15: 3}[bands]}
    assert_same_splats({name: readers.floats(text, -1) for name, text in seen["columns"].items()}, splats)


def test_a_pose_is_frozen_into_the_file(avatar: Avatar, tmp_path: Path) -> None:
    pose = avatar.capture_pose
    export(avatar, tmp_path / "posed.ply", "ply", SplatOptions(pose))
    moved = posed_splats(avatar, pose)
    assert np.abs(moved.means - avatar.splats.splats.means).max() > 1e-3
    assert_same_splats(read_plyfile(tmp_path / "posed.ply"), moved)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 99), count=st.integers(1, 300), bands=st.sampled_from([0, 3, 8, 15]))
def test_any_splats_survive(tmp_path: Path, seed: int, count: int, bands: int) -> None:
    made = with_sh(make_avatar(seed, 80, count, 2), bands)
    export(made, tmp_path / "any.ply", "ply", force=True)
    assert_same_splats(read_plyfile(tmp_path / "any.ply"), made.splats.splats)


@pytest.mark.parametrize("bands", [0, 15])
def test_we_read_exactly_what_we_wrote(avatar: Avatar, tmp_path: Path, bands: int) -> None:
    made = with_sh(avatar, bands)
    export(made, tmp_path / "a.ply", "ply")
    read, written = read_splats(tmp_path / "a.ply"), made.splats.splats
    for field in ("means", "sh0", "shN"):
        np.testing.assert_array_equal(getattr(read, field), getattr(written, field))
    # these are kept as logarithms, logits and units
    for field in ("scales", "opacities", "quats"):
        np.testing.assert_allclose(getattr(read, field), getattr(written, field), rtol=2e-6, atol=2e-7)
