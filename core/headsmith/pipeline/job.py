"""One running build: what every stage needs, and how a stage is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from headsmith.head_model.model import HeadModel
from headsmith.pipeline.request import BuildRequest
from headsmith.progress import Watcher
from headsmith.types import Progress
from headsmith.workfolder import WorkFolder, fingerprint

T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    request: BuildRequest
    model: HeadModel
    device: str
    """a torch device"""
    folder: WorkFolder
    watcher: Watcher
    key: str

    def stage(self, name: str, make: Callable[[Progress], T], *further: object) -> T:
        """What `make` gives, or gave before an interruption; `further` is what else its result depends on."""
        with self.watcher.stage(name) as progress:
            key = fingerprint(self.key, *further) if further else self.key
            return self.folder.stage(name, key, lambda: make(progress))
