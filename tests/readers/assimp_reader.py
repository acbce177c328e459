"""What assimp makes of a glTF, without any of its post-processing; skinning is left to the caller.

usage: python assimp_reader.py FILE.glb REQUEST.json OUT.json (see request.mjs), where impasse finds assimp's library
"""

from __future__ import annotations

import base64
import io
import json
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import impasse
import numpy as np
from impasse.structs import ffi
from PIL import Image

INFLUENCES = 4
WEIGHT = np.dtype([("vertex", "<u4"), ("weight", "<f4")])
BONE = np.dtype({
    "names": ["count", "weights", "offset_matrix"],
    "formats": ["<u4", "<u8", ("<f4", (4, 4))],
    "offsets": [1028, 1048, 1056],
})  # fmt: skip
"""aiBone of assimp 6 on 64 bits (a name of 1028 bytes, the count, two pointers), which impasse lays out otherwise"""
KEYS = {
    width: np.dtype({"names": ["ticks", "value"], "formats": ["<f8", ("<f4", width)], "itemsize": size})
    for width, size in ((3, 24), (4, 32))
}
"""aiVectorKey and aiQuatKey (wxyz) of assimp 6: the latter has grown by a kind of interpolation"""


@dataclass(frozen=True)
class Bone:
    name: str
    vertices: np.ndarray
    weights: np.ndarray
    offset_matrix: np.ndarray
    """[4, 4] from stored positions to the joint"""


