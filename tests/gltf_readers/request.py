"""What readers are asked, and how their scripts are run."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 300
PIXEL_M = 1.5e-3


class NoAnswer(Exception):
    """A program that could not read the file; the text is what it said."""


@dataclass(frozen=True)
class Turn:
    """A joint to turn before the vertices are reported once more."""

    joint: str
    quaternion: tuple[float, float, float, float]
    """xyzw, relative to its parent"""


@dataclass(frozen=True)
class Request:
    times: tuple[float, ...] = ()
    """seconds to sample every animation at"""
    turn: Turn | None = None
    probes: tuple[tuple[tuple[float, float], ...], ...] = ()
    """[K][N] (x, y) in metres: where to look at the surface under each morph target from the front"""
    animation_probes: tuple[tuple[tuple[float, float], ...], ...] = ()
    """[T][N] the same under an animation, one list for each time"""
    pixel_m: float = PIXEL_M
    """size of a pixel of a reader that looks; probes are in the middle of one"""


def ask(
    command: Sequence[str],
    file: Path,
    request: Request,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    named: bool = False,
) -> dict[str, Any]:
    """The JSON that `command FILE REQUEST.json OUT.json` writes.

    `named` gives the three paths by the environment (READER_FILE and so on) to programs that have other arguments.
    Raises NoAnswer where it writes none.
    """
    with tempfile.TemporaryDirectory() as folder:
        question, out = Path(folder) / "request.json", Path(folder) / "out.json"
        question.write_text(json.dumps(asdict(request)))
        paths = [str(file.resolve()), str(question), str(out)]
        names = dict(zip(("READER_FILE", "READER_REQUEST", "READER_OUT"), paths, strict=True))
        done = subprocess.run(
            [*command, *([] if named else paths)],
            cwd=cwd,
            env={**(env or os.environ), **(names if named else {})},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        # some programs crash on their way out, when the answer is there
        if not out.exists():
            raise NoAnswer(f"{command[0]} wrote no answer: {done.stdout[-1000:]}{done.stderr[-2000:]}")
        answer: dict[str, Any] = json.loads(out.read_text())
        return answer
