from __future__ import annotations

import contextlib
import importlib.util
import os
import pickle
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from headsmith.asset.arkit import ARKIT_52
from headsmith.errors import InputError
from headsmith.head_model.default import load_default_head
from headsmith.head_model.load import load_head
from headsmith.head_model.model import HeadModel
from headsmith.head_model.restricted_pickle import read_pickled_arrays
from headsmith.landmarks import detect

_spec = importlib.util.spec_from_file_location("model_files", Path(__file__).with_name("model_files.py"))
model_files = importlib.util.module_from_spec(_spec)
sys.modules["model_files"] = model_files
_spec.loader.exec_module(model_files)


@pytest.fixture(scope="module")
def flame(tmp_path_factory: pytest.TempPathFactory) -> HeadModel:
    path = tmp_path_factory.mktemp("flame") / "flame2023_Open.pkl"
    model_files.write_flame_pickle(path)
    return load_head(str(path), detect)


@pytest.fixture(scope="module")
def gnm(tmp_path_factory: pytest.TempPathFactory) -> HeadModel:
    path = tmp_path_factory.mktemp("gnm") / "gnm_head.npz"
    model_files.write_gnm_npz(path)
    return load_head(str(path), detect)


def test_flame_keeps_its_topology_and_parameters(flame: HeadModel) -> None:
    assert flame.v_template.shape == (5023, 3)
    assert flame.faces.shape == (9976, 3)
    assert flame.shapedirs.shape == (5023, 3, 300)
    assert flame.exprdirs.shape == (5023, 3, 100)
    assert flame.posedirs.shape == (5023, 3, 36)
    assert flame.parents.tolist() == [-1, 0, 1, 1, 1]
    np.testing.assert_allclose(flame.v_template, model_files.flame_arrays()["v_template"], atol=1e-6)
    np.testing.assert_allclose(flame.weights.sum(1), 1, atol=1e-5)


def test_flame_npz_equals_pickle(flame: HeadModel, tmp_path: Path) -> None:
    arrays = model_files.flame_arrays() | {"J_regressor": model_files.flame_arrays()["J_regressor"].toarray()}
    np.savez(tmp_path / "flame.npz", **arrays)
    again = load_head(str(tmp_path / "flame.npz"), detect)
    np.testing.assert_array_equal(again.arkit, flame.arkit)
    np.testing.assert_array_equal(again.landmark_triangle, flame.landmark_triangle)


