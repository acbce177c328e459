"""Holograms of splats: with the look Exact, a PNG over any background is what Blender itself draws over it."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hologram_stage import opaque_world, over, rendered, set_up, small_renders

SIDE_PX = 128


@pytest.fixture
def exact(imported: Any, scene: Any) -> Any:
    """The sample's splats, Exact, before a world."""
    import bpy

    data = bpy.data.cameras.new("camera")
    data.lens = 65
    scene.camera = bpy.data.objects.new("camera", data)
    scene.collection.objects.link(scene.camera)
    scene.camera.location, scene.camera.rotation_euler = (0, -0.7, 0), (np.pi / 2, 0, 0)
    small_renders(scene, SIDE_PX)
    scene.view_settings.view_transform = "Standard"
    scene.render.dither_intensity = 0
    opaque_world(scene, 0.0)
    imported.headsmith.colour_mode = "EXACT"
    return imported


@pytest.mark.usefixtures("exact")
def test_exact_splats_over_any_background(scene: Any, tmp_path: Path) -> None:
    from headsmith_blender.edges import measure_edges
    from headsmith_blender.hologram import remove_hologram

    set_up(scene, "CLEAN")
    hologram = rendered(scene, tmp_path / "hologram.png")
    assert 0.3 < (hologram[..., 3] == 0).mean() < 0.95
    assert ((hologram[..., 3] > 0.1) & (hologram[..., 3] < 0.9)).sum() > 100
    assert measure_edges(hologram).is_clean
    remove_hologram(scene)
    for shown, linear in ((0.0, 0.0), (1.0, 1.0), (0.5, ((0.5 + 0.055) / 1.055) ** 2.4)):
        opaque_world(scene, linear)
        drawn = rendered(scene, tmp_path / "drawn.png")
        assert (drawn[..., 3] == 1).all()
        assert np.abs(over(hologram, shown) - drawn[..., :3]).max() <= 2 / 255


def look(scene: Any) -> dict[str, Any]:
    from headsmith_blender import compat
    from headsmith_blender.exact import exact_picture

    node = exact_picture(scene).node if exact_picture(scene) else None
    tree = compat.compositor_tree(scene)
    return {
        "film": scene.render.film_transparent,
        "view": scene.view_settings.view_transform,
        "world": node.inputs["World"].default_value if node else None,
        "group": node.node_tree.name if node else None,
        "nodes": sorted(n.name for n in tree.nodes) if tree else [],
        "in use": compat.compositor_in_use(scene),
        "layers": len(scene.view_layers),
    }


@pytest.mark.parametrize("film", [False, True])
@pytest.mark.parametrize("order", permutations(("exact", "hologram")))
@pytest.mark.parametrize("way_back", permutations(("exact", "hologram")))
def test_exact_and_hologram_come_and_go_in_any_order(
    imported: Any, scene: Any, film: bool, order: tuple[str, str], way_back: tuple[str, str]
) -> None:
    from headsmith_blender.hologram import remove_hologram

    def switch(name: str, to: bool) -> None:
        if name == "exact":
            imported.headsmith.colour_mode = "EXACT" if to else "LINEAR"
        elif to:
            set_up(scene, "BLUE")
        else:
            remove_hologram(scene)

    scene.render.film_transparent = film
    bare = look(scene)
    alone = {}
    for name in order:
        switch(name, True)
        alone[name] = look(scene)
        switch(name, False)
        assert look(scene) == bare
    for name in order:
        switch(name, True)
    both = look(scene)
    assert both["film"]
    assert both["world"] == 0
    assert both["view"] == "Standard"
    first, second = way_back
    switch(first, False)
    there, then = look(scene), alone[second]
    assert {**there, "nodes": None} == {**then, "nodes": None}
    assert len(there["nodes"]) == len(then["nodes"])
    switch(second, False)
    assert look(scene) == bare


def test_cameras_go_around_a_head_that_its_splats_hide(exact: Any, scene: Any) -> None:
    from headsmith_blender.hologram_layouts import Pyramid
    from headsmith_blender.hologram_render import layout_views, subject_centre

    exact.headsmith.show = "BOTH"
    shown = subject_centre(scene, exact)
    exact.headsmith.show = "SPLATS"
    assert exact.headsmith.head.hide_render
    assert (subject_centre(scene, exact) - shown).length < 1e-6
    places = [np.array(view.matrix_world.translation) for view in layout_views(scene, exact, Pyramid())]
    # the camera stands 0.7 m before the head's origin, at its height
    radius = 0.7 + shown.y
    for place, direction in zip(places, ((0, -1), (1, 0), (0, 1), (-1, 0)), strict=True):
        np.testing.assert_allclose(place[:2], np.array(shown.xy) + radius * np.array(direction), atol=0.01)
    exact.headsmith.rig.location = (1, 2, 3)
    layout_views(scene, exact, Pyramid())
    assert np.abs(np.array(subject_centre(scene, exact) - shown) - (1, 2, 3)).max() < 1e-6
