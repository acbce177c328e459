"""Pictures and figures of a comparison."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
from tests.evaluation.staging import COUNT

from headsmith.evaluation.forms import DYNAMIC, SPLATS, STATIC
from headsmith.evaluation.regions import REGIONS
from headsmith.evaluation.report import held_out_metrics
from headsmith.evaluation.results import Evaluation, FrameScores
from headsmith.evaluation.scores import MEASURES, Scores
from headsmith.evaluation.sheet import HEAT, WHITE_AT, Gallery, heat
from headsmith.evaluation.table import as_text, csv_text, rows_of, summary

NAN = float("nan")


def unseen_eyes() -> Evaluation:
    """Two frames; the eyes are seen in none, and perceptual distances are not installed."""
    frames = tuple(
        FrameScores(number, number / 10, {"splats": {"face": Scores(psnr_db, 0.9, NAN), "eyes": Scores(NAN, NAN, NAN)}},
                    {"splats": 0.5})
        for number, psnr_db in ((3, 30.0), (5, 34.0))
    )  # fmt: skip
    return Evaluation("talk.mp4", 0.3, True, 1, frames)


def test_heat_runs_from_black_to_white() -> None:
    shown = heat(np.array([[0.0, WHITE_AT / 4, WHITE_AT / 2, WHITE_AT, 1.0]], np.float32))[0]
    assert np.array_equal(shown, HEAT[[0, 1, 2, 4, 4]].astype(np.uint8))
    steps = heat(np.linspace(0, WHITE_AT, 40, dtype=np.float32)[None])[0].astype(int)
    assert (np.diff(steps[:, 0]) >= 0).all()
    assert np.abs(np.diff(steps, axis=0)).max() < 60


def test_sheet_keeps_some_panels(splats_gallery: Gallery) -> None:
    sheet = splats_gallery.sheet()
    assert sheet.shape == (2 * 2 * 96, 4 * 96, 3)
    frame, splats, errors = sheet[20:90, :96], sheet[20:90, 3 * 96 :], sheet[116:190, 3 * 96 :]
    assert np.abs(frame.astype(int) - splats).mean() < 6
    assert errors.mean() < 12
    assert sheet[116:190, 96 : 2 * 96].mean() > 3 * errors.mean()


def test_tables_hold_every_form_and_region(splats_gallery: Gallery) -> None:
    evaluation = splats_gallery.evaluation()
    assert list(evaluation.table()) == [STATIC, DYNAMIC, SPLATS]
    rows = list(csv.DictReader(io.StringIO(csv_text(evaluation))))
    assert len(rows) == 3 * 3 * len(REGIONS)
    assert {row["frame"] for row in rows} == {"0", "10", str(COUNT - 1)}
    one = next(row for row in rows if (row["frame"], row["form"], row["region"]) == ("10", SPLATS, "mouth"))
    assert float(one["psnr_db"]) == float(f"{evaluation.frames[1].scores[SPLATS]['mouth'].psnr_db:.5g}")
    assert [row[:2] for row in rows_of(evaluation)[:3]] == [("head", STATIC), ("head", DYNAMIC), ("head", SPLATS)]
    text = as_text(evaluation)
    assert "3 frames, 2 skipped" in text
    assert f"{evaluation.table()[SPLATS]['head']['psnr_db']:.2f}" in text


def test_what_was_not_measured_is_left_empty() -> None:
    evaluation = unseen_eyes()
    means = summary(evaluation)
    assert json.loads(json.dumps(means, allow_nan=False)) == means
    assert means["forms"]["splats"] == {"face": {"psnr_db": 32.0, "ssim": 0.9, "perceptual": None},
                                        "eyes": dict.fromkeys(MEASURES)}  # fmt: skip
    assert means["identity"] == {"splats": 0.5}
    assert csv_text(evaluation).splitlines()[1:3] == ["3,0.300,splats,face,30,0.9,", "3,0.300,splats,eyes,,,"]
    assert rows_of(evaluation)[1] == ("eyes", "splats", "-", "-", "-")
    metrics = held_out_metrics(evaluation)
    assert metrics == {"held_out_splats_face_psnr_db": 32.0, "held_out_splats_face_ssim": 0.9,
                       "held_out_splats_identity": 0.5}  # fmt: skip
    assert all(math.isfinite(value) for value in metrics.values())
