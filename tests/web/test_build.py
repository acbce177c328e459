"""The committed archives are what their sources give."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gltf_readers.programs import Missing, command
from headsmith_exporters.web_runtime import runtime_files
from node_readers import refuse

ROOT = Path(__file__).parents[2]


def test_the_archives_are_what_the_sources_give() -> None:
    try:
        command(["node"], "nodejs")
        command(["npm"], "npm")
    except Missing as missing:
        refuse(missing)
    done = subprocess.run([sys.executable, ROOT / "tools/build_web.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_licences_go_along() -> None:
    text = runtime_files(with_network=False)["lib/LICENSES.txt"].decode()
    for holder in ("three.js authors", "WORLD LABS", "Arjun Barrett", "Arseny Kapoulkine", "Microsoft"):
        assert holder in text
