"""The code that pages under docs/engines show, as files that can be run."""

from __future__ import annotations

import re
from pathlib import Path

PAGES = Path(__file__).parents[2] / "docs/engines"
_BLOCK = re.compile(r"<!-- test: (?P<name>[\w.-]+) -->\n```\w+\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)


def code_of(page: str) -> dict[str, str]:
    """File name -> code, of the blocks that a page marks as tested."""
    return {found["name"]: found["code"] for found in _BLOCK.finditer((PAGES / page).read_text("utf-8"))}


def write_code(folder: Path, *pages: str) -> Path:
    """All code of the pages in one folder, as JavaScript modules; returns it."""
    folder.mkdir()
    (folder / "package.json").write_text('{"type": "module"}')
    for page in pages:
        for name, code in code_of(page).items():
            (folder / name).write_text(code, "utf-8")
    return folder
