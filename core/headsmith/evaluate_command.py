"""`headsmith evaluate` on the command line; light to import, so that the other commands start fast."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headsmith.errors import InputError
from headsmith.progress import STYLES, watcher

if TYPE_CHECKING:
    from headsmith.evaluation.clip import Evaluation

TEXT = "Compare an avatar with a clip of the person, frame by frame and region by region."
EXAMPLES = """examples:
  headsmith evaluate ada.avatar --against talk.mp4             the end of the clip that the build held out
  headsmith evaluate ada.avatar --against other.mp4 --last 1   all of it
  headsmith evaluate ada.avatar --against talk.mp4 -o out      also pictures and a video of the errors"""
FILES = ("errors.mp4", "errors.png", "scores.csv", "scores.json")


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
    from headsmith.evaluation.clip import ClipParams, evaluate_clip
    from headsmith.evaluation.table import as_text, summary
    from headsmith.pipeline.clips import workers_of

    params = ClipParams(options.last, options.frames, options.size, workers_of(options.workers))
    avatar = read_avatar(options.avatar)
    evaluation = evaluate_clip(avatar, options.against, params, options.head, watcher(options.progress))
    if options.output is not None:
        write(evaluation, options.output)
    print(json.dumps(summary(evaluation)) if options.json else as_text(evaluation))
    return 0


def write(evaluation: Evaluation, folder: Path) -> None:
    """The video and the sheet of errors, and every frame's scores; a reader sees whole files or none."""
    from PIL import Image

    from headsmith.capture import write_clip
    from headsmith.evaluation.sheet import sheet, video_frames
    from headsmith.evaluation.table import csv_text, summary

    folder.mkdir(exist_ok=True)
    parts = {name: folder / f".part-{name}" for name in FILES}
    span_s = evaluation.frames[-1].timestamp_s - evaluation.frames[0].timestamp_s
    write_clip(
        parts["errors.mp4"], video_frames(evaluation), max(2.0, (len(evaluation.frames) - 1) / max(span_s, 1e-3))
    )
    Image.fromarray(sheet(evaluation)).save(parts["errors.png"])
    parts["scores.csv"].write_text(csv_text(evaluation))
    parts["scores.json"].write_text(json.dumps(summary(evaluation), indent=1) + "\n")
    for name, part in parts.items():
        part.replace(folder / name)


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
    folder = options.output
    if folder is None:
        return
    if (folder.exists() and not folder.is_dir()) or not folder.absolute().parent.is_dir():
        raise InputError(folder, found="no place for a folder", expected="an existing folder, or the name of a new one",
                         action="choose another output")  # fmt: skip
    taken = [name for name in FILES if (folder / name).exists()]
    if taken and not options.force:
        raise InputError(folder / taken[0], found="an existing file", expected="a free name",
                         action="give --force to replace it, or choose another folder")  # fmt: skip
