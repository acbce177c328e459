"""The programs that read glTF here: where they are, and what each one sees in a file."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gltf_readers.record import Reading, reading_from
from gltf_readers.request import Request, ask

SCRIPTS = Path(__file__).parents[1] / "readers"
ROOT = Path(__file__).parents[2]
BLENDER = (".venv-bpy52", ".venv-bpy50")
"""environments of tools/blender_env.sh, the newest first"""
VERTICES = frozenset({"rest", "displacements", "joints", "worn", "weights", "poses", "motion"})


class Missing(Exception):
    """A program that is not installed; the text says which and how to get it."""


@dataclass(frozen=True)
class Program:
    name: str
    look: Callable[[Path, Request], dict[str, Any]]
    """what its script answers about a file; raises Missing"""
    reports: frozenset[str]
    """the features of `gltf_readers.compare` that it tells about"""
    profiles: tuple[str, ...] = ("engine",)
    """of `GlbOptions.profile`, that it can open"""

    def read(self, file: Path, request: Request) -> Reading:
        return reading_from(self.look(file, request))


def command(names: Sequence[str], package: str) -> str:
    """The path of the first of these programs that is installed. Raises Missing."""
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    raise Missing(f"{names[0]} is not installed (Debian: apt-get install {package})")


def node_with_packages() -> str:
    """Node's path, once the packages of tests/readers/package-lock.json are there. Raises Missing."""
    node, npm = command(["node"], "nodejs"), command(["npm"], "npm")
    problem = _install(npm)
    if problem:
        raise Missing(f"npm ci failed: {problem}")
    return node


def _install(npm: str) -> str:
    """Installs the packages where they are not yet; returns npm's last words where it failed."""
    lock, installed = SCRIPTS / "package-lock.json", SCRIPTS / "node_modules"
    wanted, stamp = hashlib.sha256(lock.read_bytes()).hexdigest(), installed / ".lock-sha256"
    if stamp.exists() and stamp.read_text() == wanted:
        return ""
    # installed aside and renamed, so that a killed or parallel run leaves a whole folder or none
    with tempfile.TemporaryDirectory(prefix=".install-", dir=SCRIPTS) as aside:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(SCRIPTS / name, aside)
        out = subprocess.run([npm, "ci"], cwd=aside, capture_output=True, text=True, timeout=600)
        if out.returncode:
            return out.stderr.strip()[-300:]
        (Path(aside) / "node_modules/.lock-sha256").write_text(wanted)
        shutil.rmtree(installed, ignore_errors=True)
        (Path(aside) / "node_modules").rename(installed)
    return ""


def look_in_node(script: str, file: Path, request: Request) -> dict[str, Any]:
    return ask([node_with_packages(), script], file, request, cwd=SCRIPTS)


def look_in_chromium(file: Path, request: Request) -> dict[str, Any]:
    browser = command(["chromium", "chromium-browser", "google-chrome"], "chromium")
    node = node_with_packages()
    return ask([node, "chromium_reader.mjs"], file, request, cwd=SCRIPTS, env={**os.environ, "CHROMIUM": browser})


def look_in_godot(file: Path, request: Request) -> dict[str, Any]:
    godot = command(["godot3-server"], "godot3-server")
    # the editor writes into its project and its user's home
    with tempfile.TemporaryDirectory() as home:
        project = shutil.copytree(SCRIPTS / "godot", Path(home) / "project")
        home_of = {"HOME": home, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
        return ask(
            [godot, "--path", str(project), "--editor"], file, request, env={**os.environ, **home_of}, named=True
        )


def look_in_blender(file: Path, request: Request) -> dict[str, Any]:
    # the stamp is there once everything is installed
    finished = [ROOT / folder / "bin/python" for folder in BLENDER if (ROOT / folder / ".made-for").exists()]
    given = os.environ.get("BPY_PYTHON")
    for python in [given] if given else finished:
        return ask([str(python), str(SCRIPTS / "blender_reader.py")], file, request)
    raise Missing("no environment with bpy (make blender-test makes one, BPY_PYTHON names another)")


def look_in_filament(file: Path, request: Request) -> dict[str, Any]:
    if find_spec("filly") is None:
        raise Missing("the package filly is not installed (x86-64 Linux and Windows: pip install headsmith[dev])")
    return ask([sys.executable, str(SCRIPTS / "filament_reader.py")], file, request)


def look_in_assimp(file: Path, request: Request) -> dict[str, Any]:
    library = Path(sysconfig.get_path("platlib")) / "cmeel.prefix/lib"
    if find_spec("impasse") is None or not library.exists():
        raise Missing("the packages impasse and cmeel-assimp are not installed (pip install headsmith[dev])")
    there = {**os.environ, "LD_LIBRARY_PATH": str(library)}
    return ask([sys.executable, str(SCRIPTS / "assimp_reader.py")], file, request, env=there)


BOTH = ("engine", "web")
PROGRAMS = (
    Program("three.js in node", partial(look_in_node, "three_reader.mjs"), VERTICES | {"normals"}, BOTH),
    Program("three.js in Chromium", look_in_chromium, VERTICES | {"normals", "drawn", "textures"}, BOTH),
    Program("Babylon.js NullEngine", partial(look_in_node, "babylon_reader.mjs"), VERTICES | {"normals"}, BOTH),
    Program(
        "gltf-transform", partial(look_in_node, "gltf_transform_reader.mjs"), VERTICES | {"normals", "textures"}, BOTH
    ),
    Program("PlayCanvas", partial(look_in_node, "playcanvas_reader.mjs"), VERTICES | {"normals"}),
    Program("Godot 3.2.3", look_in_godot, VERTICES | {"textures"}),
    Program("Blender", look_in_blender, VERTICES | {"textures"}),
    Program("Filament", look_in_filament, frozenset({"joints", "poses", "drawn", "textures"}), BOTH),
    Program("assimp", look_in_assimp, VERTICES | {"normals", "textures"}),
)
