"""What a build is asked for."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from headsmith import __version__
from headsmith.errors import InputError
from headsmith.params import QUALITIES, Quality
from headsmith.pipeline.known_size import LEAST_M, MOST_M
from headsmith.workfolder import fingerprint

HOLD_OUT = 0.2
"""of Clip-B, its end, that a build does not learn from, so that its report is about frames never seen"""


@dataclass(frozen=True)
class BuildRequest:
    """What to build, from photos, clips or both, all of one person."""

    photos: tuple[Path, ...]
    output: Path
    """NAME.avatar or NAME.avatar.zip"""
    clip_a: Path | None = None
    """the head from many sides, with a calm face"""
    clip_b: Path | None = None
    """the face in motion before a camera that stands still"""
    quality: Quality = QUALITIES["standard"]
    head: str = "default"
    """`default`, or the path of a FLAME or GNM file"""
    device: str = "auto"
    seed: int = 0
    max_splats: int | None = None
    """None: the quality's own number"""
    hold_out: float = HOLD_OUT
    """0 up to 0.5"""
    pupil_distance_m: float | None = None
    """between the person's pupils when they look far away; None: the head is as large as such heads usually are"""
    workers: int | None = None
    """processes that follow the face through a clip; None: one a core, at most four"""
    consent: str | None = None
    force: bool = False
    resume: bool = False

    @property
    def inputs(self) -> tuple[Path, ...]:
        """All files that the person is seen in."""
        return (*self.photos, *(clip for clip in (self.clip_a, self.clip_b) if clip is not None))


def check(request: BuildRequest) -> None:
    """Raises InputError for what can be known before any work is done."""
    if not request.inputs:
        raise InputError("build", found="no photo and no clip", expected="photos, --clip-a or --clip-b of one person",
                         action="name at least one file")  # fmt: skip
    if not 0 <= request.hold_out <= 0.5:
        raise InputError("--hold-out", found=f"{request.hold_out}", expected="a share from 0 to 0.5",
                         action="correct it")  # fmt: skip
    if request.pupil_distance_m is not None and not LEAST_M <= request.pupil_distance_m <= MOST_M:
        raise InputError("--pupil-distance", found=f"{1000 * request.pupil_distance_m:g} mm",
                         expected=f"{1000 * LEAST_M:g} to {1000 * MOST_M:g} mm, as glasses are made for",
                         action="correct it, or leave it out")  # fmt: skip
    _check_output(request.output, request.force)


def _check_output(output: Path, force: bool) -> None:
    if not output.name.endswith((".avatar", ".avatar.zip")):
        raise InputError(output, found="that name for the output", expected="NAME.avatar or NAME.avatar.zip",
                         action="add the suffix")  # fmt: skip
    if output.exists() and not force:
        raise InputError(output, found="an existing file or folder", expected="a free name",
                         action="give --force to replace it, or choose another name")  # fmt: skip
    parent = output.absolute().parent
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        found = "a folder that is missing" if not parent.exists() else "a place that cannot be written"
        raise InputError(output, found=found, expected="a writable folder", action="choose another output")


def request_key(request: BuildRequest, device: str) -> str:
    """A fingerprint of all that the stages' results depend on, but the number of splats."""
    roles = (len(request.photos), request.clip_a is not None, request.clip_b is not None, request.hold_out,
             request.pupil_distance_m)  # fmt: skip
    hashes = [_file_hash(path) for path in request.inputs]
    return fingerprint(__version__, hashes, roles, asdict(request.quality), request.seed, device,
                       _file_hash(Path(request.head)))  # fmt: skip


def _file_hash(path: Path) -> str:
    """Of the file's bytes; the path itself where there is no file."""
    if not path.is_file():
        return str(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
