"""Blender carries no Pillow: formats without pictures are written all the same, others say what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from headsmith.asset import Avatar
from headsmith_exporters import export

SCRIPT = """
import sys
sys.modules["PIL"] = None  # what makes `import PIL` fail
from dataclasses import replace
from pathlib import Path
from asset.networks import glow_network
from headsmith.errors import InputError
from headsmith_exporters import export, formats, read_splats
from synthetic import make_avatar

avatar, folder = replace(make_avatar(), dynamic_texture=glow_network(("jawOpen",))), Path(sys.argv[1])
for name, chosen in formats().items():
    try:
        export(avatar, folder / f"head{chosen.suffix}", name)
        print(name, "written")
    except InputError as error:
        print(name, error)
try:
    read_splats(Path(sys.argv[2]))
except InputError as error:
    print("reading", error)
"""


def test_formats_without_pictures_need_no_pillow(tmp_path: Path, avatar: Avatar) -> None:
    sog = export(avatar, tmp_path / "known.sog", "sog").files[0]
    out = subprocess.run([sys.executable, "-c", SCRIPT, tmp_path, sog], capture_output=True, text=True,
                         env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, check=False)  # fmt: skip
    assert out.returncode == 0, out.stderr
    said = dict(line.split(" ", 1) for line in out.stdout.splitlines())
    assert {name for name, answer in said.items() if answer == "written"} >= {"ply", "splat", "compressed.ply", "spz"}
    without = {name for name, answer in said.items() if "no package 'Pillow'" in answer}
    assert without == {"glb", "gltf", "obj", "onnx", "sog", "vrm", "web", "reading"}
    assert all((tmp_path / f"head.{name}").exists() for name in ("ply", "splat", "spz"))
