"""`headsmith track` on the command line; light to import, so that the other commands start fast."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headsmith.errors import InputError
from headsmith.progress import STYLES, watcher

if TYPE_CHECKING:
    from headsmith.asset import Avatar, Motion
    from headsmith.performer import Performance
    from headsmith.types import HeadTrack

TEXT = "Take the motion from a clip of anybody's face, to drive an avatar with it."
EXAMPLES = """examples:
  headsmith track talk.mp4 --avatar ada.avatar                  writes talk.npz
  headsmith track talk.mp4 --avatar ada.avatar -o talk.json --every 2
  headsmith track talk.mp4 --avatar ada.avatar --preview seen.mp4"""
SUFFIXES = (".npz", ".json")
PREVIEW_PX = 384
MANY_GAPS = 5


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's own options; --json and --debug are everybody's."""
    command.add_argument("clip", type=Path, metavar="VIDEO", help="one person's face, of whoever performs")
    command.add_argument("--avatar", type=Path, required=True, help="the avatar that is to be driven")
    command.add_argument("-o", "--output", type=Path, metavar="MOTION", help="a motion file, .npz or .json (default: "
                         "beside you, named as the clip)")  # fmt: skip
    command.add_argument("--every", type=int, default=1, metavar="N", help="track only each Nth frame (default 1)")
    command.add_argument("--preview", type=Path, metavar="MP4", help="also a video of the clip beside the avatar")
    command.add_argument("--workers", type=int, metavar="N", help="processes that track (default: one a core)")
    command.add_argument("--force", action="store_true", help="replace existing files")
    command.add_argument("--progress", default="auto", choices=STYLES)


def run(options: argparse.Namespace) -> int:
    """Tracks, writes and prints; raises InputError for whatever cannot be used."""
    output = options.output or Path(f"{options.clip.stem}.npz")
    _check(options, output)
    from headsmith.asset import read_avatar
    from headsmith.motion import to_avatar, write_motion
    from headsmith.performer import perform
    from headsmith.pipeline.clips import workers_of

    avatar = read_avatar(options.avatar)
    told = watcher(options.progress)
    done = perform(options.clip, options.every, workers_of(options.workers), told)
    motion, lost = to_avatar(done.motion, avatar.blendshapes.names, avatar.rig.joint_names)
    write_motion(motion, output, force=options.force)
    files = [str(output)]
    if options.preview is not None:
        with told.stage("preview") as progress:
            _write_preview(options.preview, done, avatar, motion, progress)
        files.append(str(options.preview))
    warnings = (*done.warnings, *gaps(done.track), *lost)
    for sentence in warnings:
        told.warn(sentence)
    _print(options, files, motion, done.track, warnings)
    return 0


def gaps(track: HeadTrack) -> tuple[str, ...]:
    """A sentence that says in which frames the face was not seen; none where it always was."""
    missing = [int(index) for index, seen in zip(track.index, track.tracked, strict=True) if not seen]
    if not missing:
        return ()
    step = int(min(track.index[1:] - track.index[:-1])) if len(track.index) > 1 else 1
    runs = [[missing[0], missing[0]]]
    for index in missing[1:]:
        if index - runs[-1][1] > step:
            runs.append([index, index])
        runs[-1][1] = index
    named = [f"{a}" if a == b else f"{a}-{b}" for a, b in runs[:MANY_GAPS]]
    more = ", and others" if len(runs) > MANY_GAPS else ""
    return (f"{track.info.source}: no face in {len(missing)} of {len(track.index)} frames ({', '.join(named)}{more}); "
            "they were bridged.",)  # fmt: skip


def _write_preview(path: Path, done: Performance, avatar: Avatar, motion: Motion, progress: Any) -> None:
    from headsmith.capture import write_clip
    from headsmith.performer import beside_clip

    def told() -> Any:
        for i, picture in enumerate(beside_clip(done, avatar, motion, PREVIEW_PX)):
            yield picture
            progress((i + 1) / len(motion.weights))

    partial = path.with_name(f".partial-{path.name}")
    try:
        write_clip(partial, told(), motion.fps)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _print(
    options: argparse.Namespace, files: list[str], motion: Motion, track: HeadTrack, warnings: tuple[str, ...]
) -> None:
    frames, seen = len(motion.weights), int(track.tracked.sum())
    error = float(track.error[track.tracked].mean())
    result = {"files": files, "frames": frames, "tracked": seen, "fps": round(motion.fps, 3),
              "landmark_error": round(error, 5), "warnings": list(warnings)}  # fmt: skip
    if options.json:
        print(json.dumps(result))
        return
    for sentence in warnings:
        print(f"note: {sentence}")
    print(f"{files[0]}: {frames} frames at {motion.fps:.4g} a second")
    for other in files[1:]:
        print(other)


def _check(options: argparse.Namespace, output: Path) -> None:
    """All that can be known before the work begins."""
    for name, value in (("--every", options.every), ("--workers", options.workers)):
        if value is not None and not 1 <= value <= 1000:
            raise InputError(name, found=f"{value}", expected="a number from 1 to 1000", action="correct it")
    _check_place(output, SUFFIXES, options.force)
    if options.preview is not None:
        _check_place(options.preview, (".mp4",), options.force)


def _check_place(path: Path, suffixes: tuple[str, ...], force: bool) -> None:
    if path.suffix.lower() not in suffixes:
        raise InputError(path, found=f"the suffix '{path.suffix}'", expected=" or ".join(suffixes),
                         action="rename the output")  # fmt: skip
    if path.is_dir() or (path.exists() and not force):
        raise InputError(path, found="an existing file or folder", expected="a free name",
                         action="give --force to replace a file, or choose another name")  # fmt: skip
    if not path.absolute().parent.is_dir():
        raise InputError(path, found="no such folder", expected="an existing folder", action="create it first")
