"""What a reader has to see: the bundle's own numbers, computed without the exporter's document."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gltf_readers.request import PIXEL_M
from headsmith.accessories import anchors, attachments, fit_accessory
from headsmith.accessories.geometry import Surface, cast
from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import Avatar, Blendshapes, Motion
from headsmith.asset.normals import vertex_normals
from headsmith.asset.skinning import skin
from headsmith.motion import VISEMES
from headsmith.types import F32, I32
from headsmith_exporters.gltf_joints import joint_node_name
from headsmith_exporters.mesh_parts import MeshPart, split_mesh

PROBES = 6
"""places where the surface is looked at, for each morph target"""
CANDIDATES = 24
BESIDE_M = 3e-4 * np.array([[0, 0], [1, 1], [1, -1], [-1, 1], [-1, -1]])
"""from a probe to where the surface should go on smoothly"""


@dataclass(frozen=True)
class Animated:
    """A motion at its T frames."""

    times: tuple[float, ...]
    """seconds"""
    weights: F32
    """[T, K]"""
    joints: dict[str, F32]
    """joint or attach node -> [T, 4, 4] to the scene"""
    vertices: F32
    """[T, V, 3] metres, of the whole head"""


@dataclass(frozen=True)
class Expected:
    avatar: Avatar
    """with a blendshape for each morph target"""
    parts: tuple[MeshPart, ...]
    joints: dict[str, F32]
    """joint or attach node -> [3] metres at rest"""
    worn: F32
    """[W, 3] metres: the vertices of the accessories at rest"""
    animations: dict[str, Animated]

    @property
    def target_names(self) -> tuple[str, ...]:
        return self.avatar.blendshapes.names

    @property
    def deltas(self) -> F32:
        """[K, V, 3] metres."""
        return self.avatar.blendshapes.deltas

    @cached_property
    def normals(self) -> F32:
        """[1 + K, V, 3] of the head at rest, then under each target."""
        head = self.avatar.head
        moved = [head.vertices, *(head.vertices + delta for delta in self.deltas)]
        return np.stack([vertex_normals(vertices, head.faces) for vertices in moved])


def expected_of(avatar: Avatar, worn: tuple[str, ...]) -> Expected:
    """`avatar` with visemes behind ARKit's blendshapes, wearing accessories of these kinds."""
    avatar = with_visemes(avatar)
    head, places = anchors(avatar), _attached(avatar)
    names = [joint_node_name(name) for name in avatar.rig.joint_names]
    joints = dict(zip(names, avatar.rig.joints_m, strict=True)) | {name: at[:3, 3] for name, at in places.items()}
    accessories = [fit_accessory(head, kind).vertices for kind in worn]
    animations = {name: _animated(avatar, motion) for name, motion in avatar.motions.items()}
    return Expected(avatar, split_mesh(avatar.head), joints, np.concatenate(accessories), animations)


def with_visemes(avatar: Avatar) -> Avatar:
    """ARKit's 52 in their order, then the visemes that they mix to."""
    rows = {name: row for row, name in enumerate(avatar.blendshapes.names)}
    deltas = avatar.blendshapes.deltas
    mixed = [sum(weight * deltas[rows[name]] for name, weight in mix.items()) for mix in VISEMES.values()]
    visemes = [np.zeros_like(deltas[0]) + move for move in mixed]
    names = (*ARKIT_52, *(f"viseme_{name}" for name in VISEMES))
    return replace(
        avatar, blendshapes=Blendshapes(names, np.stack([*deltas[[rows[name] for name in ARKIT_52]], *visemes]))
    )


def _attached(avatar: Avatar) -> dict[str, F32]:
    """Attach node -> [4, 4] from it to head space at rest."""
    return {f"attach_{one.name}": one.matrix() for one in attachments(anchors(avatar)).values()}


def _animated(avatar: Avatar, motion: Motion) -> Animated:
    frames, names = range(len(motion.weights)), avatar.blendshapes.names
    weights = np.zeros((len(frames), len(names)), np.float32)
    weights[:, [names.index(name) for name in motion.blendshape_names]] = motion.weights
    moved = avatar.head.vertices + np.tensordot(weights, avatar.blendshapes.deltas, 1)
    places = np.stack([_places(avatar, motion, frame) for frame in frames])
    from_rest = places.copy()
    from_rest[..., :3, 3] -= np.einsum("tjab,jb->tja", places[..., :3, :3], avatar.rig.joints_m)
    vertices = np.stack([skin(points, avatar.rig.weights, t) for points, t in zip(moved, from_rest, strict=True)])
    joints = {joint_node_name(name): places[:, j] for j, name in enumerate(avatar.rig.joint_names)}
    skull = avatar.rig.joint_names.index(anchors(avatar).joint)
    joints |= {name: from_rest[:, skull] @ at for name, at in _attached(avatar).items()}
    return Animated(tuple(frame / motion.fps for frame in frames), weights, joints, vertices)


def _places(avatar: Avatar, motion: Motion, frame: int) -> F32:
    """[J, 4, 4] from each joint to the scene; the whole head moves by the motion's translation."""
    rig, out = avatar.rig, np.zeros((len(avatar.rig.joint_names), 4, 4))
    for j, (name, parent) in enumerate(zip(rig.joint_names, rig.parents, strict=True)):
        local = np.eye(4)
        local[:3, 3] = rig.joints_m[j] - (rig.joints_m[parent] if parent >= 0 else -motion.head_translation_m[frame])
        if name in motion.joint_names:
            local[:3, :3] = rotation(motion.joint_rotations_wxyz[frame, motion.joint_names.index(name)])
        out[j] = local if parent < 0 else out[parent] @ local
    return out


def rotation(wxyz: F32) -> F32:
    """[3, 3] of a unit quaternion."""
    w, x, y, z = np.asarray(wxyz, np.float64) / np.linalg.norm(wxyz)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + 2 * w * cross + 2 * cross @ cross


def visible_depth(vertices: F32, faces: I32, xy: F32) -> F32:
    """[N] z in metres of what is seen from the front at `xy` [N, 2]; not a number where nothing is."""
    origins = np.concatenate([xy, np.full((len(xy), 1), 1.0)], 1)
    hits = cast(Surface(vertices, faces, np.arange(len(faces), dtype=np.int32)), origins, np.array([0.0, 0.0, -1.0]))
    return np.where(hits.triangle >= 0, hits.points_m[:, 2], np.nan)


def probes_of(vertices: F32, moved: F32, faces: I32) -> tuple[tuple[float, float], ...]:
    """[PROBES] (x, y) of pixels on triangles that move most, so that another shape is told from this one.

    Edges that hide something behind them are passed over: a rounding error would fall on the other side.
    """
    corners = moved[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    facing = normal[:, 2] > 0.5 * np.maximum(np.linalg.norm(normal, axis=1), 1e-12)
    way = np.linalg.norm((moved - vertices)[faces], axis=2).min(1)
    likely = np.argsort(-np.where(facing, way, -1), kind="stable")[:CANDIDATES]
    xy = (np.floor(corners[likely, :, :2].mean(1) / PIXEL_M) + 0.5) * PIXEL_M
    depths = np.stack([visible_depth(moved, faces, xy + beside) for beside in BESIDE_M])
    step = np.nan_to_num(np.ptp(depths, 0), nan=np.inf)
    return tuple((float(x), float(y)) for x, y in xy[np.argsort(step, kind="stable")[:PROBES]])
