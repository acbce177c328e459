"""Reading, converting and describing splat files of any format."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest

from conftest import run_headsmith
from headsmith.asset.avatar import Avatar, Splats
from headsmith.asset.ply import encode_ply
from headsmith.errors import InputError
from headsmith_exporters import convert_splats, describe_splats, export, is_splat_file, read_splats, splat_formats
from headsmith_exporters.registry import suffix_of
from headsmith_exporters.splats import MAX_FILE_BYTES, MAX_SPLATS, check_count, checked_splats


def sentence(error: pytest.ExceptionInfo[InputError]) -> str:
    assert re.fullmatch(r"[^\n]+\.", str(error.value))
    return str(error.value)


@pytest.mark.parametrize("name", list(splat_formats()))
def test_every_splat_format_is_read_back_in_head_space(avatar: Avatar, tmp_path: Path, name: str) -> None:
    path = tmp_path / f"a{splat_formats()[name].suffix}"
    result = export(avatar, path, name)
    read, written = read_splats(path), avatar.splats.splats
    assert result.counts["splats"] == len(read) == len(written)
    # formats may sort: the clouds are compared by their sorted coordinates
    assert np.abs(np.sort(read.means, 0) - np.sort(written.means, 0)).max() < 1e-3
    assert abs(read.opacities.mean() - written.opacities.mean()) < 0.01
    assert abs(read.sh0.mean() - written.sh0.mean()) < 0.05


@pytest.mark.parametrize("name", list(splat_formats()))
def test_the_command_line_converts_and_describes(avatar: Avatar, tmp_path: Path, name: str) -> None:
    export(avatar, tmp_path / "a.ply", "ply")
    target = tmp_path / f"b{splat_formats()[name].suffix}"
    done = run_headsmith("convert", tmp_path / "a.ply", target, "--json")
    assert done.returncode == 0, done.stderr
    count = len(avatar.splats.splats)
    assert json.loads(done.stdout)["counts"] == {"splats": count, "sh_degree": 0}
    again = run_headsmith("convert", tmp_path / "a.ply", target)
    assert again.returncode == 2
    assert "--force" in again.stderr
    told = json.loads(run_headsmith("info", target, "--json").stdout)
    assert (told["splats"], told["sh_degree"], told["bytes"]) == (count, 0, target.stat().st_size)
    np.testing.assert_allclose(told["bounds_m"]["max"], avatar.splats.splats.means.max(0), atol=1e-3)


def test_suffixes_may_be_double() -> None:
    assert suffix_of("a.glb") == ".glb"
    assert suffix_of("A.B.PLY") == ".ply"
    assert suffix_of("a.unknown") == ".unknown"
    assert is_splat_file("a.PLY")
    assert not is_splat_file("a.obj")


def test_the_longest_suffix_counts(avatar: Avatar, tmp_path: Path) -> None:
    assert suffix_of("a.compressed.ply") == ".compressed.ply"
    assert suffix_of(".compressed.ply") == ".ply"
    with pytest.raises(InputError, match=r"suffix '\.compressed\.ply'"):
        export(avatar, tmp_path / "a.compressed.ply", "ply")
    with pytest.raises(InputError, match=r"suffix '\.ply'"):
        export(avatar, tmp_path / "a.ply", "compressed.ply")
    assert export(avatar, tmp_path / "A.Compressed.PLY", "compressed.ply").files[-1].name == "A.Compressed.PLY"


def test_the_kinds_of_ply_are_told_apart_by_content(avatar: Avatar, tmp_path: Path) -> None:
    export(avatar, tmp_path / "plain.ply", "ply")
    export(avatar, tmp_path / "packed.compressed.ply", "compressed.ply")
    (tmp_path / "packed.compressed.ply").rename(tmp_path / "packed.ply")
    (tmp_path / "plain.ply").rename(tmp_path / "plain.compressed.ply")
    assert describe_splats(tmp_path / "packed.ply")["format"] == "compressed.ply"
    assert describe_splats(tmp_path / "plain.compressed.ply")["format"] == "ply"


def test_refusals(avatar: Avatar, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_splats(tmp_path / "none.ply")
    assert "no such file" in sentence(error)
    with pytest.raises(InputError) as error:
        read_splats(tmp_path / "a.obj")
    assert ".ply" in sentence(error)
    export(avatar, tmp_path / "a.ply", "ply")
    with pytest.raises(InputError) as error:
        convert_splats(tmp_path / "a.ply", tmp_path / "a.obj")
    assert "'.obj'" in sentence(error)
    with pytest.raises(InputError) as error:
        convert_splats(tmp_path / "a.ply", tmp_path / "a.ply")
    assert "--force" in sentence(error)
    with pytest.raises(InputError) as error:
        describe_splats("nul\0.ply")
    sentence(error)


def test_a_file_without_splats_is_not_converted(avatar: Avatar, tmp_path: Path) -> None:
    none = Splats(**{name: values[:0] for name, values in vars(avatar.splats.splats).items()})
    (tmp_path / "none.ply").write_bytes(encode_ply(none))
    assert len(read_splats(tmp_path / "none.ply")) == 0
    assert describe_splats(tmp_path / "none.ply")["bounds_m"] == {"min": None, "max": None}
    with pytest.raises(InputError, match="no splats"):
        convert_splats(tmp_path / "none.ply", tmp_path / "none.splat")


def test_a_file_larger_than_any_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.ply").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(InputError, match=str(MAX_FILE_BYTES)):
        read_splats(tmp_path / "huge.ply")


def with_value(splats: Splats, field: str, value: float) -> Splats:
    values = getattr(splats, field).copy()
    values[7] = value
    return dataclasses.replace(splats, **{field: values})


@pytest.mark.parametrize(
    ("field", "value"),
    [("means", np.nan), ("means", 1e20), ("quats", 0), ("quats", np.inf), ("scales", -1), ("scales", 1e30),
     ("scales", np.nan), ("opacities", 1.5), ("opacities", -0.1), ("sh0", np.nan)],
)  # fmt: skip
def test_unusable_values_are_refused(avatar: Avatar, field: str, value: float) -> None:
    with pytest.raises(InputError) as error:
        checked_splats(with_value(avatar.splats.splats, field, value), "a.splat")
    assert sentence(error).startswith("a.splat: found ")


def test_checked_splats_are_normal(avatar: Avatar) -> None:
    raw = dataclasses.replace(with_value(avatar.splats.splats, "scales", 0), quats=avatar.splats.splats.quats * 3)
    done = checked_splats(raw, "a.splat")
    assert done.scales.min() > 0
    np.testing.assert_allclose(np.linalg.norm(done.quats, axis=1), 1, atol=1e-6)
    with pytest.raises(InputError):
        checked_splats(dataclasses.replace(raw, shN=np.zeros((len(raw), 5, 3), np.float32)), "a.splat")
    with pytest.raises(InputError):
        checked_splats(dataclasses.replace(raw, opacities=raw.opacities[1:]), "a.splat")


def test_counts_are_checked_before_anything_is_allocated() -> None:
    assert check_count(0, "a") == 0
    for count in (-1, MAX_SPLATS + 1, 2**31):
        with pytest.raises(InputError, match=f"{count} splats"):
            check_count(count, "a")
