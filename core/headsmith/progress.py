"""Progress for people (a bar), for programs (JSON lines) or for nobody."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from headsmith.types import Progress, no_progress

STYLES = ("auto", "bar", "json", "none")


class Watcher(Protocol):
    """Told of every stage of a build."""

    def stage(self, name: str) -> Any:
        """A context manager that gives the stage's `Progress`."""

    def warn(self, sentence: str) -> None:
        """Something the user should know, which does not stop the build."""


class Silent:
    """A `Watcher` for library use; warnings reach the report all the same."""

    @contextmanager
    def stage(self, name: str) -> Iterator[Progress]:  # noqa: ARG002
        yield no_progress

    def warn(self, sentence: str) -> None:
        pass


class _Relay(logging.Handler):
    def __init__(self, watcher: Watcher) -> None:
        super().__init__(logging.WARNING)
        self.watcher = watcher

    def emit(self, record: logging.LogRecord) -> None:
        self.watcher.warn(record.getMessage())


@contextmanager
def relayed(watcher: Watcher) -> Iterator[None]:
    """While it lasts, warnings that Headsmith logs reach the watcher."""
    handler, logger = _Relay(watcher), logging.getLogger("headsmith")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class JsonLines:
    """One JSON object a line on standard error: {"stage", "fraction"} or {"warning"}."""

    @contextmanager
    def stage(self, name: str) -> Iterator[Progress]:
        self._emit(stage=name, fraction=0.0)
        last = [0.0]

        def progress(fraction: float) -> None:
            if fraction - last[0] >= 0.01:
                last[0] = fraction
                self._emit(stage=name, fraction=round(fraction, 3))

        yield progress
        self._emit(stage=name, fraction=1.0)

    def warn(self, sentence: str) -> None:
        self._emit(warning=sentence)

    def _emit(self, **fields: Any) -> None:
        print(json.dumps(fields), file=sys.stderr, flush=True)


class Bar:
    """A bar for each stage, on standard error."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(stderr=True)

    @contextmanager
    def stage(self, name: str) -> Iterator[Progress]:
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        columns = (TextColumn("{task.description:<12}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with RichProgress(*columns, console=self.console) as bars:
            task = bars.add_task(name, total=1.0)
            yield lambda fraction: bars.update(task, completed=fraction)
            bars.update(task, completed=1.0)

    def warn(self, sentence: str) -> None:
        self.console.print(f"[yellow]warning:[/yellow] {sentence}")


def watcher(style: str) -> Watcher:
    """The watcher of a `--progress` style; `auto` is a bar on a terminal and nothing elsewhere."""
    if style == "json":
        return JsonLines()
    if style == "bar" or (style == "auto" and sys.stderr.isatty()):
        return Bar()
    return Silent()
