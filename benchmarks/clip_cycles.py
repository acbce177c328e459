"""A synthetic Clip-A rendered by Cycles, with its shadows, bounced light and skin, and the heads fitted to it.

Blender's Python has no torch, so that it takes three commands:

    python benchmarks/clip_cycles.py write FOLDER     # where headsmith builds: meshes and cameras
    python benchmarks/clip_cycles.py render FOLDER    # where bpy is: the pictures
    python benchmarks/clip_cycles.py measure FOLDER   # where headsmith builds: the table

What is measured is as in `clip_surface.py`; every frame is a key frame.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from headsmith.types import ClipInfo, Frame

RESULTS = Path(__file__).parent / "results/clip_cycles.md"
TEXTURES = ("skin.png", "room.png")
WINDOW_W, LAMP_W = 34.0, 9.0
SUBSURFACE_M = 0.0015
"""how far light goes under the skin, in red; less in green and blue"""


@dataclass(frozen=True)
class RenderedReader:
    """The pictures in a folder as a clip."""

    folder: Path
    info: ClipInfo

    def read(self, indices: Sequence[int]) -> Iterator[Frame]:
        from PIL import Image

        from headsmith.types import Camera

        (width, height), focal = self.info.size_px, self.info.focal_px
        camera = Camera(focal, (width / 2, height / 2), (width, height), np.eye(4, dtype=np.float32))
        for index in indices:
            with Image.open(self.folder / f"{index:03d}.png") as picture:
                image = np.array(picture.convert("RGB"))
            yield Frame(image, camera, self.info.source, self.info.sha256, timestamp_s=float(index) / self.info.fps)


def clip_of(options: argparse.Namespace) -> Any:
    from headsmith.bench.clips import ClipParams, synthetic_clip_a

    width, _, height = options.size.partition("x")
    params = ClipParams(size_px=(int(width), int(height)), fps=2.0, seconds=options.frames / 2.0)
    subject = replace(params.subject, seed=options.seed, ribbons=options.ribbons)
    # every frame is used, so that none looks from where no face is found
    return synthetic_clip_a(replace(params, subject=subject, sweep=replace(params.sweep, yaw_deg=options.yaw)))


def write(options: argparse.Namespace) -> None:
    from headsmith.asset.images import encode_png
    from headsmith.bench.clip_studio import person_parts
    from headsmith.head_model.shading import srgb_to_linear

    clip = clip_of(options)
    options.folder.mkdir(parents=True, exist_ok=True)
    parts = (*person_parts(clip.studio, clip.moments[0]), clip.studio.room.walls)
    arrays: dict[str, Any] = {}
    for name, part in zip(("head", "hair", "shirt", "room"), parts, strict=True):
        look = srgb_to_linear(part.look) if part.texture < 0 else part.look
        arrays |= {f"{name}_vertices": part.vertices_m, f"{name}_faces": part.faces, f"{name}_look": look,
                   f"{name}_texture": part.texture}  # fmt: skip
    poses = np.stack([np.linalg.inv(moment.T_camera_room) for moment in clip.moments])
    eyes = clip.model.faces_of("eye_left", "eye_right")
    np.savez_compressed(options.folder / "scene.npz", T_room_camera=poses, focal_px=clip.params.intrinsics.focal_px,
                        size_px=clip.info.size_px, eyes=eyes, **arrays)  # fmt: skip
    for name, picture in zip(TEXTURES, (clip.studio.subject.albedo, clip.studio.room.atlas), strict=True):
        (options.folder / name).write_bytes(encode_png(picture))


def render(options: argparse.Namespace) -> None:
    import bpy

    scene_data = np.load(options.folder / "scene.npz")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    images = [bpy.data.images.load(str((options.folder / name).resolve())) for name in TEXTURES]
    for name in ("head", "hair", "shirt", "room"):
        texture = int(scene_data[f"{name}_texture"])
        add_part(scene_data, name, material(name, None if texture < 0 else images[texture]))
    add_light((-0.9, 0.75, 1.1), 0.9, WINDOW_W, (1.0, 0.97, 0.92))
    add_light((1.1, 0.3, 1.2), 0.6, LAMP_W, (0.85, 0.92, 1.0))
    add_light((0.2, 1.15, -0.6), 0.8, LAMP_W, (1.0, 0.95, 0.9))
    camera = add_camera(scene_data)
    width, height = (int(side) for side in scene_data["size_px"])
    scene.camera, scene.render.engine = camera, "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.view_settings.view_transform = "Standard"
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.max_bounces = options.samples, True, 4
    poses = scene_data["T_room_camera"]
    # every second one first, so that a run that was cut short has seen all sides
    for index in (*range(0, len(poses), 2), *range(1, len(poses), 2)):
        picture = options.folder / f"{index:03d}.png"
        if picture.exists():
            continue
        camera.matrix_world = matrix(poses[index] @ np.diag([1.0, -1.0, -1.0, 1.0]))
        scene.render.filepath = str(picture.resolve())
        bpy.ops.render.render(write_still=True)


def matrix(values: np.ndarray) -> Any:
    from mathutils import Matrix

    return Matrix([[float(x) for x in row] for row in values])


def add_part(data: Any, name: str, look: Any) -> None:
    """One mesh with smooth normals, its corners' uv or colours, and a material."""
    import bpy

    faces, corners = data[f"{name}_faces"], data[f"{name}_look"].reshape(-1, 3)
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(data[f"{name}_vertices"]))
    mesh.vertices.foreach_set("co", data[f"{name}_vertices"].ravel())
    mesh.loops.add(faces.size)
    mesh.loops.foreach_set("vertex_index", faces.ravel())
    mesh.polygons.add(len(faces))
    mesh.polygons.foreach_set("loop_start", np.arange(0, faces.size, 3))
    mesh.update(calc_edges=True)
    mesh.polygons.foreach_set("use_smooth", np.full(len(faces), name != "room"))
    if data[f"{name}_texture"] < 0:
        colors = np.concatenate([corners, np.ones((len(corners), 1))], 1)
        attribute = mesh.color_attributes.new("look", "FLOAT_COLOR", "CORNER")
        attribute.data.foreach_set("color", colors.astype(np.float32).ravel())
    else:
        mesh.uv_layers.new(name="look").uv.foreach_set("vector", corners[:, :2].astype(np.float32).ravel())
    mesh.materials.append(look)
    if name == "head":
        mesh.materials.append(material("eyes", look.node_tree.nodes["Image Texture"].image))
        mesh.polygons.foreach_set("material_index", data["eyes"].astype(np.int32))
    bpy.context.scene.collection.objects.link(bpy.data.objects.new(name, mesh))


