# SPDX-License-Identifier: GPL-3.0-or-later
"""Outputs that appear whole or not at all, and that a run that goes on need not make again."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from headsmith.errors import InputError


@dataclass
class Place:
    """Where a step may put files."""

    force: bool = False
    """replace what is there"""
    resume: bool = False
    """what is there is finished work"""
    made: int = 0
    """files written so far"""
    kept: list[Path] = field(default_factory=list)
    """finished before"""

    @contextmanager
    def file(self, path: Path) -> Iterator[Path | None]:
        """A temporary path to write to, which becomes `path`; None where `path` is finished already.

        Raises InputError where it exists otherwise, or cannot be written.
        """
        if self.is_finished(path):
            yield None
            return
        with tempfile.TemporaryDirectory(prefix="headsmith_") as folder:
            written = Path(folder) / path.name
            yield written
            self.put(written, path)

    def is_finished(self, path: Path) -> bool:
        """Whether `path` is there from an earlier run. Raises InputError where it must not be there."""
        if path.exists() and self.resume and not self.force:
            self.kept.append(path)
            return True
        if path.is_dir() or (path.exists() and not self.force):
            raise InputError(path, found="a folder" if path.is_dir() else "an existing file", expected="a free name",
                             action="give --force to replace it, or choose another name")  # fmt: skip
        return False

    def put(self, written: Path, path: Path) -> None:
        """Moves a finished file to its place, by way of a sibling, so that nobody sees half of it."""
        part = path.with_name(f".{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(written, part)
            os.replace(part, path)
        except OSError as error:
            raise InputError(path, found=f"a place that cannot be written ({error.strerror})",
                             expected="a writable folder", action="choose another output") from error  # fmt: skip
        finally:
            part.unlink(missing_ok=True)
        self.made += 1


def frame_path(path: Path, frame: int) -> Path:
    """ada.png for frame 7: ada_0007.png."""
    return path.with_name(f"{path.stem}_{frame:04d}{path.suffix}")
