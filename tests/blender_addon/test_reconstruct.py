"""The add-on that runs the user's own `headsmith build`.

Set HEADSMITH_COMMAND to a headsmith with its build extra to have a photo built in the course of these tests.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import bpy
import pytest

from headsmith_blender.avatars import avatars

ROOT = Path(__file__).parents[2]
PORTRAIT = ROOT / "sample_assets/portrait.jpg"
NAME = "headsmith_reconstruct"


@pytest.fixture(scope="module")
def package() -> Iterator[Any]:
    """The add-on's package, under the name of its extension."""
    folder = ROOT / "blender_addon_reconstruct"
    spec = importlib.util.spec_from_file_location(
        NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)
    yield module
    for name in [name for name in sys.modules if name.split(".")[0] == NAME]:
        del sys.modules[name]


@pytest.fixture
def building(package: Any) -> Any:
    return importlib.import_module(f"{package.__name__}.building")


@pytest.fixture
def reconstruct(package: Any, scene: Any) -> Iterator[Any]:
    """The scene, with both add-ons registered."""
    package.register()
    yield scene
    package.unregister()


@pytest.fixture
def headsmith(monkeypatch: pytest.MonkeyPatch) -> str:
    """The headsmith command beside this Python (the base install, which cannot build), first on PATH."""
    folder = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    found = shutil.which("headsmith", path=str(folder))
    assert found, "the add-on's tests need the headsmith package installed"
    return found


def program(folder: Path, text: str) -> str:
    """An executable Python script."""
    path = folder / "program"
    path.write_text(f"#!{sys.executable}\nimport json, sys, time\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def request(building: Any, folder: Path, **options: Any) -> Any:
    return building.Request((PORTRAIT,), folder / "ada.avatar.zip", **options)


def test_arguments(building: Any, tmp_path: Path) -> None:
    given = request(building, tmp_path, quality="draft", consent="yes", head="flame.npz", replace=True).arguments()
    assert given[:2] == ["build", str(PORTRAIT)]
    assert {"--force", "--json"} < set(given)
    pairs = dict(pairwise(given))
    assert pairs["--quality"] == "draft"
    assert pairs["--consent"] == "yes"
    assert pairs["--head"] == "flame.npz"
    assert pairs["--progress"] == "json"
    assert not {"--force", "--consent", "--head"} & set(request(building, tmp_path).arguments())


def test_the_commands_own_sentence_is_the_error(building: Any, headsmith: str, tmp_path: Path) -> None:
    with pytest.raises(building.BuildError, match=r"found no package .*, expected .*; .*\.$"):
        building.run(headsmith, request(building, tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_no_command(building: Any, tmp_path: Path) -> None:
    with pytest.raises(building.BuildError, match=r"no-such-headsmith: found no such command.*preferences"):
        building.find_command("no-such-headsmith")
    with pytest.raises(building.BuildError, match="cannot be run"):
        building.start(str(tmp_path), request(building, tmp_path))


def test_an_existing_avatar_stays(building: Any, tmp_path: Path) -> None:
    (tmp_path / "ada.avatar.zip").touch()
    with pytest.raises(building.BuildError, match="existing avatar"):
        building.start("headsmith", request(building, tmp_path))
    with pytest.raises(building.BuildError, match="No photo"):
        building.start("headsmith", building.Request((), tmp_path / "x.avatar"))


def test_progress_and_warnings_are_read(building: Any, tmp_path: Path) -> None:
    command = program(
        tmp_path,
        'for part in ({"stage": "fit", "fraction": 0.5}, {"warning": "dark"}):\n'
        "    print(json.dumps(part), file=sys.stderr, flush=True)\n"
        'print("a line that is not JSON\\n7", file=sys.stderr)',
    )
    build = building.start(command, request(building, tmp_path))
    while build.running():
        time.sleep(0.01)
    assert (build.stage, build.fraction, build.warnings) == ("fit", 0.5, ["dark"])
    assert build.result() == tmp_path / "ada.avatar.zip"


def test_a_build_can_be_cancelled(building: Any, tmp_path: Path) -> None:
    build = building.start(program(tmp_path, "time.sleep(60)"), request(building, tmp_path))
    assert build.running()
    build.cancel()
    with pytest.raises(building.BuildError, match="cancelled"):
        build.result()
    assert build.process.poll() is not None


def test_a_silent_failure_says_its_code(building: Any, tmp_path: Path) -> None:
    with pytest.raises(building.BuildError, match="ended with code 7"):
        building.run(program(tmp_path, "sys.exit(7)"), request(building, tmp_path))


@pytest.mark.usefixtures("reconstruct", "headsmith")
def test_the_button_reports_the_commands_sentence(tmp_path: Path) -> None:
    photo = shutil.copy(PORTRAIT, tmp_path / "ada.jpg")
    with pytest.raises(RuntimeError, match="found no package"):
        bpy.ops.headsmith.build_avatar(filepath=str(photo))
    with pytest.raises(RuntimeError, match="No photo was chosen"):
        bpy.ops.headsmith.build_avatar()


def test_registering_twice_leaves_nothing(package: Any, scene: Any) -> None:  # noqa: ARG001 (registered before)
    before = set(dir(bpy.types))
    for _ in range(2):
        package.register()
        assert set(dir(bpy.types)) > before
        package.unregister()
        assert set(dir(bpy.types)) == before


@pytest.mark.slow
@pytest.mark.skipif("HEADSMITH_COMMAND" not in os.environ, reason="no headsmith with its build extra is named")
def test_a_photo_becomes_an_avatar_in_the_scene(
    reconstruct: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(os.environ["HEADSMITH_COMMAND"]).parent
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    bad = tmp_path / "bad.jpg"
    bad.write_text("no photo")
    with pytest.raises(RuntimeError, match=r"bad\.jpg: found a text file, expected a photo"):
        bpy.ops.headsmith.build_avatar(filepath=str(bad), quality="draft")
    shutil.copy(PORTRAIT, tmp_path / "ada.jpg")
    bpy.ops.headsmith.build_avatar(
        directory=f"{tmp_path}/", files=[{"name": "ada.jpg"}], quality="draft", consent="agreed"
    )
    (collection,) = avatars(reconstruct)
    assert collection.name == "ada"
    assert collection.headsmith.consent == "agreed"
