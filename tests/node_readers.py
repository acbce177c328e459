"""Independent readers of the files we write: npm packages that node runs (tests/readers/)."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gltf_readers.record import floats
from gltf_readers.request import Request, ask

READERS = Path(__file__).parent / "readers"


@dataclass(frozen=True)
class Readers:
    node: str

    def run(self, script: str, *arguments: object) -> Any:
        """The JSON that a script of tests/readers prints."""
        command = [self.node, script, *map(str, arguments)]
        out = subprocess.run(command, cwd=READERS, capture_output=True, text=True, timeout=120)
        assert out.returncode == 0, out.stderr
        return json.loads(out.stdout)

    def look(self, script: str, file: Path, request: Request) -> dict[str, Any]:
        """What a script that takes a request (tests/readers/request.mjs) sees in a file."""
        return ask([self.node, script], file, request, cwd=READERS)

    @staticmethod
    def floats(text: str, *shape: int) -> np.ndarray:
        """Base64 of float32 as an array of that shape."""
        return floats(text, *shape)


def installed_readers() -> Readers:
    """Node with the packages of tests/readers/package-lock.json; without them the test is skipped, in CI it fails."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        _missing("node and npm are not installed")
    problem = _install(npm)
    if problem:
        _missing(f"npm ci failed: {problem}")
    return Readers(node)


def _missing(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _install(npm: str) -> str:
    """Installs the packages where they are not yet; returns npm's last words where it failed."""
    lock, installed = READERS / "package-lock.json", READERS / "node_modules"
    wanted, stamp = hashlib.sha256(lock.read_bytes()).hexdigest(), installed / ".lock-sha256"
    if stamp.exists() and stamp.read_text() == wanted:
        return ""
    # installed aside and renamed, so that a killed or parallel run leaves a whole folder or none
    with tempfile.TemporaryDirectory(prefix=".install-", dir=READERS) as aside:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(READERS / name, aside)
        out = subprocess.run([npm, "ci"], cwd=aside, capture_output=True, text=True, timeout=600)
        if out.returncode:
            return out.stderr.strip()[-300:]
        (Path(aside) / "node_modules/.lock-sha256").write_text(wanted)
        shutil.rmtree(installed, ignore_errors=True)
        (Path(aside) / "node_modules").rename(installed)
    return ""
