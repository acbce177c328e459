"""A page in headless Chromium, told what to do from a test (tests/web/browser.mjs)."""

from __future__ import annotations

import base64
import io
import json
import os
import selectors
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gltf_readers.programs import command, node_with_packages

SCRIPT = Path(__file__).parent / "web/browser.mjs"
ANSWER_WITHIN_S = 60


@dataclass
class Browser:
    process: subprocess.Popen[str]
    showing: str = ""
    """what the tests call the page that is open"""
    commands: int = 0

    def open(self, path: str, size: tuple[int, int] = (256, 256), before: str = "") -> None:
        """A page of the served folder; `before` is JavaScript that runs ahead of the page's own."""
        self.showing = ""
        self._tell({"open": path, "size": size, "before": before})

    def run(self, code: str) -> Any:
        """What the body of an async function returns in the page, where `avatar` is the page's avatar."""
        return self._tell({"run": f"const avatar = document.querySelector('headsmith-avatar'); {code}"})

    def shot(self) -> np.ndarray:
        """[H, W, 3] uint8, what a person sees."""
        data = base64.b64decode(self._tell({"shot": None}))
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

    def said(self) -> list[str]:
        """What the page logged, threw, and asked of other servers since the last time."""
        return self._tell({"said": None})

    def press(self, key: str) -> None:
        self._tell({"key": key})

    def drag(self, *points: tuple[int, int], touch: bool = False) -> None:
        self._tell({"drag": points, "touch": touch})

    def names(self) -> list[tuple[str, str]]:
        """Role and name of everything that a screen reader is told."""
        return [(role, name) for role, name in self._tell({"names": None})]

    def _tell(self, message: dict[str, Any]) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.commands += 1
        self.process.stdin.write(json.dumps({**message, "id": self.commands}) + "\n")
        self.process.stdin.flush()
        answer = {"id": 0}
        # an answer that came too late for an earlier test is passed over
        while answer["id"] != self.commands:
            with selectors.DefaultSelector() as waiting:
                waiting.register(self.process.stdout, selectors.EVENT_READ)
                assert waiting.select(ANSWER_WITHIN_S), f"the browser did not answer {message}"
            answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["value"]


@contextmanager
def browser_on(folder: Path) -> Iterator[Browser]:
    """A browser whose pages come from `folder`. Raises `gltf_readers.programs.Missing`."""
    chromium = command(["chromium", "chromium-browser", "google-chrome"], "chromium")
    process = subprocess.Popen(
        [node_with_packages(), str(SCRIPT), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "CHROMIUM": chromium},
    )  # fmt: skip
    try:
        yield Browser(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
