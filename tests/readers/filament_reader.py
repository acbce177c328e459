"""What Filament makes of a glTF: joints, animations, the textures' memory, and points of the surface as it is drawn.

Filament hides its vertices, so the surface is looked at: from the front, at the probes of the request, under each
morph target alone and at each time of an animation; what comes back is where the depth buffer says the surface is.

usage: python filament_reader.py FILE.glb REQUEST.json OUT.json (see request.mjs), where filly is installed
"""

from __future__ import annotations

import base64
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import filly
import numpy as np

SIZE_PX = 256
NEAR_M, FAR_M = 0.5, 1.5
"""from the camera, one metre before the origin"""
MORE_FRAMES = 10
"""an answer about a pixel comes some frames later"""

Points = list[tuple[float, float]]


def text_of(array: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode()


class View:
    """The model from the front, without perspective."""

    def __init__(self, renderer: Any, file: str, pixel_m: float) -> None:
        self.renderer, self.scene = renderer, renderer.create_scene()
        self.model = self.scene.load(file)
        for node in self.model.nodes:
            if node.mesh_name and not node.morph_target_count:
                # what is worn hides the head; out of sight with it
                node.position = (0.0, 0.0, -1000.0)
        self.target = renderer.create_render_target(width=SIZE_PX, height=SIZE_PX)
        camera = self.scene.camera = renderer.create_camera()
        self.half_m = half = SIZE_PX * pixel_m / 2
        camera.set_orthographic(left=-half, right=half, bottom=-half, top=half, near=NEAR_M, far=FAR_M)
        camera.position = (0.0, 0.0, 1.0)
        camera.look_at((0.0, 0.0, 0.0))

    def surface(self, probes: Points) -> np.ndarray:
        """[N, 3] metres: what is seen at each of `probes` (x, y); not a number where nothing is."""
        pixels = (np.array(probes) / self.half_m + 1) / 2 * SIZE_PX
        queries = [self.renderer.pick(self.scene, float(x), float(y)) for x, y in pixels]
        for _ in range(MORE_FRAMES):
            self.renderer.render(self.scene, self.target)
            self.renderer.finish()
            if all(query.ready() for query in queries):
                break
        return np.array([query.result.position if query.result else [np.nan] * 3 for query in queries], np.float32)


def morphed(model: Any) -> list[Any]:
    return [node for node in model.nodes if node.morph_target_count]


def set_weights(model: Any, weights: Any) -> None:
    for node in morphed(model):
        node.set_morph_weights([float(weight) for weight in weights])


def surfaces(view: View, probes: list[Points]) -> list[np.ndarray]:
    """[K][N, 3] under each morph target alone."""
    seen = []
    for weights, points in zip(np.eye(len(probes)), probes, strict=True):
        set_weights(view.model, weights)
        seen.append(view.surface(points))
    set_weights(view.model, np.zeros(len(probes)))
    return seen


def joints_of(model: Any) -> list[Any]:
    return [node for node in model.nodes if not node.mesh_name]


def place(node: Any) -> np.ndarray:
    """[4, 4] to the scene."""
    above = place(node.parent) if node.parent else np.eye(4)
    return above @ np.array(node.transform)


def animation_record(view: View, row: int, times: list[float], probes: list[Points]) -> dict[str, Any]:
    model, names = view.model, [node.name for node in joints_of(view.model)]
    seen, joints = [], []
    for time, points in zip(times, probes, strict=True):
        model.apply_animation(row, time, loop=False)
        joints.append([place(node).T for node in joints_of(model)])
        seen.append(view.surface(points))
    model.reset_animation()
    by_joint = {name: text_of(np.array(joints)[:, j]) for j, name in enumerate(names)}
    return {"name": model.animations[row].name, "joints": by_joint, "surface": text_of(seen)}


def main() -> None:
    file, question, out = sys.argv[1:]
    request = json.loads(Path(question).read_text())
    filly.set_log_level("error")
    with filly.Renderer() as renderer:
        view = View(renderer, file, request["pixel_m"])
        model = view.model
        counts, seen = range(len(model.animations)), surfaces(view, request["probes"])
        answer = {
            "program": f"Filament (filly {version('filly')})",
            "meshes": [],
            "joints": {node.name: place(node)[:3, 3].tolist() for node in joints_of(model)},
            "textureBytes": model.memory.gpu_texture_bytes,
            "surface": text_of(seen),
            "surfaceShape": np.shape(seen),
            "animations": [
                animation_record(view, row, request["times"], request["animation_probes"]) for row in counts
            ],
        }
    Path(out).write_text(json.dumps(answer))


main()
