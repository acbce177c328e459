"""The figures of a comparison, for people and for programs."""

from __future__ import annotations

import csv
import io
from typing import Any

from headsmith.evaluation.clip import Evaluation
from headsmith.evaluation.scores import MEASURES


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """What `--json` prints: the means over the frames by form, region and measure."""
    return {
        "clip": evaluation.source,
        "from_s": round(evaluation.first_s, 3),
        "held_out": evaluation.held_out,
        "frames": len(evaluation.frames),
        "skipped": evaluation.skipped,
        "identity": evaluation.identity(),
        "forms": evaluation.table(),
    }


def as_text(evaluation: Evaluation) -> str:
    """A line for each region and form."""
    kind = "held out from the build" if evaluation.held_out else "all compared"
    lines = [
        f"{evaluation.source} from {evaluation.first_s:.1f} s, {kind}: {len(evaluation.frames)} frames, "
        f"{evaluation.skipped} skipped",
        f"{'region':8}{'form':14}{'PSNR dB':>9}{'SSIM':>8}{'perceptual':>12}",
    ]
    table = evaluation.table()
    for region in next(iter(table.values())):
        for form, by_region in table.items():
            row = by_region[region]
            lines.append(f"{region:8}{form:14}{row['psnr_db']:9.2f}{row['ssim']:8.3f}{row['perceptual']:12.4f}")
    lines += [f"identity {form}: {value:.3f}" for form, value in evaluation.identity().items()]
    return "\n".join(lines)


def csv_text(evaluation: Evaluation) -> str:
    """A row for each frame, form and region."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("frame", "time_s", "form", "region", *MEASURES))
    for frame in evaluation.frames:
        for form, by_region in frame.scores.items():
            for region, scores in by_region.items():
                values = [f"{getattr(scores, measure):.5g}" for measure in MEASURES]
                writer.writerow((frame.number, f"{frame.timestamp_s:.3f}", form, region, *values))
    return out.getvalue()
