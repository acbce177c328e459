"""What the tests of holograms share: a small scene, its renders as files hold them, and compositing by the book."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

SIDE_PX = 96


def make_stage(scene: Any) -> Any:
    from headsmith_blender import compat

    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=4, radius=1)
    bpy.ops.object.shade_smooth()
    bpy.ops.mesh.primitive_cube_add(location=(0.9, 0, 0.9), rotation=(0, 0.5, 0.2), scale=(0.03, 0.03, 0.7))
    for obj in scene.objects:
        material = bpy.data.materials.new(obj.name)
        shader = compat.shader_tree(material).nodes["Principled BSDF"]
        shader.inputs["Base Color"].default_value = (0.8, 0.5, 0.3, 1)
        obj.data.materials.append(material)
    add(scene, bpy.data.cameras.new("camera"), (0, -5, 0), (np.pi / 2, 0, 0))
    scene.camera = scene.objects["camera"]
    lamp = bpy.data.lights.new("lamp", "SUN")
    lamp.energy = 3
    add(scene, lamp, (0, 0, 5), (0.7, 0.4, 0))
    small_renders(scene, SIDE_PX)
    return scene


def add(scene: Any, data: Any, location: tuple[float, ...], rotation: tuple[float, ...]) -> Any:
    obj = bpy.data.objects.new(data.name, data)
    scene.collection.objects.link(obj)
    obj.location, obj.rotation_euler = location, rotation
    return obj


def small_renders(scene: Any, side_px: int) -> None:
    from headsmith_blender import compat

    scene.render.engine = compat.EEVEE
    scene.eevee.taa_render_samples = 4
    scene.eevee.use_shadows = False
    scene.render.resolution_x = scene.render.resolution_y = side_px


def rendered(scene: Any, path: Path) -> np.ndarray:
    """[H, W, 4], row 0 on top: what the file holds, without any conversion."""
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    return stored(path)


def stored(path: Path) -> np.ndarray:
    image = bpy.data.images.load(str(path))
    try:
        image.colorspace_settings.name = "Non-Color"
        image.alpha_mode = "CHANNEL_PACKED"
        pixels = np.empty(image.size[0] * image.size[1] * 4, np.float32)
        image.pixels.foreach_get(pixels)
        return pixels.reshape(image.size[1], image.size[0], 4)[::-1]
    finally:
        bpy.data.images.remove(image)


def set_up(scene: Any, preset: str, file_format: str = "PNG", alpha: str = "AUTO") -> Any:
    from headsmith_blender.hologram import HologramOptions, setup_hologram

    return setup_hologram(scene, HologramOptions(preset, file_format, alpha))


def displayed(linear: np.ndarray) -> np.ndarray:
    """Display values of scene-linear ones (IEC 61966-2-1)."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def opaque_world(scene: Any, value: float) -> None:
    """A background of one grey that the camera sees and that lights nothing."""
    from headsmith_blender import compat

    scene.world = bpy.data.worlds.new("backdrop")
    tree = compat.shader_tree(scene.world)
    background = next(n for n in tree.nodes if n.bl_idname == "ShaderNodeBackground")
    path = tree.nodes.new("ShaderNodeLightPath")
    scale = tree.nodes.new("ShaderNodeMath")
    scale.operation = "MULTIPLY"
    scale.inputs[1].default_value = value
    tree.links.new(path.outputs["Is Camera Ray"], scale.inputs[0])
    tree.links.new(scale.outputs[0], background.inputs["Strength"])
    background.inputs["Color"].default_value = (1, 1, 1, 1)


def backgrounds() -> list[np.ndarray]:
    """Black, white, grey and a checker, in display values."""
    checker = np.indices((SIDE_PX, SIDE_PX)).sum(0) // 8 % 2
    return [np.full((SIDE_PX, SIDE_PX, 1), value) for value in (0.0, 1.0, 0.5)] + [checker[..., None].astype(float)]


def over(straight: np.ndarray, background: Any) -> np.ndarray:
    return straight[..., :3] * straight[..., 3:] + background * (1 - straight[..., 3:])


def to_cycles(scene: Any) -> None:
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.seed, scene.cycles.use_denoising = 4, 1, False
