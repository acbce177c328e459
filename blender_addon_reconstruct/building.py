# SPDX-License-Identifier: GPL-3.0-or-later
"""`headsmith build` as a process of its own: started, watched, stopped. Plain Python, without bpy."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

COMMAND = "headsmith"
_PATIENCE_S = 5.0
"""for a process that was asked to stop"""
_POLL_S = 0.05
_KEPT_LINES = 20


class BuildError(Exception):
    """Why there is no avatar, in one sentence for the user."""


@dataclass(frozen=True)
class Request:
    photos: tuple[Path, ...]
    output: Path
    """NAME.avatar or NAME.avatar.zip"""
    quality: str = "standard"
    consent: str = ""
    """what the person agreed to, kept in the avatar"""
    head: str = ""
    """a FLAME or GNM model file; empty for the default head"""
    replace: bool = False

    def arguments(self) -> list[str]:
        """What follows the command's name."""
        given = ["build", *map(str, self.photos), "--output", str(self.output), "--quality", self.quality]
        given += ["--progress", "json", "--json"]
        given += ["--consent", self.consent] if self.consent else []
        given += ["--head", self.head] if self.head else []
        return given + (["--force"] if self.replace else [])


@dataclass
class Build:
    """A build that runs. `poll` now and then; `stage` and `fraction` (0..1, of that stage) say how far it is."""

    request: Request
    process: subprocess.Popen[str]
    stage: str = "starting"
    fraction: float = 0.0
    warnings: list[str] = field(default_factory=list)
    cancelled: bool = False
    _lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read_all, daemon=True)
        self._reader.start()

    def running(self) -> bool:
        """False once it has ended and everything that it said is read."""
        return self.process.poll() is None or self._reader.is_alive()

    def cancel(self) -> None:
        """Asks it to stop, and makes it after some seconds. Unfinished avatars leave no file."""
        self.cancelled = True
        self.process.terminate()
        try:
            self.process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def result(self) -> Path:
        """The avatar, after it has ended. Raises BuildError where there is none."""
        if self.cancelled:
            raise BuildError("The build was cancelled.")
        if self.process.returncode == 0:
            return self.request.output
        # the command's own last words are one sentence
        said = [line.removeprefix(f"{COMMAND}: ") for line in self._lines if line.strip()]
        ending = f"{COMMAND} ended with code {self.process.returncode} and said nothing"
        raise BuildError(said[-1] if said else ending)

    def _read_all(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._read(line)

    def _read(self, line: str) -> None:
        """One line of its standard error: progress or a warning as JSON, or words."""
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            self._lines = [*self._lines, line.rstrip()][-_KEPT_LINES:]
        elif "warning" in event:
            self.warnings.append(str(event["warning"]))
        elif "stage" in event:
            self.stage, self.fraction = str(event["stage"]), float(event.get("fraction", 0.0))


def find_command(configured: str) -> str:
    """The command of the preferences, or the one on PATH. Raises BuildError where there is none."""
    found = shutil.which(configured or COMMAND)
    if found is None:
        raise BuildError(
            f"{configured or COMMAND}: found no such command, expected an installation of Headsmith; install it with "
            'pip install "headsmith[build]" and name its headsmith command in the preferences of Headsmith Reconstruct.'
        )
    return found


def start(command: str, request: Request) -> Build:
    """Starts the build. Raises BuildError where that is not possible."""
    if not request.photos:
        raise BuildError("No photo was chosen; choose one or more of one person.")
    if request.output.exists() and not request.replace:
        raise BuildError(
            f"{request.output}: found an existing avatar, expected a free name; turn on Replace or move it."
        )
    try:
        process = subprocess.Popen(
            [command, *request.arguments()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            # no console window beside Blender on Windows
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise BuildError(f"{command}: cannot be run ({error.strerror}); check the preferences.") from error
    return Build(request, process)


def run(command: str, request: Request, progress: Callable[[str, float], None] = lambda *_: None) -> Path:
    """Builds and waits for it; `progress` is told the stage and its fraction. Raises BuildError."""
    build = start(command, request)
    while build.running():
        progress(build.stage, build.fraction)
        time.sleep(_POLL_S)
    return build.result()


def output_for(photos: Sequence[Path], folder: str) -> Path:
    """NAME.avatar.zip after the first photo, in `folder`, or beside the photo where that is empty."""
    first = photos[0]
    return (Path(folder) if folder else first.parent) / f"{first.stem}.avatar.zip"