def text_of(array: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode()


def vectors(pointer: Any, count: int) -> np.ndarray:
    """[count, 3] of an array of aiVector3D."""
    return np.frombuffer(ffi.buffer(pointer, count * 12), np.float32).reshape(-1, 3)


def bones_of(mesh: Any) -> list[Bone]:
    bones = []
    for bone in mesh.bones:
        raw = np.frombuffer(ffi.buffer(ffi.cast("char *", bone.struct), BONE.itemsize), BONE)[0]
        data = ffi.buffer(ffi.cast("char *", int(raw["weights"])), int(raw["count"]) * WEIGHT.itemsize)
        weights = np.frombuffer(data, WEIGHT)
        bones.append(Bone(bone.name, weights["vertex"], weights["weight"], raw["offset_matrix"]))
    return bones


def meshes_by_node(node: Any) -> list[tuple[str, Any]]:
    """Each mesh with the name of its node, of the whole tree."""
    below = [pair for child in node.children for pair in meshes_by_node(child)]
    return [*((node.name, mesh) for mesh in node.meshes), *below]


def places(node: Any, local: dict[str, np.ndarray], above: np.ndarray) -> dict[str, np.ndarray]:
    """Node's name -> [4, 4] to the scene; `local` takes the place of a node's own transform."""
    here = above @ local.get(node.name, np.array(node.transformation))
    out = {node.name: here}
    for child in node.children:
        out |= places(child, local, here)
    return out


def strongest(bones: list[Bone], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of `bones` and their weights, both [V, 4]."""
    dense = np.zeros((count, max(len(bones), INFLUENCES)))
    for row, bone in enumerate(bones):
        dense[bone.vertices, row] = bone.weights
    rows = np.argsort(-dense, 1, kind="stable")[:, :INFLUENCES]
    # columns without a bone have no weight, and any row will do
    return np.minimum(rows, len(bones) - 1), np.take_along_axis(dense, rows, 1)


def matrices(bones: list[Bone], at: dict[str, np.ndarray]) -> np.ndarray:
    """[J, 16] column by column, of each bone: from stored positions to the scene."""
    return np.stack([(at[bone.name] @ bone.offset_matrix).T.ravel() for bone in bones])


def mesh_record(name: str, mesh: Any, at: dict[str, np.ndarray]) -> dict[str, Any]:
    count = len(mesh.vertices)
    rest, normals = vectors(mesh.struct.mVertices, count), vectors(mesh.struct.mNormals, count)
    moved = [vectors(shape.struct.mVertices, count) for shape in mesh.anim_meshes]
    turned = [vectors(shape.struct.mNormals, count) for shape in mesh.anim_meshes]
    bones = bones_of(mesh)
    rows, weights = strongest(bones, count)
    return {
        "name": name,
        "targets": [shape.name for shape in mesh.anim_meshes],
        "positions": text_of(rest),
        "displacements": text_of(np.stack(moved) - rest),
        "normals": text_of(normals),
        "normalDisplacements": text_of(np.stack(turned) - normals),
        "skin": {"joints": text_of(rows), "weights": text_of(weights), "matrices": text_of(matrices(bones, at))},
    }


def in_scene(mesh: Any, matrix: np.ndarray) -> np.ndarray:
    """[V, 3] metres, of a mesh without bones."""
    return vectors(mesh.struct.mVertices, len(mesh.vertices)) @ matrix[:3, :3].T + matrix[:3, 3]


def sampled(pointer: Any, count: int, width: int, ticks: float) -> np.ndarray:
    """The value of keys of that many numbers, linear between them."""
    kind = KEYS[width]
    keys = np.frombuffer(ffi.buffer(ffi.cast("char *", pointer), count * kind.itemsize), kind)
    return np.array([np.interp(ticks, keys["ticks"], column) for column in keys["value"].T])


def local_matrix(channel: Any, ticks: float) -> np.ndarray:
    keys = channel.struct
    quat = sampled(keys.mRotationKeys, keys.mNumRotationKeys, 4, ticks)
    w, x, y, z = quat / np.linalg.norm(quat)
    matrix = np.eye(4)
    matrix[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    matrix[:3, :3] *= sampled(keys.mScalingKeys, keys.mNumScalingKeys, 3, ticks)
    matrix[:3, 3] = sampled(keys.mPositionKeys, keys.mNumPositionKeys, 3, ticks)
    return matrix


def morph_weights(channel: Any, ticks: float) -> np.ndarray:
    times = np.array([key.time for key in channel.keys])
    values = np.stack([ffi.unpack(key.struct.mWeights, key.struct.mNumValuesAndWeights) for key in channel.keys])
    return np.array([np.interp(ticks, times, column) for column in values.T])


def animation_record(animation: Any, scene: Any, meshes: dict[str, Any], times: list[float]) -> dict[str, Any]:
    seen: dict[str, dict[str, list[Any]]] = {"weights": {}, "joints": {}, "matrices": {}}
    for time in times:
        # the glTF importer's ticks are milliseconds, whatever the file says
        ticks = time * (animation.ticks_per_second or 1000.0)
        local = {channel.node_name: local_matrix(channel, ticks) for channel in animation.channels}
        at = places(scene.root_node, local, np.eye(4))
        for name, matrix in at.items():
            seen["joints"].setdefault(name, []).append(matrix.T)
        for name, mesh in meshes.items():
            seen["matrices"].setdefault(name, []).append(matrices(bones_of(mesh), at))
        for channel in animation.morph_mesh_channels:
            seen["weights"].setdefault(channel.name, []).append(morph_weights(channel, ticks))
    return {"name": animation.name} | {kind: {k: text_of(v) for k, v in one.items()} for kind, one in seen.items()}


def main() -> None:
    file, question, out = sys.argv[1:]
    times = json.loads(Path(question).read_text())["times"]
    scene = impasse.load(file, processing=0)
    at, by_node = places(scene.root_node, {}, np.eye(4)), meshes_by_node(scene.root_node)
    meshes = {name: mesh for name, mesh in by_node if len(mesh.bones)}
    answer = {
        "program": f"assimp {version('cmeel-assimp')}",
        "meshes": [mesh_record(name, mesh, at) for name, mesh in meshes.items()],
        "rigid": [text_of(in_scene(mesh, at[name])) for name, mesh in by_node if not len(mesh.bones)],
        "joints": {name: matrix[:3, 3].tolist() for name, matrix in at.items() if name},
        "textures": [Image.open(io.BytesIO(bytes(texture.data))).size for texture in scene.textures],
        "animations": [animation_record(one, scene, meshes, times) for one in scene.animations],
    }
    Path(out).write_text(json.dumps(answer))


main()
