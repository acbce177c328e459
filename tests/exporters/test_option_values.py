"""Format options as text: the right ones arrive, wrong ones are one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from headsmith.asset import write_avatar
from headsmith.asset.avatar import Avatar
from headsmith.cli import main
from headsmith.errors import InputError
from headsmith_exporters import format_named, formats
from headsmith_exporters.glb import GlbOptions
from headsmith_exporters.option_values import option_kinds, options_from


def test_values_take_the_type_of_their_field() -> None:
    assert options_from(format_named("glb"), ["texture=png", "jpeg_quality=80"]) == GlbOptions("png", 80)
    assert options_from(format_named("spz"), ["fine=TRUE"]).fine is True
    listed = options_from(format_named("glb"), ["motions=talk, nod", "morph_targets=jawOpen", "profile=web", "lods=2"])
    assert listed == GlbOptions(motions=("talk", "nod"), morph_targets=("jawOpen",), profile="web", lods=2)
    assert options_from(format_named("gltf"), ["motions="]).motions == ()


def test_nothing_given_is_the_default() -> None:
    for one in formats().values():
        assert options_from(one, []) == one.options()
        assert "pose" not in option_kinds(one)


@pytest.mark.parametrize(
    ("name", "assignment", "words"),
    [
        ("glb", "colour=red", "texture, jpeg_quality"),
        ("glb", "texture=tga", "jpeg"),
        ("glb", "jpeg_quality=best", "a whole number"),
        ("glb", "jpeg_quality=200", "1 to 95"),
        ("glb", "profile=unity", "engine, web"),
        ("spz", "fine=yes", "true or false"),
        ("ply", "fine=true", "no options"),
    ],
)
def test_wrong_options_are_one_sentence(name: str, assignment: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        options_from(format_named(name), [assignment])


def test_the_command_line_passes_them_on(avatar: Avatar, tmp_path: Path) -> None:
    write_avatar(avatar, tmp_path / "ada.avatar")
    sizes = {}
    for fine in ("true", "false"):
        made, converted = tmp_path / f"{fine}.spz", tmp_path / f"{fine}2.spz"
        option = ["--option", f"fine={fine}"]
        assert main(["export", str(tmp_path / "ada.avatar"), "--format", "spz", "-o", str(made), *option]) == 0
        assert main(["convert", str(made), str(converted), *option]) == 0
        sizes[fine] = (made.stat().st_size, converted.stat().st_size)
    assert sizes["true"][0] > 1.1 * sizes["false"][0]
    assert sizes["true"][1] > 1.1 * sizes["false"][1]
