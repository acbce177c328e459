"""What Blender's importer makes of a glTF: the evaluated meshes at rest, under each shape key alone, and animated.

usage: python blender_reader.py FILE.glb REQUEST.json OUT.json (see request.mjs), where bpy is installed
"""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np

TO_GLTF = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]], float)
"""from Blender's axes (Z up) to glTF's"""


def text_of(array: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode()


def columns(matrix: Any) -> np.ndarray:
    """A matrix in the scene as glTF writes it; the joint's own axes are turned back too."""
    return (TO_GLTF @ np.array(matrix) @ TO_GLTF.T).T.ravel()


def vertices(obj: Any) -> np.ndarray:
    """[V, 3] metres in glTF's axes, moved by shape keys and bones."""
    evaluated = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    local = np.empty(len(evaluated.data.vertices) * 3, np.float32)
    evaluated.data.vertices.foreach_get("co", local)
    matrix = TO_GLTF @ np.array(evaluated.matrix_world)
    return local.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]


def keys_of(obj: Any) -> Any:
    return obj.data.shape_keys.key_blocks[1:]


def mesh_record(obj: Any) -> dict[str, Any]:
    rest, moves = vertices(obj), []
    for key in keys_of(obj):
        key.value = 1.0
        bpy.context.view_layer.update()
        moves.append(vertices(obj) - rest)
        key.value = 0.0
    bpy.context.view_layer.update()
    return {
        "name": obj.name,
        "targets": [key.name for key in keys_of(obj)],
        "positions": text_of(rest),
        "displacements": text_of(moves),
    }


def empties() -> list[Any]:
    return [o for o in bpy.context.scene.objects if o.type == "EMPTY"]


def unskinned(meshes: list[Any], rig: Any) -> list[Any]:
    """Every other mesh, but for those that the importer makes to show bones by."""
    shapes = {bone.custom_shape for bone in rig.pose.bones}
    return [o for o in bpy.context.scene.objects if o.type == "MESH" and o not in meshes and o not in shapes]


def places(rig: Any) -> dict[str, np.ndarray]:
    """Bone -> how it has moved from its rest place, [4, 4], and that place, in Blender's axes."""
    return {bone.name: np.array(rig.matrix_world @ bone.matrix @ bone.bone.matrix_local.inverted())
            for bone in rig.pose.bones}  # fmt: skip


def rest_places(rig: Any) -> dict[str, np.ndarray]:
    return {bone.name: np.array((rig.matrix_world @ bone.matrix_local).translation) for bone in rig.data.bones}


def joint_matrix(moved: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Of a joint whose own axes are the scene's at rest, whatever axes Blender's bones have."""
    place = np.eye(4)
    place[:3, 3] = rest
    return moved @ place


def play_alone(blocks: list[Any], name: str) -> None:
    """Lets only that animation move `blocks`; the importer makes a track of each."""
    for block in blocks:
        data = block.animation_data
        data.action = None
        for track in data.nla_tracks:
            track.mute = True
            if track.name == name:
                (strip,) = track.strips
                data.action = strip.action
                data.action_slot = strip.action_slot


def animation_record(name: str, meshes: list[Any], rig: Any, times: list[float]) -> dict[str, Any]:
    scene, rest = bpy.context.scene, rest_places(rig)
    blocks = [b for b in [rig, *(m.data.shape_keys for m in meshes)] if b.animation_data]
    play_alone(blocks, name)
    seen: dict[str, dict[str, list[Any]]] = {"weights": {}, "vertices": {}, "joints": {}}
    for time in times:
        frame = time * scene.render.fps / scene.render.fps_base
        scene.frame_set(int(frame), subframe=frame - int(frame))
        for mesh in meshes:
            seen["weights"].setdefault(mesh.name, []).append([key.value for key in keys_of(mesh)])
            seen["vertices"].setdefault(mesh.name, []).append(vertices(mesh))
        for bone, moved in places(rig).items():
            seen["joints"].setdefault(bone, []).append(columns(joint_matrix(moved, rest[bone])))
        for empty in empties():
            seen["joints"].setdefault(empty.name, []).append(columns(empty.matrix_world))
    return {"name": name} | {kind: {k: text_of(v) for k, v in one.items()} for kind, one in seen.items()}


def record(times: list[float]) -> dict[str, Any]:
    meshes = [o for o in bpy.context.scene.objects if o.type == "MESH" and o.data.shape_keys]
    (rig,) = [o for o in bpy.context.scene.objects if o.type == "ARMATURE"]
    tracks = rig.animation_data.nla_tracks if rig.animation_data else ()
    names = list(dict.fromkeys(track.name for track in tracks))
    animations = [animation_record(name, meshes, rig, times) for name in names]
    play_alone([b for b in [rig, *(m.data.shape_keys for m in meshes)] if b.animation_data], "")
    for mesh in meshes:
        for key in keys_of(mesh):
            key.value = 0.0
    for bone in rig.pose.bones:
        bone.matrix_basis.identity()
    bpy.context.view_layer.update()
    at = rest_places(rig) | {empty.name: np.array(empty.matrix_world.translation) for empty in empties()}
    return {
        "program": f"Blender {bpy.app.version_string}",
        "meshes": [mesh_record(mesh) for mesh in meshes],
        "rigid": [text_of(vertices(obj)) for obj in unskinned(meshes, rig)],
        "joints": {name: (TO_GLTF[:3, :3] @ place).tolist() for name, place in at.items()},
        "textures": [list(image.size) for image in bpy.data.images if image.size[0]],
        "animations": animations,
    }


def main() -> None:
    file, request, out = sys.argv[1:]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.preferences.addon_enable(module="io_scene_gltf2")
    bpy.ops.import_scene.gltf(filepath=file)
    Path(out).write_text(json.dumps(record(json.loads(Path(request).read_text())["times"])))
    sys.stdout.flush()
    # some versions crash while they are torn down
    os._exit(0)


main()