@pytest.mark.parametrize("head", ["flame", "gnm"])
def test_eyes_and_landmarks_are_found(head: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(head)
    for part, side in (("eye_left", 1), ("eye_right", -1)):
        points = model.v_template[model.faces[model.faces_of(part)]]
        assert (points[..., 0] * side > 0.01).all()
    landmarks = model.landmarks(model.v_template)
    # nose tip, chin, forehead of MediaPipe's mesh
    assert landmarks[1, 2] == landmarks[[1, 10, 152, 234, 454], 2].max()
    assert landmarks[152, 1] < landmarks[1, 1] < landmarks[10, 1]
    assert (model.landmark_weight > 0.3).mean() > 0.8


@pytest.mark.parametrize("head", ["flame", "gnm"])
def test_arkit_blendshapes_move_what_they_name(head: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(head)
    delta = dict(zip(ARKIT_52, model.arkit, strict=True))
    assert delta["jawOpen"][:, 1].min() < -0.01
    left = model.v_template[:, 0] > model.v_template[:, 0].mean()
    for name in ("eyeBlinkLeft", "mouthSmileLeft", "browDownLeft"):
        moved = np.linalg.norm(delta[name], axis=1)
        assert moved[left].max() > 3 * moved[~left].mean()
        assert moved.max() > 0.003


def test_transfer_is_near_the_truth_where_it_is_known(flame: HeadModel) -> None:
    """The file was made from the default head, so that its blendshapes are known."""
    mesh = model_files.remesh(model_files.FLAME_VERTICES, model_files.FLAME_FACES)
    truth = np.stack([mesh.apply(delta) for delta in load_default_head().arkit])
    error = np.linalg.norm(flame.arkit - truth, axis=2)
    assert error.mean() < 0.25e-3
    largest = np.linalg.norm(truth, axis=2).max(1)
    moving = largest > 0.002
    assert (np.percentile(error, 99, axis=1) < 0.4 * largest)[moving].all()


def test_uv_charts_are_inside_the_square(flame: HeadModel) -> None:
    assert flame.uvs.min() >= 0
    assert flame.uvs.max() <= 1
    assert flame.uv_faces.shape == flame.faces.shape


def test_posed_flame_uses_its_correctives(flame: HeadModel) -> None:
    rotations = np.zeros((5, 3), np.float32)
    rotations[2] = [0.3, 0, 0]
    still = flame.pose(flame.v_template, np.zeros(100, np.float32), np.zeros((5, 3), np.float32))
    np.testing.assert_allclose(still, flame.v_template, atol=1e-6)
    opened = flame.pose(flame.v_template, np.zeros(100, np.float32), rotations)
    assert np.linalg.norm(opened - still, axis=1).max() > 0.01


class Attack:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("attacked",)


@pytest.mark.parametrize("protocol", range(6))
def test_pickle_with_a_foreign_class_is_refused(protocol: int, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "flame.pkl"
    path.write_bytes(pickle.dumps({"v_template": Attack()}, protocol))
    with pytest.raises(InputError, match=r"flame\.pkl: found the foreign class .*mkdir"):
        load_head(str(path), detect)
    assert not (tmp_path / "attacked").exists()


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_is_read(protocol: int, tmp_path: Path) -> None:
    arrays = {
        "a": np.random.default_rng(0).normal(size=(4, 3)),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big_endian": np.arange(3, dtype=">f8"),
        "column": scipy.sparse.csc_matrix(np.eye(3, 4)),
        "row": scipy.sparse.csr_matrix(np.eye(3, 4)),
        "text": "lbs",
    }
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps(arrays, protocol))
    read = read_pickled_arrays(path)
    for name in ("a", "fortran", "big_endian"):
        np.testing.assert_array_equal(read[name], arrays[name])
    for name in ("column", "row"):
        np.testing.assert_array_equal(read[name], np.eye(3, 4))
    assert read["text"] == "lbs"


def test_chumpy_arrays_are_read_without_chumpy(tmp_path: Path, monkeypatch) -> None:
    module = types.ModuleType("chumpy.ch")
    module.Ch = type("Ch", (), {"__module__": "chumpy.ch"})
    monkeypatch.setitem(sys.modules, "chumpy", types.ModuleType("chumpy"))
    monkeypatch.setitem(sys.modules, "chumpy.ch", module)
    value = module.Ch()
    value.x = np.arange(6.0).reshape(2, 3)
    path = tmp_path / "old.pkl"
    path.write_bytes(pickle.dumps({"shapedirs": value}, 2))
    np.testing.assert_array_equal(read_pickled_arrays(path)["shapedirs"], value.x)


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(tmp_path_factory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.pkl"
    path.write_bytes(data)
    with contextlib.suppress(InputError):
        read_pickled_arrays(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"v_template": np.zeros((5022, 3))}, "v_template"),
        ({"shapedirs": np.full((5023, 3, 400), np.nan)}, "finite"),
        ({"f": np.full((9976, 3), 5023)}, "do not exist"),
        ({"weights": None}, "weights"),
    ],
)
def test_flame_with_wrong_arrays_is_refused(change: dict, words: str, tmp_path: Path) -> None:
    arrays = {k: v for k, v in (model_files.flame_arrays() | change).items() if v is not None}
    path = tmp_path / "flame.pkl"
    path.write_bytes(pickle.dumps(arrays, 2))
    with pytest.raises(InputError, match=words):
        load_head(str(path), detect)


def test_a_file_that_is_no_head_model_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.zeros(3))
    with pytest.raises(InputError, match="FLAME or GNM"):
        load_head(str(tmp_path / "x.npz"), detect)
    with pytest.raises(InputError, match="no head model of that name"):
        load_head("smplx", detect)
