"""How sliders are grouped, labelled and found."""

from __future__ import annotations

from typing import Any

import bpy
import pytest

from headsmith.asset import ARKIT_52
from headsmith_blender.slider_groups import OTHER, Row, group_of, grouped, matching, words


def test_every_slider_is_shown_once() -> None:
    groups = grouped(ARKIT_52)
    shown = [name for rows in groups.values() for row in rows for name in row.sliders]
    assert sorted(shown) == sorted(ARKIT_52)
    assert list(groups) == ["Brows", "Eyes", "Cheeks and Nose", "Jaw", "Mouth", "Tongue"]
    for title, rows in groups.items():
        assert len({row.label for row in rows}) == len(rows), title


def test_sides_share_a_row() -> None:
    assert Row("Blink", ("eyeBlinkLeft", "eyeBlinkRight")) in grouped(ARKIT_52)["Eyes"]
    assert Row("Sideways", ("jawLeft", "jawRight")) in grouped(ARKIT_52)["Jaw"]
    assert Row("Open", ("jawOpen",)) in grouped(ARKIT_52)["Jaw"]
    # a side without its other half stands alone, under its whole name
    assert grouped(["eyeBlinkRight"]) == {"Eyes": [Row("Blink Right", ("eyeBlinkRight",))]}


def test_what_an_artist_added_is_shown_last() -> None:
    assert list(grouped(["Scar", "jawOpen"])) == ["Jaw", OTHER]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("smile left", ["mouthSmileLeft"]),
        ("LEFT smi", ["mouthSmileLeft"]),
        ("jawO", ["jawOpen"]),
        ("tongue", ["tongueOut"]),
        ("nothing like it", []),
    ],
)
def test_search(search: str, expected: list[str]) -> None:
    assert matching(ARKIT_52, search) == expected


def test_words() -> None:
    assert words("mouthSmileLeft") == "Mouth Smile Left"


def test_a_group_is_reset_and_keyed_alone(light: Any) -> None:
    keys = light.headsmith.head.data.shape_keys
    for name in ("jawOpen", "eyeBlinkLeft"):
        keys.key_blocks[name].value = 0.5
    bpy.context.scene.frame_set(4)
    bpy.ops.headsmith.key_sliders(group="Jaw")
    bpy.ops.headsmith.reset_sliders(group="Jaw")
    assert keys.key_blocks["jawOpen"].value == 0
    assert keys.key_blocks["eyeBlinkLeft"].value == 0.5
    bpy.context.scene.frame_set(4)
    assert keys.key_blocks["jawOpen"].value == 0.5
    keys.key_blocks["eyeBlinkLeft"].value = 0.25
    bpy.context.scene.frame_set(4)
    assert keys.key_blocks["eyeBlinkLeft"].value == 0.25, "it was not keyed"
    assert group_of("jawOpen") == "Jaw"
