"""One version everywhere: the package's own, which every manifest repeats."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import headsmith

ROOT = Path(__file__).parents[1]
MANIFESTS = sorted(ROOT.glob("blender_addon*/blender_manifest.toml"))
PROJECTS = sorted([ROOT / "pyproject.toml", *ROOT.glob("blender_addon*/pyproject.toml")])


def table(path: Path) -> dict[str, object]:
    return tomllib.loads(path.read_text())


@pytest.mark.parametrize("path", PROJECTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_projects(path: Path) -> None:
    assert table(path)["project"]["version"] == headsmith.__version__


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_extensions(path: Path) -> None:
    manifest = table(path)
    assert manifest["version"] == headsmith.__version__
    wheel = f"./wheels/headsmith-{headsmith.__version__}-py3-none-any.whl"
    assert manifest.get("wheels", [wheel]) == [wheel]


def test_the_addon_installs_all_its_packages() -> None:
    """Folders of modules that the list in its pyproject.toml left out would be missing from a wheel."""
    addon = ROOT / "blender_addon"
    folders = {path.parent.relative_to(addon) for path in addon.rglob("__init__.py") if "build" not in path.parts}
    listed = table(addon / "pyproject.toml")["tool"]["setuptools"]["packages"]
    assert set(listed) == {".".join(("headsmith_blender", *folder.parts)) for folder in folders}
