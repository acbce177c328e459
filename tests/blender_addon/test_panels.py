"""What panels name has to exist: a misspelt operator or property shows only when someone opens the panel."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import bpy
import pytest

ADDON = Path(__file__).parents[2] / "blender_addon"
PANELS = sorted((ADDON / "panels").glob("*.py"))


def texts(path: Path) -> set[str]:
    """Every string in the file."""
    tree = ast.parse(path.read_text())
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@pytest.mark.usefixtures("scene")
@pytest.mark.parametrize("path", PANELS, ids=lambda path: path.stem)
def test_every_operator_exists(path: Path) -> None:
    named = {text for text in texts(path) if re.fullmatch(r"headsmith\.\w+", text)}
    missing = {name for name in named if not hasattr(bpy.types, f"HEADSMITH_OT_{name.split('.')[1]}")}
    assert not missing


@pytest.mark.usefixtures("scene")
@pytest.mark.parametrize("path", PANELS, ids=lambda path: path.stem)
def test_every_icon_exists(path: Path) -> None:
    icons = set(bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items.keys())
    used = {
        keyword.value.value
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "icon" and isinstance(keyword.value, ast.Constant)
    }
    assert used <= icons


@pytest.mark.usefixtures("scene")
def test_every_parent_panel_exists() -> None:
    panels = [getattr(bpy.types, name) for name in dir(bpy.types) if name.startswith("HEADSMITH_PT_")]
    assert len(panels) >= 5
    for panel in panels:
        assert panel.bl_category == "Headsmith"
        assert not getattr(panel, "bl_parent_id", "") or hasattr(bpy.types, panel.bl_parent_id)


@pytest.mark.usefixtures("scene")
def test_every_operator_says_what_it_does() -> None:
    for name in dir(bpy.ops.headsmith):
        description = getattr(bpy.ops.headsmith, name).get_rna_type().description
        assert description, name
        # Blender adds the full stop
        assert not description.endswith("."), name
