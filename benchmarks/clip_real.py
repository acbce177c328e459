"""Avatars from real clips against the ends of those clips: `python benchmarks/clip_real.py talk.mp4 other.mp4`.

Builds from a clip's first part, and compares static mesh, dynamic mesh and splats with frames of the last part,
which the build did not learn from. The table holds figures and settings alone, nothing of the person.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headsmith.asset import read_avatar
from headsmith.bench.clip_table import markdown, write_page
from headsmith.bench.warped_frames import FORM, learnt_pictures, with_reference
from headsmith.capture import open_clip
from headsmith.evaluation.clip import ClipParams, compare_clip
from headsmith.evaluation.frames import compared_frames, evaluated
from headsmith.evaluation.table import COLUMNS, rows_of, summary
from headsmith.params import QUALITIES, quality_named
from headsmith.pipeline import BuildRequest, build
from headsmith.pipeline.clips import workers_of
from headsmith.progress import STYLES, watcher

RESULTS = Path(__file__).parent / "results/clip_real.md"
REFERENCES = 30
"""learnt frames that the reference chooses from"""


@dataclass(frozen=True)
class Settings:
    clip_a: Path | None
    quality: str
    hold_out: float
    frames: int
    size_px: int
    clip_frames: int | None
    clip_steps: int | None
    progress: str
    avatar: Path | None
    """built before with these settings"""


def measure(settings: Settings, clip: Path, folder: Path) -> dict[str, Any]:
    """Builds (or goes on with the build) in `folder`, and compares; an avatar that was built keeps its quality."""
    watching, output = watcher(settings.progress), folder / "real.avatar"
    avatar = None if settings.avatar is None else read_avatar(settings.avatar)
    quality = quality_named(settings.quality if avatar is None else str(avatar.provenance.settings["quality"]))
    quality = replace(quality, clip_frames=settings.clip_frames or quality.clip_frames,
                      clip_steps=settings.clip_steps or quality.clip_steps)  # fmt: skip
    request = BuildRequest((), output, settings.clip_a, clip, quality, hold_out=settings.hold_out, resume=True,
                           force=True)  # fmt: skip
    avatar = avatar or build(request, watching)
    params = ClipParams(frames=settings.frames, longest_px=settings.size_px, workers=workers_of(None))
    comparison = compare_clip(avatar, clip, params, watcher=watching)
    learnt = learnt_pictures(comparison, settings.hold_out, REFERENCES)
    with watching.stage("compare") as progress:
        results = [with_reference(one, learnt) for one in compared_frames(comparison, progress)]
    evaluation, info = evaluated(comparison, results), open_clip(clip).info
    return {
        "clip": {"size_px": info.size_px, "frames": len(info.timestamps_s), "seconds": float(info.timestamps_s[-1])},
        "quality": quality.name, "learnt_frames": quality.clip_frames, "steps": quality.clip_steps,
        "rows": rows_of(evaluation),
        "by_build": {k: v for k, v in avatar.report.metrics.items() if k.startswith("held_out_")},
        **{key: value for key, value in summary(evaluation).items() if key != "clip"},
    }  # fmt: skip


def section(number: int, found: dict[str, Any], settings: Settings) -> list[str]:
    clip = found["clip"]
    start = "that clip alone" if settings.clip_a is None else "that clip and a Clip-A"
    return [
        f"## Clip {number}",
        f"{clip['seconds']:.1f} s, {clip['frames']} frames of {clip['size_px'][0]} x {clip['size_px'][1]} px. Quality "
        f"`{found['quality']}`, from {start}: {found['learnt_frames']} frames learnt from, {found['steps']} steps. "
        f"Compared: {found['frames']} frames of the last {settings.hold_out:.0%}, {found['skipped']} skipped.",
        markdown(("region", "form", *COLUMNS.values()), found["rows"]),
        "Identity (cosine of SFace's features): "
        + (", ".join(f"{form} {value:.3f}" for form, value in found["identity"].items()) or "not measured") + ".",
    ]  # fmt: skip


def page(results: Sequence[dict[str, Any]], settings: Settings) -> list[str]:
    sections = [part for i, found in enumerate(results) for part in section(i + 1, found, settings)]
    return [
        f"Close-ups of up to {settings.size_px} px; means over the frames. The meshes have no hair, which counts on "
        "the head; hair is in no other region.",
        f"'{FORM}' is no avatar but a reference: of {REFERENCES} frames of the part that was learnt from, the one that "
        "comes nearest to a frame when dense optical flow between the two bends it and a smooth difference relights "
        "it. It is told the answer; where even so it is far off, the frames show what the learnt part does not.",
        *sections,
    ]


def parsed() -> tuple[argparse.Namespace, Settings]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", type=Path, help="one person who talks before a camera that stands still")
    parser.add_argument("--clip-a", type=Path, help="the same head from all sides")
    parser.add_argument("--quality", default="draft", choices=tuple(QUALITIES))
    parser.add_argument("--hold-out", type=float, default=0.2, help="the clip's end that is not learnt from")
    parser.add_argument("--frames", type=int, default=40, help="to compare")
    parser.add_argument("--size", type=int, default=512, help="longer side of the close-ups in pixels")
    parser.add_argument("--clip-frames", type=int, help="to learn from, other than the quality's number")
    parser.add_argument("--clip-steps", type=int, help="of the splats, other than the quality's number")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="keep the builds there, and go on from them")
    parser.add_argument("--avatar", type=Path, help="built before with these settings, instead of building")
    parser.add_argument("--progress", default="auto", choices=STYLES)
    parser.add_argument("--json", action="store_true", help="print all figures instead of writing the table")
    options = parser.parse_args()
    if len(options.clips) > 1 and (options.clip_a or options.avatar):
        parser.error("--clip-a and --avatar belong to one clip")
    settings = Settings(options.clip_a, options.quality, options.hold_out, options.frames, options.size,
                        options.clip_frames, options.clip_steps, options.progress, options.avatar)  # fmt: skip
    return options, settings


def main() -> None:
    options, settings = parsed()
    with tempfile.TemporaryDirectory() as place:
        results = []
        for number, clip in enumerate(options.clips):
            folder = (options.work or Path(place)) / str(number + 1)
            folder.mkdir(parents=True, exist_ok=True)
            results.append(measure(settings, clip, folder))
    if options.json:
        print(json.dumps(results, indent=1))
        return
    write_page(RESULTS, "Real clips: frames that were held out", "python benchmarks/clip_real.py CLIP [CLIP ...]",
               page(results, settings))  # fmt: skip
    print(RESULTS)


if __name__ == "__main__":
    main()
