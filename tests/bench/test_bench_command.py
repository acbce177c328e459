"""`headsmith bench` from the command line: what it prints and writes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headsmith.bench.params import parsed_counts, parsed_scenes
from headsmith.bench.plot import write_plot
from headsmith.cli import main
from headsmith.errors import InputError

TINY = ["bench", "--counts", "60,40", "--repeats", "1"]
TIMES = {"forward_ms", "forward_backward_ms", "step_ms"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench") / "new"
    assert main([*TINY, "-o", str(folder)]) == 0
    return folder


def test_json_file_holds_every_scene_and_count(written: Path) -> None:
    result = json.loads((written / "bench.json").read_text())
    assert {scene: list(rows) for scene, rows in result["splats"].items()} == {
        "brief": ["40", "60"], "fit": ["40", "60"],
    }  # fmt: skip
    for rows in result["splats"].values():
        for times in rows.values():
            assert set(times) >= TIMES
            assert all(times[key] > 0 for key in TIMES)
            assert times["blends"] > 0
            assert 0 < times["floor_forward_ms"] < times["floor_forward_backward_ms"]
    assert result["machine"]["cpu"]
    assert result["machine"]["threads"] >= 1
    assert set(result["machine"]["versions"]) >= {"numba", "torch"}
    assert set(result["driving"]["poses_per_s"]) == {"sh0", "sh1"}
    assert all(rate > 0 for rate in result["driving"]["poses_per_s"].values())
    assert result["floor"]["multiply_adds_per_s"] > 1e8


def test_plot_is_a_picture_with_ink(written: Path) -> None:
    image = np.asarray(Image.open(written / "bench.png").convert("RGB"))
    assert min(image.shape[:2]) > 200
    assert 0.01 < (image < 128).any(-1).mean() < 0.3
    assert sorted(path.name for path in written.iterdir()) == ["bench.json", "bench.png"]


def test_plot_does_not_depend_on_the_order_of_keys(written: Path, tmp_path: Path) -> None:
    result = json.loads((written / "bench.json").read_text())
    result["splats"] = {kind: dict(reversed(rows.items())) for kind, rows in result["splats"].items()}
    write_plot(result, tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == (written / "bench.png").read_bytes()


def test_files_are_not_replaced_unasked(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TINY, "-o", str(written)]) == 2
    assert "--force" in capsys.readouterr().err


def test_json_and_references(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["bench", "--counts", "50", "--scenes", "fit", "--repeats", "1", "--references", "--json"]
    assert main(arguments) == 0
    result = json.loads(capsys.readouterr().out)
    assert list(result["splats"]) == ["fit"]
    rows = result["references"]["rasterisers"]
    assert len(rows) == 3
    measured = [row for row in rows.values() if "skipped" not in row]
    assert len(measured) >= 2
    for row in measured:
        assert row["largest_difference"] < 1e-3
        assert row["times_slower"]["forward_backward"] > 0


def test_text_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--counts", "50", "--scenes", "brief", "--repeats", "1"]) == 0
    out = capsys.readouterr().out
    assert "forward+backward" in out
    assert "poses/s" in out
    assert any(line.split()[:2] == ["brief", "50"] for line in out.splitlines())


def test_progress_names_the_stages(capsys: pytest.CaptureFixture[str]) -> None:
    main(["bench", "--counts", "50", "--scenes", "brief", "--repeats", "1", "--progress", "json"])
    stages = {json.loads(line)["stage"] for line in capsys.readouterr().err.splitlines()}
    assert stages == {"brief", "driving"}


@pytest.mark.parametrize("text", ["", "0", "-5", "ten", "100,", "1e5", "9999999999", "５0", "1.5"])
def test_bad_counts_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="--counts"):
        parsed_counts(text)


def test_counts_are_sorted_and_single() -> None:
    assert parsed_counts("300, 20,300") == (20, 300)


@pytest.mark.parametrize("text", ["", "Brief", "brief,other", "fit,"])
def test_bad_scenes_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="--scenes"):
        parsed_scenes(text)


@pytest.mark.parametrize(
    "arguments", [["--counts", "none"], ["--scenes", "x"], ["--repeats", "0"], ["-o", "missing/folder/here"]]
)
def test_bad_options_end_with_one_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *arguments]) == 2
    out = capsys.readouterr()
    assert out.out == ""
    assert out.err.count("\n") == 1


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert main([*TINY, "-o", str(file)]) == 2