def material(name: str, image: Any) -> Any:
    """Skin lets light in and shines a little, eyes shine, hair takes its colour from the corners."""
    import bpy

    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    surface = nodes["Principled BSDF"]
    surface.inputs["Roughness"].default_value = {"head": 0.48, "eyes": 0.08, "hair": 0.45}.get(name, 0.9)
    surface.inputs["Specular IOR Level"].default_value = {"head": 0.4, "eyes": 0.5, "hair": 0.35}.get(name, 0.1)
    if name == "head":
        surface.inputs["Subsurface Weight"].default_value = 0.5
        surface.inputs["Subsurface Radius"].default_value = (SUBSURFACE_M, SUBSURFACE_M / 3, SUBSURFACE_M / 5)
        surface.inputs["Subsurface Scale"].default_value = 1.0
    if image is None:
        source = nodes.new("ShaderNodeVertexColor")
        source.layer_name = "look"
    else:
        source = nodes.new("ShaderNodeTexImage")
        source.image, source.extension = image, "EXTEND"
    links.new(source.outputs["Color"], surface.inputs["Base Color"])
    return made


def add_light(place_m: tuple[float, float, float], side_m: float, power_w: float, color: tuple[float, ...]) -> None:
    """A square lamp that shines at the head."""
    import bpy
    from mathutils import Vector

    lamp = bpy.data.lights.new("lamp", "AREA")
    lamp.energy, lamp.size, lamp.color = power_w, side_m, color
    made = bpy.data.objects.new("lamp", lamp)
    made.location = place_m
    made.rotation_mode = "QUATERNION"
    made.rotation_quaternion = (-Vector(place_m)).to_track_quat("-Z", "Y")
    bpy.context.scene.collection.objects.link(made)


def add_camera(data: Any) -> Any:
    import bpy

    lens = bpy.data.cameras.new("camera")
    lens.sensor_fit, lens.sensor_width, lens.clip_start = "HORIZONTAL", 36.0, 0.02
    lens.lens = 36.0 * float(data["focal_px"]) / float(data["size_px"][0])
    made = bpy.data.objects.new("camera", lens)
    bpy.context.scene.collection.objects.link(made)
    return made


def measure(options: argparse.Namespace) -> None:
    import clip_surface

    from headsmith.bench.clip_table import write_page

    clip = clip_of(options)
    clip = replace(clip, reader=RenderedReader(options.folder, clip.info))
    settings = clip_surface.Settings((options.seed,), options.frames, clip.info.size_px, clip.params.seconds,
                                     options.exact_mattes, 768)  # fmt: skip
    rendered = [index for index in range(options.frames) if (options.folder / f"{index:03d}.png").exists()]
    result = clip_surface.measure_clip(clip, settings, rendered)
    if options.json:
        print(json.dumps(result, indent=1))
        return
    note = (f"{len(rendered)} frames at {options.size} px from Cycles: area lights, shadows, bounced light, "
            "subsurface scattering, highlights; denoised.")  # fmt: skip
    write_page(RESULTS, "Clip-A rendered by Cycles: distance to the true face",
               "python benchmarks/clip_cycles.py write|render|measure FOLDER",
               [note, *clip_surface.page([result], settings)])  # fmt: skip
    print(RESULTS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("write", "render", "measure"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--size", default="360x480", help="WIDTHxHEIGHT")
    parser.add_argument("--yaw", type=float, default=50.0, help="degrees to either side")
    parser.add_argument("--ribbons", type=int, default=4000, help="of hair")
    parser.add_argument("--samples", type=int, default=24, help="of Cycles, a pixel")
    parser.add_argument("--exact-mattes", action="store_true", help="the true masks, instead of those found")
    parser.add_argument("--json", action="store_true", help="print all figures instead of writing the table")
    options = parser.parse_args()
    {"write": write, "render": render, "measure": measure}[options.command](options)


if __name__ == "__main__":
    main()
