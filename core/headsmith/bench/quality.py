"""How well splats trained on known views show views and expressions that were held out."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from headsmith.asset.avatar import BoundSplats
from headsmith.asset.binding import deform
from headsmith.bench.estimate import EstimateParams, estimate, training_view
from headsmith.bench.subject import Subject, SubjectParams, Truth, make_subject
from headsmith.bench.subject_views import Photographs, StudioParams, photograph_all
from headsmith.metrics import psnr, ssim
from headsmith.progress import Silent, Watcher
from headsmith.splats import SplatParams, render_splats, train_splats
from headsmith.splats.presets import many_views
from headsmith.types import F32, U8

BACKGROUNDS = {"white": 1.0, "black": 0.0}
"""pictures are compared over both: dark hair's edge shows every fault over white, hardly any over black"""
_HALF = 0.5
_SHOWN = 5
"""pictures of each kind on the contact sheet"""
_ERROR_GAIN = 4.0


def fixed_exposure() -> SplatParams:
    """`many_views` for one camera whose exposure is known to stay the same."""
    return replace(many_views(), exposure_weight=math.inf)


@dataclass(frozen=True)
class QualityParams:
    subject: SubjectParams = field(default_factory=SubjectParams)
    studio: StudioParams = field(default_factory=StudioParams)
    splats: SplatParams = field(default_factory=fixed_exposure)
    estimate: EstimateParams = field(default_factory=EstimateParams)


@dataclass(frozen=True)
class QualityResult:
    figures: dict[str, Any]
    """seconds, splats, and the means over each kind of picture: what JSON holds"""
    sheet: U8
    """[H, W, 3] sRGB: truth, splats and their difference times four, in columns"""


def measure_quality(params: QualityParams, watcher: Watcher | None = None) -> QualityResult:
    """Photographs the known subject, trains on some of the pictures and compares with the others."""
    watcher = watcher or Silent()
    with watcher.stage("subject") as progress:
        subject = make_subject(params.subject)
        photographs = photograph_all(subject, params.studio, progress)
    with watcher.stage("estimate"):
        known = estimate(subject, photographs.training, params.estimate)
    with watcher.stage("splats") as progress:
        views = tuple(training_view(truth) for truth in photographs.training)
        start = time.perf_counter()
        splats = train_splats(subject.model, known.fit, known.texture, known.hair, views, params.splats, progress)
        seconds = time.perf_counter() - start
    kinds = {
        "training_views": photographs.training,
        "held_out_views": photographs.held_out_views,
        "held_out_expressions": photographs.held_out_expressions,
    }
    with watcher.stage("compare"):
        compared = {name: [compare(subject, splats, truth) for truth in truths] for name, truths in kinds.items()}
    figures: dict[str, Any] = {
        "size_px": params.studio.size_px, "splats": len(splats.splats), "steps": params.splats.steps,
        "training_s": round(seconds, 1),
    }  # fmt: skip
    figures |= {name: _means(rows) for name, rows in compared.items()}
    return QualityResult(figures, contact_sheet(subject, splats, photographs))


def compare(subject: Subject, splats: BoundSplats, truth: Truth) -> dict[str, float]:
    """PSNR (dB) and SSIM over each background, and PSNR over white where there is head, bare skin or hair."""
    out: dict[str, float] = {}
    for name, grey in BACKGROUNDS.items():
        shown, wanted = drawn(subject, splats, truth, grey), over(truth, grey)
        out |= {f"psnr_db_{name}": psnr(shown, wanted), f"ssim_{name}": ssim(shown, wanted)}
    shown, wanted = drawn(subject, splats, truth, 1.0), over(truth, 1.0)
    head, hair = truth.alpha > _HALF, truth.hair > _HALF
    for name, mask in (("head", head), ("skin", head & ~hair), ("hair", hair)):
        out[f"psnr_db_{name}"] = psnr(shown, wanted, mask)
    return out


def drawn(subject: Subject, splats: BoundSplats, truth: Truth, grey: float) -> F32:
    """[H, W, 3] sRGB 0..1: the splats as the truth's shot shows them."""
    shot = truth.shot
    posed = subject.model.pose(subject.rest_m, shot.expression, shot.joint_rotations).astype(np.float32)
    moved = deform(splats.binding, splats.splats, posed, subject.model.faces)
    return render_splats(moved, shot.camera, (grey, grey, grey))[0]


def over(truth: Truth, grey: float) -> F32:
    """[H, W, 3] sRGB 0..1: the truth over a background."""
    return truth.image.astype(np.float32) / 255 + (1 - truth.alpha[..., None]) * grey


def contact_sheet(subject: Subject, splats: BoundSplats, photographs: Photographs) -> U8:
    """[H, W, 3] some held-out views, then some held-out expressions."""
    chosen = [*_some(photographs.held_out_views), *_some(photographs.held_out_expressions)]
    columns = []
    for truth in chosen:
        shown, wanted = drawn(subject, splats, truth, 1.0), over(truth, 1.0)
        columns.append(np.concatenate([wanted, shown, np.clip(_ERROR_GAIN * np.abs(shown - wanted), 0, 1)]))
    return np.clip(np.concatenate(columns, 1) * 255 + 0.5, 0, 255).astype(np.uint8)


def as_text(figures: dict[str, Any]) -> str:
    """A table: one line for each kind of picture."""
    head = f"{figures['splats']} splats, {figures['steps']} steps at {figures['size_px']} px, {figures['training_s']} s"
    names = {
        "psnr_db_white": "PSNR white", "ssim_white": "SSIM white", "psnr_db_black": "PSNR black",
        "ssim_black": "SSIM black", "psnr_db_head": "head", "psnr_db_skin": "skin", "psnr_db_hair": "hair",
    }  # fmt: skip
    lines = [head, " " * 22 + "".join(f"{name:>12}" for name in names.values())]
    for kind in ("training_views", "held_out_views", "held_out_expressions"):
        cells = (f"{figures[kind][key]:12.4f}" if "ssim" in key else f"{figures[kind][key]:12.2f}" for key in names)
        lines.append(f"{kind.replace('_', ' '):22}" + "".join(cells))
    return "\n".join(lines)


def _some(truths: Sequence[Truth]) -> Sequence[Truth]:
    return truths[:: max(1, len(truths) // _SHOWN)][:_SHOWN]


def _means(rows: list[dict[str, float]]) -> dict[str, float]:
    """Means over the pictures; without those that a measure does not apply to."""
    return {key: round(float(np.nanmean([row[key] for row in rows])), 4) for key in rows[0]}
