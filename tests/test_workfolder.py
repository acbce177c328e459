from __future__ import annotations

import numpy as np
import pytest

from headsmith.asset import DynamicTexture
from headsmith.types import Camera, HeadFit, ViewFit
from headsmith.workfolder import WorkFolder, decode, encode, fingerprint


def example_fit() -> HeadFit:
    camera = Camera(500.0, (10.0, 20.0), (30, 40), np.eye(4, dtype=np.float32))
    view = ViewFit(camera, np.zeros(52, np.float32), np.zeros((5, 3), np.float32), np.ones((9, 3), np.float32))
    return HeadFit(np.arange(3, dtype=np.float32), np.zeros((7, 3), np.float32), (view,), ("dark photo",))


def test_dataclasses_come_back_equal() -> None:
    fit = decode(encode(example_fit()))
    assert isinstance(fit, HeadFit)
    assert fit.warnings == ("dark photo",)
    assert fit.views[0].camera.size_px == (30, 40)
    np.testing.assert_array_equal(fit.identity, [0, 1, 2])
    assert fit.identity.dtype == np.float32


def test_files_come_back_byte_for_byte() -> None:
    texture = DynamicTexture(b"\0network\0", ("jawOpen",))
    assert decode(encode(texture)) == texture


def test_a_foreign_object_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        encode(object())


def test_a_finished_stage_is_not_run_again(tmp_path) -> None:
    calls = []
    for resume in (False, True):
        work = WorkFolder(tmp_path / "work", resume)
        assert work.stage("fit", "k", lambda: calls.append(1) or 5) == 5
    assert calls == [1]
    assert work.resumed == ["fit"]
    assert work.stage("fit", "other", lambda: 6) == 6


def test_without_resume_everything_is_made_anew(tmp_path) -> None:
    WorkFolder(tmp_path / "work", resume=False).stage("fit", "k", lambda: 5)
    assert WorkFolder(tmp_path / "work", resume=False).stage("fit", "k", lambda: 6) == 6


def test_a_half_written_file_is_not_taken(tmp_path) -> None:
    work = WorkFolder(tmp_path / "work", resume=False)
    (work.path / "fit-k.part").write_bytes(b"half")
    assert work.stage("fit", "k", lambda: 5) == 5


def test_fingerprint_follows_every_part() -> None:
    assert fingerprint(1, "a") != fingerprint(1, "b")
    assert fingerprint(1, "a") == fingerprint(1, "a")
