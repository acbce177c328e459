"""Independent readers of the files we write: npm packages that node runs (tests/readers/)."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from gltf_readers.programs import SCRIPTS, Missing, node_with_packages
from gltf_readers.record import floats
from gltf_readers.request import Request, ask


@dataclass(frozen=True)
class Readers:
    node: str

    def run(self, script: str, *arguments: object) -> Any:
        """The JSON that a script of tests/readers prints."""
        command = [self.node, script, *map(str, arguments)]
        out = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, timeout=120)
        assert out.returncode == 0, out.stderr
        return json.loads(out.stdout)

    def look(self, script: str, file: Path, request: Request) -> dict[str, Any]:
        """What a script that takes a request (tests/readers/request.mjs) sees in a file."""
        return ask([self.node, script], file, request, cwd=SCRIPTS)

    @staticmethod
    def floats(text: str, *shape: int) -> np.ndarray:
        """Base64 of float32 as an array of that shape."""
        return floats(text, *shape)


def installed_readers() -> Readers:
    """Node with the packages of tests/readers/package-lock.json; without them the test is skipped, in CI it fails."""
    try:
        return Readers(node_with_packages())
    except Missing as missing:
        refuse(missing)


def refuse(missing: Missing) -> NoReturn:
    """Skips a test that needs what is missing; continuous integration has to have it."""
    if os.environ.get("CI") == "true":
        pytest.fail(str(missing))
    pytest.skip(str(missing))
