"""The command line, in this process and, where it matters, in one of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import bpy
import pytest

from headsmith.errors import InputError
from headsmith_blender.avatars import avatars
from headsmith_blender.cli.command import run
from headsmith_blender.cli.rendering import listed_frames
from headsmith_blender.compat import all_curves
from headsmith_blender.controls import sliders
from headsmith_exporters import read_splats

SMALL = ["--size", "32", "--samples", "1"]


@pytest.fixture
def command(scene: Any, capfd: pytest.CaptureFixture[str]) -> Any:  # noqa: ARG001
    """Runs a command line; its exit code, its lines of JSON, and what it said on standard error."""

    def call(*words: object) -> tuple[int, list[dict[str, Any]], str]:
        capfd.readouterr()
        code = run([*map(str, words), "--json"], "headsmith-blender")
        out, said = capfd.readouterr()
        # whatever Blender printed would be no JSON
        return code, [json.loads(line) for line in out.splitlines()], said

    return call


@pytest.fixture
def folder(sample_avatar: Path, tmp_path: Path) -> Path:
    """Two avatars and a damaged one."""
    bundles = tmp_path / "avatars"
    bundles.mkdir()
    for name in ("ada", "eve"):
        (bundles / f"{name}.avatar.zip").symlink_to(sample_avatar)
    (bundles / "cut.avatar.zip").write_bytes(sample_avatar.read_bytes()[:5000])
    (bundles / "notes.txt").write_text("no avatar")
    return bundles


def test_import_writes_a_blend_that_opens(command: Any, sample_avatar: Path, tmp_path: Path) -> None:
    code, (line,), _ = command("import", sample_avatar, "-o", tmp_path / "ada.blend", "--expression", "smile=0.5")
    assert code == 0
    assert (line["status"], line["outputs"], line["error"]) == ("done", [str(tmp_path / "ada.blend")], None)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "ada.blend"))
    (avatar,) = avatars(bpy.context.scene)
    assert sliders(avatar)["mouthSmileLeft"].value == pytest.approx(0.3)
    assert bpy.context.scene.camera is not None
    assert all(image.packed_file for image in bpy.data.images if image.source == "FILE")
    assert [p.name for p in tmp_path.iterdir()] == ["ada.blend"]


def test_files_are_replaced_only_on_request(command: Any, sample_avatar: Path, tmp_path: Path) -> None:
    target = tmp_path / "ada.ply"
    target.write_bytes(b"mine")
    code, (line,), _ = command("export", sample_avatar, "-o", target)
    assert code == 1
    assert "an existing file" in line["error"]
    assert target.read_bytes() == b"mine"
    code, (line,), _ = command("export", sample_avatar, "-o", target, "--force")
    assert code == 0
    assert len(read_splats(target).means) == 25000


def test_animate_then_export_carries_the_animation(command: Any, sample_avatar: Path, tmp_path: Path) -> None:
    blend = tmp_path / "talking.blend"
    code, _, _ = command("animate", sample_avatar, "--motion", "talk", "--seconds", "1", "-o", blend)
    assert code == 0
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    keys = avatars(bpy.context.scene)[0].headsmith.head.data.shape_keys
    assert any(curve.data_path.startswith("key_blocks") for curve in all_curves(keys.animation_data.action))
    assert (bpy.context.scene.frame_start, bpy.context.scene.frame_end) == (1, 25)
    code, (line,), _ = command("export", blend, "-o", tmp_path / "talking.gltf", "--preset", "compact")
    assert (code, line["error"]) == (0, None)
    document = json.loads((tmp_path / "talking.gltf").read_text())
    assert len(document["animations"]) == 1
    assert sorted(Path(p).name for p in line["outputs"]) == ["portrait Albedo.jpg", "talking.bin", "talking.gltf"]


def test_render_frames_differ_and_are_numbered(command: Any, sample_avatar: Path, tmp_path: Path) -> None:
    code, (line,), _ = command("render", sample_avatar, "--motion", "each-shape", "--frames", "1,211", "--show", "mesh",
                               "--transparent", *SMALL, "-o", tmp_path / "ada.png")  # fmt: skip
    assert (code, line["error"]) == (0, None)
    files = [tmp_path / "ada_0001.png", tmp_path / "ada_0211.png"]
    assert line["outputs"] == [str(path) for path in files]
    pictures = []
    for path in files:
        image = bpy.data.images.load(str(path))
        assert (tuple(image.size), image.channels) == ((32, 32), 4)
        pictures.append(list(image.pixels))
        bpy.data.images.remove(image)
    alpha = pictures[0][3::4]
    assert min(alpha) == 0
    assert max(alpha) == 1
    assert max(abs(a - b) for a, b in zip(*pictures, strict=True)) > 0.02


def test_a_hologram(command: Any, sample_avatar: Path, tmp_path: Path) -> None:
    code, (line,), _ = command("hologram", sample_avatar, *SMALL, "--preset", "ghost", "-o", tmp_path / "ada.png")
    assert (code, line["outputs"]) == (0, [str(tmp_path / "ada.png")])
    assert (tmp_path / "ada.png").read_bytes().startswith(b"\x89PNG")


def test_a_batch_does_the_rest_and_goes_on(command: Any, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("batch", folder, "-o", out, "--do", "export --format ply", "--do", "export -o small --format spz")
    code, lines, _ = command(*words)
    assert code == 1
    assert {Path(line["item"]).name: line["status"] for line in lines} == {
        "ada.avatar.zip": "done", "cut.avatar.zip": "failed", "eve.avatar.zip": "done",
    }  # fmt: skip
    (bad,) = [line for line in lines if line["status"] == "failed"]
    assert "cut.avatar" in bad["error"]
    made = sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file())
    assert made == ["ada.ply", "eve.ply", "small/ada.spz", "small/eve.spz"]

    (out / "eve.ply").unlink()
    before = (out / "ada.ply").stat().st_mtime_ns
    code, lines, _ = command(*words)
    assert code == 1
    assert [line["skipped"] for line in lines] == [True, False, False]
    assert (out / "eve.ply").exists()
    assert (out / "ada.ply").stat().st_mtime_ns == before
    code, lines, _ = command(*words, "--force")
    assert not any(line["skipped"] for line in lines)
    assert (out / "ada.ply").stat().st_mtime_ns > before


def test_a_killed_batch_leaves_whole_files_and_goes_on(folder: Path, sample_avatar: Path, tmp_path: Path) -> None:
    (folder / "cut.avatar.zip").unlink()
    for i in range(2):
        (folder / f"more{i}.avatar.zip").symlink_to(sample_avatar)
    words = [sys.executable, "-m", "headsmith_blender", "batch", folder, "-o", tmp_path / "out", "--do",
             "export --format ply", "--json"]  # fmt: skip
    running = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    first = json.loads(running.stdout.readline())
    running.send_signal(signal.SIGKILL)
    running.wait()
    running.stdout.close()
    assert first["status"] == "done"
    for path in (tmp_path / "out").glob("*.ply"):
        assert len(read_splats(path).means) == 25000
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, timeout=120, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert lines[0]["skipped"]
    assert not lines[-1]["skipped"]
    assert len(list((tmp_path / "out").glob("*.ply"))) == 4


def test_a_job_file_has_its_paths_beside_it(command: Any, folder: Path) -> None:
    jobs = [
        {"do": "export", "source": "ada.avatar.zip", "output": "made/ada.ply"},
        {"do": "export", "source": "none.avatar", "output": "made/none.ply"},
        {"do": "import", "source": "eve.avatar.zip", "pose": ["jawOpen=0.5", "mouthPucker=1"], "show": "mesh"},
    ]
    (folder / "jobs.json").write_text(json.dumps(jobs))
    code, lines, _ = command("batch", folder / "jobs.json")
    assert code == 1
    assert [line["status"] for line in lines] == ["done", "failed", "done"]
    assert (folder / "made/ada.ply").exists()
    bpy.ops.wm.open_mainfile(filepath=str(folder / "eve.blend"))
    (avatar,) = avatars(bpy.context.scene)
    assert sliders(avatar)["mouthPucker"].value == 1
    assert avatar.headsmith.show == "MESH"


WRONG = {
    "no command": [],
    "unknown command": ["paint", "a.avatar"],
    "no source": ["render"],
    "size": ["render", "a.avatar", "--size", "0"],
    "size word": ["render", "a.avatar", "--size", "big"],
    "samples": ["render", "a.avatar", "--samples", "-3"],
    "suffix": ["render", "a.avatar", "-o", "a.bmp"],
    "one file for two": ["render", "a.avatar", "b.avatar", "-o", "both.png"],
    "same names": ["render", "a/ada.avatar", "b/ada.avatar"],
    "no motion": ["animate", "a.avatar"],
    "batch without do": ["batch", "a.avatar", "-o", "out"],
    "batch without folder": ["batch", "a.avatar", "--do", "render"],
    "unknown step": ["batch", "a.avatar", "-o", "out", "--do", "paint"],
    "step option": ["batch", "a.avatar", "-o", "out", "--do", "render --sise 3"],
    "colliding steps": ["batch", "a.avatar", "-o", "out", "--do", "render", "--do", "hologram"],
    "no job file": ["batch", "none.json"],
}


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_meant_is_said_before_anything_is_done(command: Any, words: list[str]) -> None:
    code, lines, said = command(*words)
    assert (code, lines) == (2, [])
    assert said.startswith("headsmith: ")
    assert said.count("\n") == 1


JOBS = {
    "no JSON": "render everything",
    "no list": "{}",
    "empty": "[]",
    "no source": '[{"do": "render"}]',
    "no command": '[{"source": "a.avatar"}]',
    "unknown option": '[{"do": "render", "source": "a.avatar", "colour": "red"}]',
    "wrong value": '[{"do": "render", "source": "a.avatar", "size": "huge"}]',
    "wrong suffix": '[{"do": "render", "source": "a.avatar", "output": "a.glb"}]',
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("text", JOBS.values(), ids=JOBS.keys())
def test_wrong_job_files(command: Any, tmp_path: Path, text: str) -> None:
    (tmp_path / "jobs.json").write_text(text)
    code, lines, said = command("batch", tmp_path / "jobs.json")
    assert (code, lines) == (2, [])
    assert said.startswith("headsmith: ")


PROBLEMS = {
    "no bundle": ("render", "none.avatar", []),
    "no blend": ("render", "none.blend", []),
    "unknown expression": ("render", None, ["--expression", "bored"]),
    "unknown slider": ("render", None, ["--pose", "jawopen=1"]),
    "no number": ("render", None, ["--pose", "jawOpen=wide"]),
    "unknown motion": ("render", None, ["--motion", "dance"]),
    "no motion file": ("render", None, ["--motion", "none.csv"]),
    "frames": ("render", None, ["--frames", "1..3"]),
}


@pytest.mark.parametrize(("name", "source", "words"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_a_problem_of_an_item_is_its_own(
    command: Any, sample_avatar: Path, tmp_path: Path, name: str, source: str | None, words: list[str]
) -> None:
    path = tmp_path / source if source else sample_avatar
    code, (line,), said = command(name, path, "-o", tmp_path / "a.png", *words)
    assert (code, line["status"], line["outputs"]) == (1, "failed", [])
    assert line["error"].endswith(".")
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())


def test_a_blend_without_an_avatar(command: Any, tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "empty.blend"))
    code, (line,), _ = command("render", tmp_path / "empty.blend", "-o", tmp_path / "a.png")
    assert code == 1
    assert "no avatar" in line["error"]
    (tmp_path / "torn.blend").write_bytes(b"BLENDER-v500 torn")
    code, (line,), _ = command("render", tmp_path / "torn.blend", "-o", tmp_path / "a.png")
    assert code == 1
    assert "torn.blend" in line["error"]


def test_frame_lists() -> None:
    assert listed_frames("1-4,9") == [1, 2, 3, 4, 9]
    for text in ("", "a", "1-", "4-1,x"):
        with pytest.raises(InputError, match="--frames"):
            listed_frames(text)


def test_help_names_every_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"], "headsmith-blender") == 0
    out = capfd.readouterr().out
    assert all(name in out for name in ("import", "animate", "render", "export", "hologram", "batch"))
    for name in ("import", "animate", "render", "export", "hologram", "batch"):
        assert run([name, "--help"], "headsmith-blender") == 0
        assert f"headsmith-blender {name}" in capfd.readouterr().out


def test_pictures_of_a_bundle_are_exact_unless_told(command: Any, sample_avatar: Path, tmp_path: Path) -> None:
    for words, mode in (([], "EXACT"), (["--colours", "linear"], "LINEAR")):
        words += ["-o", tmp_path / f"{mode}.png", "--transparent"]
        assert command("render", sample_avatar, *words, *SMALL)[0] == 0
        assert avatars(bpy.context.scene)[0].headsmith.colour_mode == mode
        alpha = list(bpy.data.images.load(str(tmp_path / f"{mode}.png")).pixels)[3::4]
        assert (min(alpha), max(alpha) > 0.9) == (0, True)
    # what an artist has chosen stays
    assert command("import", sample_avatar, "-o", tmp_path / "ada.blend", *SMALL)[0] == 0
    assert command("render", tmp_path / "ada.blend", "-o", tmp_path / "blend.png", *SMALL)[0] == 0
    assert avatars(bpy.context.scene)[0].headsmith.colour_mode == "LINEAR"


def test_scripts_in_a_blend_do_not_run(command: Any, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    text = bpy.data.texts.new("startup.py")
    text.write(f"open({str(marker)!r}, 'w').close()\ndef register(): pass\n")
    text.use_module = True
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "foreign.blend"))
    files = bpy.context.preferences.filepaths
    files.use_scripts_auto_execute = True
    try:
        command("export", tmp_path / "foreign.blend", "-o", tmp_path / "foreign.glb")
    finally:
        files.use_scripts_auto_execute = False
    assert not marker.exists()
