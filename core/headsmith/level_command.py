"""`--splats` of `headsmith export`: fewer splats before a format sees them. Light to import."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headsmith.errors import InputError
from headsmith.progress import STYLES, watcher

if TYPE_CHECKING:
    from headsmith.asset import Avatar

FULL = "full"
LEAST = 100
"""splats of a level; fewer are no head any more"""
OPTION = "--splats"


@dataclass(frozen=True)
class Reduced:
    """An avatar at a level, and what to say about it."""

    avatar: Avatar
    result: dict[str, Any] = field(default_factory=dict)
    """for `--json`"""
    lines: tuple[str, ...] = ()
    """for people"""
    sheet: Any = None
    """[H, W, 3] sRGB, where one was asked for"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(OPTION, default=FULL, metavar="10k|20k|50k|full",
                         help="at most so many splats, refitted to look like all; any number will do")  # fmt: skip
    command.add_argument("--sheet", type=Path, metavar="PNG",
                         help="with --splats: a picture of all splats above the fewer ones")  # fmt: skip
    command.add_argument("--progress", default="auto", choices=STYLES)


def level_of(options: argparse.Namespace) -> int | None:
    """The number of splats asked for, or None for all; raises InputError."""
    count = parsed_level(options.splats)
    if count is None and options.sheet is not None:
        raise InputError("--sheet", found="no level to show", expected=f"{OPTION} with a number beside it",
                         action=f"add {OPTION} 20k, or leave the sheet out")  # fmt: skip
    return count


def parsed_level(text: str) -> int | None:
    """ "20k", "20000" or "full" (None); raises InputError."""
    if text.lower() == FULL:
        return None
    match = re.fullmatch(r"(\d{1,9})(k?)", text.lower(), re.ASCII)
    count = int(match[1]) * (1000 if match[2] else 1) if match else 0
    if count < LEAST:
        raise InputError(OPTION, found=f"'{text}'", expected=f"full, or a number from {LEAST} such as 20k or 20000",
                         action="choose one")  # fmt: skip
    return count


def check_has_splats(format_name: str, decodes: bool) -> None:
    """Raises InputError for a format without splats: of those, none can be left out."""
    if not decodes:
        raise InputError(OPTION, found=f"the format '{format_name}', which holds no splats",
                         expected="a splat format such as ply or sog",
                         action="leave the option out, or choose another --format")  # fmt: skip


def reduced(avatar: Avatar, count: int, progress: str, with_sheet: bool) -> Reduced:
    """The avatar with at most `count` splats; says beforehand what will take its time."""
    full = len(avatar.splats.splats)
    if full <= count:
        note = f"{count} splats were asked for, and there are {full}: all are kept."
        return Reduced(avatar, {"note": note}, (note,))
    from headsmith.preview import level_sheet
    from headsmith.splats.levels import simplify

    if progress in ("auto", "bar"):
        print(f"Choosing and refitting {count} of {full} splats: this takes about a minute.", file=sys.stderr)
    with watcher(progress).stage("splats") as report_progress:
        level, report = simplify(avatar, count, report_progress)
    views = [f"  {name:<12}{like.psnr_db:5.1f} dB  SSIM {like.ssim:.3f}" for name, like in report.views.items()]
    lines = (f"{report.splats} of {report.full} splats, against all of them:", *views)
    return Reduced(level, {"level": report.as_dict()}, lines, level_sheet(avatar, level) if with_sheet else None)
