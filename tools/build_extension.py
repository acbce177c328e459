"""Builds Blender extensions: OUTPUT/ID-VERSION.zip, checked by Blender's own `extension validate`.

An extension whose manifest lists the project's wheel gets one built from the sources as they are. Blender's builder
comes from the bpy module of the Python that runs this, or from a whole Blender (--blender).
usage: python tools/build_extension.py [--blender BLENDER] [--output dist] FOLDER...
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
WHEEL_SOURCES = ("core", "exporters", "pyproject.toml", "README.md", "LICENSE", "NOTICE")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "dist")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    options.add_argument("--blender", help="a Blender executable (default: the bpy module)")
    options.add_argument("--output", type=Path, default=ROOT / "dist")
    given = options.parse_args()
    command = [given.blender, "--factory-startup", "--command", "extension"] if given.blender else _builder()
    given.output.mkdir(parents=True, exist_ok=True)
    for folder in given.folders:
        with tempfile.TemporaryDirectory() as scratch:
            built = build(folder, command, Path(scratch))
            print(shutil.copy2(built, given.output))
    return 0


def build(folder: Path, command: list[str], scratch: Path) -> Path:
    """The zip of the extension in `folder`, built in `scratch` and valid."""
    sources = Path(shutil.copytree(folder, scratch / "sources", ignore=LEFT_OUT))
    manifest = tomllib.loads((sources / "blender_manifest.toml").read_text())
    if "wheels" in manifest:
        build_wheel(scratch / "wheel", sources / "wheels")
    built = scratch / f"{manifest['id']}-{manifest['version']}.zip"
    _run([*command, "build", "--source-dir", str(sources), "--output-filepath", str(built)])
    _run([*command, "validate", str(built)])
    return built


def build_wheel(scratch: Path, output: Path) -> None:
    """The project's wheel, from a copy of its sources: what earlier builds left beside them stays out."""
    scratch.mkdir()
    for name in WHEEL_SOURCES:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, scratch / name, **({"ignore": LEFT_OUT} if source.is_dir() else {}))
    _run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(output), str(scratch)])


def _builder() -> list[str]:
    """Blender's extension tool, which is a plain script among the bpy module's files."""
    spec = importlib.util.find_spec("bpy")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("build_extension: this Python has no bpy; give --blender BLENDER, or install bpy.")
    found = sorted(Path(spec.submodule_search_locations[0]).glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))
    return [sys.executable, str(found[-1])]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
