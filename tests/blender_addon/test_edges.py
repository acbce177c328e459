"""The edge check: clean pictures pass, and every way to spoil an edge is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headsmith.errors import InputError

pytestmark = pytest.mark.usefixtures("addon")


def disc(side_px: int = 96) -> np.ndarray:
    """A textured disc with soft edges on nothing, straight."""
    y, x = np.mgrid[:side_px, :side_px] / side_px - 0.5
    alpha = np.clip((0.35 - np.hypot(x, y)) * side_px / 3 + 0.5, 0, 1)
    texture = 0.5 + 0.2 * np.sin(40 * x) * np.cos(35 * y)
    colour = np.stack([texture, 0.7 * texture, 1 - texture], -1)
    return np.concatenate([colour * (alpha > 0)[..., None], alpha[..., None]], -1).astype(np.float32)


def spoiled(picture: np.ndarray, background: float) -> np.ndarray:
    """Its edges keep what is behind them, as in a picture that was cut out of its background."""
    colour = picture[..., :3] * picture[..., 3:] + background * (1 - picture[..., 3:])
    return np.concatenate([colour * (picture[..., 3:] > 0), picture[..., 3:]], -1)


def test_clean_edges_pass() -> None:
    from headsmith_blender.edges import measure_edges

    report = measure_edges(disc())
    assert report.is_clean
    assert max(report.dark_fringe, report.light_fringe) < 0.05
    assert report.edge_pixels > 300
    assert report.transparent_share == (disc()[..., 3] == 0).mean()
    assert "are clean" in report.sentence()


@pytest.mark.parametrize(("background", "name"), [(0.0, "dark_fringe"), (1.0, "light_fringe")])
def test_what_stayed_of_a_background_is_measured(background: float, name: str) -> None:
    from headsmith_blender.edges import measure_edges

    report = measure_edges(spoiled(disc(), background))
    assert getattr(report, name) == pytest.approx(1, abs=0.05)
    assert not report.is_clean
    half = measure_edges((disc() + spoiled(disc(), background)) / 2)
    assert getattr(half, name) == pytest.approx(0.5, abs=0.05)


def test_an_opaque_picture_fails() -> None:
    from headsmith_blender.edges import measure_edges

    picture = disc()
    picture[..., 3] = 1
    assert not measure_edges(picture).is_clean
    assert "no pixel is fully transparent" in measure_edges(picture).sentence()


@pytest.mark.parametrize("suffix", [".png", ".exr"])
def test_files_beside_the_picture(tmp_path: Path, suffix: str) -> None:
    from headsmith_blender.edges import check_edges
    from headsmith_blender.hologram_files import read_stored, write_stored

    stored = disc()
    if suffix == ".exr":
        stored[..., :3] = np.where(stored[..., :3] > 0.04045, ((stored[..., :3] + 0.055) / 1.055) ** 2.4, 0)
        stored[..., :3] *= stored[..., 3:]
    write_stored(tmp_path / f"ada{suffix}", stored)
    report, sheet = check_edges(tmp_path / f"ada{suffix}")
    assert report.is_clean
    assert sheet == tmp_path / "ada_edges.png"
    numbers = json.loads((tmp_path / "ada_edges.json").read_text())
    assert numbers["clean"] is True
    assert numbers["dark_fringe"] == report.dark_fringe
    picture = read_stored(sheet)
    assert (picture[..., 3] == 1).all()
    # over black, white, checker and grey from left to right: the corner shows the background
    width = picture.shape[1] // 4
    corners = [picture[8, i * width + 8, 0] for i in range(4)]
    np.testing.assert_allclose(corners, [0, 1, 0.25, 0.5], atol=0.01)
    np.testing.assert_allclose(picture[52, 52, :3], disc()[48, 48, :3], atol=0.02)


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    from headsmith_blender.edges import check_edges

    (tmp_path / "bad.png").write_bytes(b"nothing of the kind")
    for name in ("bad.png", "missing.png", "film.webm"):
        with pytest.raises(InputError, match=name):
            check_edges(tmp_path / name)


def test_buttons(scene: Any, tmp_path: Path) -> None:
    import bpy

    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=4)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    camera.location, camera.rotation_euler = (0, -5, 0), (np.pi / 2, 0, 0)
    scene.camera, scene.render.engine = camera, "BLENDER_WORKBENCH"
    scene.render.resolution_x = scene.render.resolution_y = 64
    with pytest.raises(RuntimeError, match="render one first"):
        bpy.ops.headsmith.check_edges()
    with pytest.raises(RuntimeError, match="no hologram"):
        bpy.ops.headsmith.hologram_render(filepath=str(tmp_path / "a"))
    assert bpy.ops.headsmith.hologram_setup(preset="CLEAN") == {"FINISHED"}
    settings = scene.headsmith_hologram
    assert bpy.ops.headsmith.hologram_render(filepath=str(tmp_path / "a")) == {"FINISHED"}
    assert bpy.ops.headsmith.check_edges() == {"FINISHED"}
    assert bpy.data.images["a_edges.png"].size[0] > 256
    settings.layout, settings.quilt_columns, settings.quilt_rows, settings.quilt_view_height_px = "QUILT", 2, 1, 32
    scene.frame_start, scene.frame_end, scene.frame_step = 1, 3, 2
    assert bpy.ops.headsmith.hologram_render(filepath=str(tmp_path / "q.png"), animation=True) == {"FINISHED"}
    settings.layout, settings.pyramid_side_px = "PYRAMID", 48
    assert bpy.ops.headsmith.hologram_render(filepath=str(tmp_path / "p.png")) == {"FINISHED"}
    written = {"a.png", "a_edges.png", "a_edges.json", "q_0001_qs2x1a0.75.png", "q_0003_qs2x1a0.75.png", "p.png"}
    assert {path.name for path in tmp_path.iterdir()} == written
    assert bpy.ops.headsmith.hologram_remove() == {"FINISHED"}
    with pytest.raises(RuntimeError, match="no hologram"):
        bpy.ops.headsmith.hologram_remove()
