"""`headsmith evaluate` on the command line; light to import, so that the other commands start fast."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from headsmith.errors import InputError
from headsmith.progress import STYLES, Watcher, watcher

if TYPE_CHECKING:
    from headsmith.evaluation.clip import Comparison
    from headsmith.evaluation.results import Evaluation

TEXT = "Compare an avatar with a clip of the person, frame by frame and region by region."
EXAMPLES = """examples:
  headsmith evaluate ada.avatar --against talk.mp4             the end of the clip that the build held out
  headsmith evaluate ada.avatar --against other.mp4 --last 1   all of it
  headsmith evaluate ada.avatar --against talk.mp4 -o out      also pictures and a video of the errors"""
FILES = ("errors.mp4", "errors.png", "scores.csv", "scores.json")
LEAST_FPS = 2.0
"""of the video, however far apart its frames are"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's own options; --json and --debug are everybody's."""
    command.add_argument("avatar", type=Path)
    command.add_argument("--against", type=Path, required=True, metavar="VIDEO", help="a clip of the same person")
    command.add_argument("--last", type=float, metavar="SHARE", help="compare only the end of the clip (default: what "
                         "the build held out of this clip, or all of a clip it did not see)")  # fmt: skip
    command.add_argument("--frames", type=int, default=40, metavar="N", help="to compare, evenly spread (default 40)")
    command.add_argument("--size", type=int, default=512, metavar="PX", help="longer side of the close-ups")
    command.add_argument("--head", default="default", help="the head model's file, if the avatar was built on one")
    command.add_argument(
        "--workers", type=int, metavar="N", help="processes that follow the face (default: one a core)"
    )
    command.add_argument("-o", "--output", type=Path, metavar="DIR", help=f"write {', '.join(FILES)} there")
    command.add_argument("--force", action="store_true", help="replace existing files")
    command.add_argument("--progress", default="auto", choices=STYLES)


def run(options: argparse.Namespace) -> int:
    """Compares and prints; raises InputError for whatever cannot be used."""
    _check(options)
    from headsmith.asset import read_avatar
    from headsmith.evaluation.clip import ClipParams, compare_clip
    from headsmith.evaluation.table import as_text, summary
    from headsmith.pipeline.clips import workers_of
    from headsmith.progress import relayed

    params = ClipParams(options.last, options.frames, options.size, workers=workers_of(options.workers))
    watching = watcher(options.progress)
    with relayed(watching):
        comparison = compare_clip(read_avatar(options.avatar), options.against, params, options.head, watching)
        evaluation = _evaluated(comparison, options.output, watching)
    print(json.dumps(summary(evaluation)) if options.json else as_text(evaluation))
    return 0


def _evaluated(comparison: Comparison, folder: Path | None, watching: Watcher) -> Evaluation:
    from headsmith.evaluation.sheet import Gallery

    if folder is not None:
        return write(comparison, folder, watching)
    gallery = Gallery(comparison, kept=0)
    with watching.stage("compare") as progress:
        for _ in gallery.panels(progress):
            pass
    return gallery.evaluation()


def write(comparison: Comparison, folder: Path, watching: Watcher) -> Evaluation:
    """Compares, and writes the video and the sheet of errors and every frame's scores; a reader sees whole files or
    none. The video is written while frames are compared, so that none are kept."""
    from PIL import Image

    from headsmith.capture import write_clip
    from headsmith.evaluation.sheet import Gallery
    from headsmith.evaluation.table import csv_text, summary

    gallery = Gallery(comparison)
    with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.absolute().parent) as place:
        video, sheet, scores, means = (Path(place) / name for name in FILES)
        with watching.stage("compare") as progress:
            write_clip(video, gallery.panels(progress), max(LEAST_FPS, comparison.fps))
        evaluation = gallery.evaluation()
        Image.fromarray(gallery.sheet()).save(sheet)
        scores.write_text(csv_text(evaluation), encoding="utf-8")
        means.write_text(json.dumps(summary(evaluation), indent=1) + "\n", encoding="utf-8")
        folder.mkdir(exist_ok=True)
        for part in (video, sheet, scores, means):
            part.replace(folder / part.name)
    return evaluation


def _check(options: argparse.Namespace) -> None:
    """All that can be known before the work begins."""
    checks: tuple[tuple[str, Any, bool, str], ...] = (
        ("--last", options.last, options.last is None or 0 < options.last <= 1, "a share above 0, up to 1"),
        ("--frames", options.frames, 1 <= options.frames <= 10_000, "a number from 1 to 10000"),
        ("--size", options.size, 64 <= options.size <= 4096, "a number from 64 to 4096"),
        ("--workers", options.workers, options.workers is None or 1 <= options.workers <= 64, "a number from 1 to 64"),
    )
    for name, value, good, expected in checks:
        if not good:
            raise InputError(name, found=f"{value}", expected=expected, action="correct it")
    if options.output is not None:
        _check_output(options.output, options.force)


def _check_output(folder: Path, force: bool) -> None:
    if (folder.exists() and not folder.is_dir()) or not folder.absolute().parent.is_dir():
        raise InputError(folder, found="no place for a folder", expected="an existing folder, or the name of a new one",
                         action="choose another output")  # fmt: skip
    taken = [name for name in FILES if (folder / name).exists()]
    if taken and not force:
        raise InputError(folder / taken[0], found="an existing file", expected="a free name",
                         action="give --force to replace it, or choose another folder")  # fmt: skip
