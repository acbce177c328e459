"""The figures of a comparison, for people and for programs."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

from headsmith.evaluation.results import Evaluation
from headsmith.evaluation.scores import MEASURES

COLUMNS = {"psnr_db": "PSNR dB", "ssim": "SSIM", "perceptual": "perceptual"}
DIGITS = {"psnr_db": 2, "ssim": 3, "perceptual": 4}
NOTHING = "-"
"""in place of what was not seen or not measured"""


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """What `--json` prints: the means over the frames by form, region and measure; null where there is none."""
    return {
        "clip": evaluation.source,
        "from_s": round(evaluation.first_s, 3),
        "held_out": evaluation.held_out,
        "frames": len(evaluation.frames),
        "skipped": evaluation.skipped,
        "identity": evaluation.identity(),
        "forms": {form: {region: {name: value if math.isfinite(value) else None for name, value in row.items()}
                         for region, row in by_region.items()}
                  for form, by_region in evaluation.table().items()},
    }  # fmt: skip


def caption(evaluation: Evaluation) -> str:
    """What was compared, in one line."""
    kind = "not learnt from" if evaluation.held_out else "the build learnt from some of it"
    return (f"{evaluation.source} from {evaluation.first_s:.1f} s, {kind}: {len(evaluation.frames)} frames, "
            f"{evaluation.skipped} skipped")  # fmt: skip


def rows_of(evaluation: Evaluation) -> list[tuple[str, ...]]:
    """Region, form and the means, as text, for each region and form."""
    table = evaluation.table()
    return [(region, form, *(_digits(name, by_region[region][name]) for name in MEASURES))
            for region in next(iter(table.values())) for form, by_region in table.items()]  # fmt: skip


def as_text(evaluation: Evaluation) -> str:
    """A line for each region and form."""
    heading = ("region", "form", *COLUMNS.values())
    lines = [caption(evaluation)]
    for region, form, *values in (heading, *rows_of(evaluation)):
        lines.append(f"{region:8}{form:14}" + "".join(f"{value:>12}" for value in values))
    lines += [f"identity {form}: {value:.3f}" for form, value in evaluation.identity().items()]
    return "\n".join(lines)


def csv_text(evaluation: Evaluation) -> str:
    """A row for each frame, form and region; empty where a region was not seen or a measure is not installed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("frame", "time_s", "form", "region", *MEASURES))
    for frame in evaluation.frames:
        for form, by_region in frame.scores.items():
            for region, scores in by_region.items():
                values = [getattr(scores, measure) for measure in MEASURES]
                texts = [f"{value:.5g}" if math.isfinite(value) else "" for value in values]
                writer.writerow((frame.number, f"{frame.timestamp_s:.3f}", form, region, *texts))
    return out.getvalue()


def _digits(name: str, value: float) -> str:
    return f"{value:.{DIGITS[name]}f}" if math.isfinite(value) else NOTHING
