"""The held-out frames in the report of a build."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.evaluation.staging import Staged

from headsmith.asset import Avatar, Provenance, Report
from headsmith.evaluation.report import held_out_section
from headsmith.head_model.default import load_default_head
from headsmith.pipeline.clips import Followed, Watched
from headsmith.report import report_html
from headsmith.workfolder import decode, encode


def built(staged: Staged, sha256: str) -> Avatar:
    settings = {"hold_out": 0.1, "hold_out_sha256": sha256}
    return replace(staged.avatar, provenance=Provenance((("talk.mp4", sha256),), {}, "2026-01-01T00:00:00", settings))


def test_the_report_shows_the_frames_that_were_held_out(splats_staged: Staged, splats_followed: Followed) -> None:
    avatar = built(splats_staged, splats_followed.track.info.sha256)
    section = held_out_section(avatar, load_default_head(), splats_followed)
    pictures, metrics, tables = section
    assert metrics["held_out_splats_face_psnr_db"] > 35
    assert metrics["held_out_mesh_dynamic_mouth_psnr_db"] < metrics["held_out_splats_mouth_psnr_db"]
    (title,) = tables
    assert title == "Held out: talk.mp4 from 1.8 s, not learnt from: 2 frames, 0 skipped"
    again = decode(encode(section))
    assert again[1:] == (metrics, tables)
    page = report_html("ada", replace(avatar, report=Report(metrics | {"mesh_ssim": 0.5})), pictures, tables).decode()
    assert page.count("<img") == 1
    assert title in page
    assert "<td>mouth</td><td>mesh dynamic</td>" in page
    assert "held_out_" not in page
    assert "mesh_ssim" in page


def test_nothing_is_said_where_the_face_is_covered(splats_staged: Staged, splats_followed: Followed) -> None:
    seen = splats_followed.watched.seen
    covered = replace(seen, occluded=np.ones_like(seen.occluded))
    followed = Followed(Watched(splats_followed.watched.clip, covered), splats_followed.track)
    avatar = built(splats_staged, splats_followed.track.info.sha256)
    assert held_out_section(avatar, load_default_head(), followed) == ({}, {}, {})
