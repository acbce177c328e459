"""Materials in pictures: they show the albedo's colours, and EEVEE and Cycles agree. Small and in numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from headsmith_blender.builders.materials import ALBEDO_NODE
from headsmith_blender.builders.studio import add_studio
from headsmith_blender.compat import EEVEE, shader_tree

SIDE_PX = 96


@pytest.fixture
def stage(imported: Any, scene: Any) -> Any:
    """The mesh in the studio, the same simple settings in both engines."""
    imported.headsmith.show = "MESH"
    scene.render.resolution_x = scene.render.resolution_y = SIDE_PX
    scene.render.film_transparent = True
    scene.view_settings.view_transform = "Raw"
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"
    scene.eevee.taa_render_samples = 4
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.seed = 32, False, 1
    add_studio(scene, imported)
    return imported


def render(scene: Any, engine: str, path: Path) -> Any:
    """[H, W, 4] linear."""
    scene.render.engine = engine
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path))
    pixels = np.array(image.pixels[:], np.float32).reshape(SIDE_PX, SIDE_PX, 4)
    bpy.data.images.remove(image)
    return pixels


def light_all_around(scene: Any) -> None:
    for obj in scene.objects:
        obj.hide_render |= obj.type == "LIGHT"
    world = bpy.data.worlds.new("White")
    tree = shader_tree(world)
    background = next((n for n in tree.nodes if n.type == "BACKGROUND"), None)
    if background is None:
        background = tree.nodes.new("ShaderNodeBackground")
        tree.links.new(background.outputs[0], tree.nodes.new("ShaderNodeOutputWorld").inputs[0])
    background.inputs["Color"].default_value = (1, 1, 1, 1)
    scene.world = world


def show_albedo_alone(head: Any) -> None:
    for material in set(head.data.materials):
        tree = material.node_tree
        glow = tree.nodes.new("ShaderNodeEmission")
        tree.links.new(tree.nodes[ALBEDO_NODE].outputs[0], glow.inputs[0])
        tree.links.new(glow.outputs[0], next(n for n in tree.nodes if n.type == "OUTPUT_MATERIAL").inputs[0])


def face(picture: Any) -> Any:
    """The middle of the face, as [N, 3]."""
    return picture[40:62, 36:60, :3].reshape(-1, 3)


@pytest.mark.parametrize("engine", ["CYCLES", EEVEE])
def test_white_light_shows_the_colours_of_the_picture(stage: Any, scene: Any, tmp_path: Path, engine: str) -> None:
    light_all_around(scene)
    lit = face(render(scene, engine, tmp_path / "lit.exr")).mean(0)
    show_albedo_alone(stage.headsmith.head)
    albedo = face(render(scene, "CYCLES", tmp_path / "albedo.exr")).mean(0)
    gain = lit / albedo
    assert 0.75 < gain.min() < gain.max() < 1.2
    assert gain.max() / gain.min() < 1.12


def blocks(picture: Any) -> Any:
    """[H/3, W/3, ...] means of 3 x 3 pixels, in which noise and edges count less."""
    return picture.reshape(SIDE_PX // 3, 3, SIDE_PX // 3, 3, 4).mean((1, 3))


def test_eevee_and_cycles_agree(stage: Any, scene: Any, tmp_path: Path) -> None:
    stage.headsmith.head.data.shape_keys.key_blocks["jawOpen"].value = 0.5
    eevee = blocks(np.clip(render(scene, EEVEE, tmp_path / "eevee.exr"), 0, 1))
    cycles = blocks(np.clip(render(scene, "CYCLES", tmp_path / "cycles.exr"), 0, 1))
    covered = (eevee[..., 3] > 0.99) & (cycles[..., 3] > 0.99)
    assert covered.mean() > 0.15
    # as displayed: the square root is close to the sRGB curve
    difference = np.sqrt(eevee[covered][:, :3]) - np.sqrt(cycles[covered][:, :3])
    assert -10 * np.log10((difference**2).mean()) > 27
    assert np.abs(difference.mean(0)).max() < 0.03
    assert 0.15 < cycles[covered][:, :3].mean() < 0.8
