"""What many tests share: the sample photo, the sample avatar, and one real build."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PORTRAIT = ROOT / "sample_assets/portrait.jpg"


@dataclass(frozen=True)
class Build:
    """A finished run of `headsmith build`."""

    path: Path
    result: dict[str, Any]


def run_headsmith(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command line, in a process of its own."""
    command = [sys.executable, "-m", "headsmith.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


@pytest.fixture(scope="session")
def portrait() -> Path:
    return PORTRAIT


@pytest.fixture(scope="session")
def sample_avatar() -> Path:
    return ROOT / "sample_assets/portrait.avatar.zip"


@pytest.fixture(scope="session")
def draft_build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The portrait, built at draft quality by the command line."""
    output = tmp_path_factory.mktemp("draft") / "portrait.avatar"
    done = run_headsmith("build", PORTRAIT, "-o", output, "--quality", "draft", "--json")
    assert done.returncode == 0, done.stderr
    return Build(output, json.loads(done.stdout))
