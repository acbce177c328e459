"""Results of measurements on clips as a Markdown file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def each_subject(
    seeds: Sequence[int], folder: Path | None, measure: Callable[[int, Path], dict[str, Any]]
) -> list[dict[str, Any]]:
    """What `measure` finds for each seed, given a folder for its files.

    With a `folder` that stays, subjects whose result is there already are not measured again.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as place:
            return [measure(seed, Path(place)) for seed in seeds]
    folder.mkdir(parents=True, exist_ok=True)
    results = []
    for seed in seeds:
        file = folder / f"{seed}.json"
        if not file.exists():
            file.write_text(json.dumps(measure(seed, folder), indent=1), encoding="utf-8")
        results.append(json.loads(file.read_text(encoding="utf-8")))
    return results


def markdown(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table; numbers with two digits after the point."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "|".join([" --- "] + [" ---: "] * (len(columns) - 1)) + "|"]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def cell(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def write_page(path: Path, title: str, command: str, parts: Sequence[str]) -> None:
    """`path` with a heading, the command that made it, and the parts below each other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"# {title}\n\n`{command}`\n\n" + "\n\n".join(parts) + "\n", encoding="utf-8")
