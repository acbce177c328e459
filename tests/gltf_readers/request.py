"""What readers are asked, and how their scripts are run."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 300


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


def ask(command: Sequence[str], file: Path, request: Request, **settings: Any) -> dict[str, Any]:
    """The JSON that `command FILE REQUEST.json OUT.json` writes; `settings` as of subprocess.run."""
    with tempfile.TemporaryDirectory() as folder:
        question, out = Path(folder) / "request.json", Path(folder) / "out.json"
        question.write_text(json.dumps(asdict(request)))
        done = subprocess.run([*command, str(file.resolve()), str(question), str(out)], capture_output=True, text=True,
                              timeout=TIMEOUT_SECONDS, check=False, **settings)  # fmt: skip
        # some programs crash on their way out, when the answer is there
        assert out.exists(), f"{command[0]} wrote no answer: {done.stdout[-1000:]}{done.stderr[-2000:]}"
        answer: dict[str, Any] = json.loads(out.read_text())
        return answer
