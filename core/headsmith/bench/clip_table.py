"""Results of measurements on clips as a Markdown file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


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
