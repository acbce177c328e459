"""A made-up avatar with every part a real one has, small enough for fast tests."""

from __future__ import annotations

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import (
    Avatar,
    Blendshapes,
    BoundSplats,
    HeadMesh,
    Material,
    Motion,
    Pose,
    Provenance,
    Report,
    Rig,
    Splats,
)
from headsmith.asset.binding import bind
from headsmith.types import Camera

JOINTS = ("root", "neck", "jaw", "left_eye", "right_eye")
PARTS = ("head", "eye_left", "eye_right", "teeth_upper", "teeth_lower")


def make_avatar(seed: int = 0, vertices: int = 600, splats: int = 2000, texture_px: int = 64) -> Avatar:
    """An egg-shaped head of about `vertices` vertices with eyeballs and teeth, 52 blendshapes and bound splats."""
    rng = np.random.default_rng(seed)
    head = _head_mesh(vertices)
    rig = _rig(head)
    shapes = _blendshapes(head, rng)
    return Avatar(
        head=head,
        rig=rig,
        blendshapes=shapes,
        material=_material(texture_px, rng),
        splats=_bound_splats(head, splats, rng),
        provenance=Provenance(
            (("synthetic.png", "0" * 64),), {"headsmith": "0.1.0"}, "2026-01-02T03:04:05Z", {"quality": "draft"}
        ),
        report=Report({"psnr_db": 31.5}, ("made up",), {"fit": 1.25}),
        capture_pose=Pose(
            rng.uniform(0, 0.3, 52).astype(np.float32), rng.uniform(-0.1, 0.1, (5, 3)).astype(np.float32)
        ),
        capture_camera=_camera(),
        motions={"nod": _motion(rng)},
        preview=rng.integers(0, 255, (32, 24, 3), np.uint8),
    )


def _ball(rings: int, segments: int, centre: tuple[float, ...], radii: tuple[float, ...]) -> tuple[np.ndarray, ...]:
    """An ellipsoid welded at its seam: vertices [V, 3], faces [F, 3], uvs [U, 2], uv_faces [F, 3]."""
    polar = np.pi * np.arange(1, rings) / rings
    around = 2 * np.pi * np.arange(segments) / segments
    p, a = np.meshgrid(polar, around, indexing="ij")
    ring = np.stack([-np.sin(p) * np.sin(a), np.cos(p), -np.sin(p) * np.cos(a)], -1).reshape(-1, 3)
    points = np.concatenate([[[0.0, 1, 0]], ring, [[0.0, -1, 0]]]) * radii + centre
    uv_p, uv_a = np.meshgrid(np.arange(rings + 1), np.arange(segments + 1), indexing="ij")
    uvs = np.stack([uv_a / segments, 1 - uv_p / rings], -1).reshape(-1, 2)
    faces, uv_faces = [], []
    for i in range(rings):
        for j in range(segments):
            corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
            for triangle in ([0, 1, 2], [0, 2, 3]):
                chosen = [corners[k] for k in triangle]
                row = [_ball_vertex(r, s, rings, segments) for r, s in chosen]
                if len(set(row)) == 3:
                    faces.append(row)
                    uv_faces.append([r * (segments + 1) + s for r, s in chosen])
    return points, np.array(faces), uvs, np.array(uv_faces)


def _ball_vertex(ring: int, segment: int, rings: int, segments: int) -> int:
    if ring == 0:
        return 0
    if ring == rings:
        return 1 + (rings - 1) * segments
    return 1 + (ring - 1) * segments + segment % segments


def _head_mesh(vertices: int) -> HeadMesh:
    rings = max(6, round(np.sqrt(vertices * 0.85 / 1.5)))
    balls = [
        _ball(rings, round(rings * 1.5), (0, -0.02, -0.06), (0.075, 0.115, 0.095)),
        _ball(6, 8, (0.031, 0, 0.012), (0.012, 0.012, 0.012)),
        _ball(6, 8, (-0.031, 0, 0.012), (0.012, 0.012, 0.012)),
        _ball(5, 8, (0, -0.058, 0.008), (0.022, 0.005, 0.012)),
        _ball(5, 8, (0, -0.070, 0.006), (0.020, 0.005, 0.012)),
    ]
    # the head has the upper three quarters of the UV square, the small parts share the rest
    tiles = [(0, 0.25, 1, 0.75)] + [(k / 4, 0, 0.24, 0.24) for k in range(4)]
    v, f, t, tf, part = [], [], [], [], []
    for k, ((points, faces, uvs, uv_faces), (u0, v0, du, dv)) in enumerate(zip(balls, tiles, strict=True)):
        f.append(faces + sum(map(len, v)))
        tf.append(uv_faces + sum(map(len, t)))
        v.append(points)
        t.append(uvs * (du, dv) + (u0, v0))
        part.append(np.full(len(faces), k))
    points = np.concatenate(v).astype(np.float32)
    face = np.clip((points[:, 2] + 0.02) / 0.05, 0, 1)
    return HeadMesh(
        model_name="synthetic",
        model_licence="CC0-1.0",
        vertices=points,
        faces=np.concatenate(f).astype(np.int32),
        uvs=np.concatenate(t).astype(np.float32),
        uv_faces=np.concatenate(tf).astype(np.int32),
        part_names=PARTS,
        face_part=np.concatenate(part).astype(np.int32),
        regions={"face": face, "scalp": np.clip(points[:, 1] / 0.05, 0, 1), "neck": (points[:, 1] < -0.11) * face},
    )


def _rig(head: HeadMesh) -> Rig:
    joints = np.array(
        [[0, -0.14, -0.06], [0, -0.11, -0.06], [0, -0.03, -0.03], [0.031, 0, 0.012], [-0.031, 0, 0.012]], np.float32
    )
    weights = np.zeros((len(head.vertices), 5), np.float32)
    _, y, z = head.vertices.T
    weights[:, 0] = np.clip((-0.09 - y) / 0.04, 0, 1)
    weights[:, 2] = np.clip((-0.045 - y) / 0.02, 0, 1) * np.clip(z / 0.03 + 1, 0, 1) * (1 - weights[:, 0])
    weights[:, 1] = 1 - weights[:, 0] - weights[:, 2]
    for joint, part in ((3, 1), (4, 2), (1, 3), (2, 4)):
        rows = np.unique(head.faces[head.face_part == part])
        weights[rows] = np.eye(5, dtype=np.float32)[joint]
    return Rig(JOINTS, np.array([-1, 0, 1, 1, 1], np.int32), joints, weights)


def _blendshapes(head: HeadMesh, rng: np.random.Generator) -> Blendshapes:
    """Each moves one soft spot of the face a few millimetres."""
    skin = np.unique(head.faces[head.face_part == 0])
    centres = np.stack([rng.uniform(-0.05, 0.05, 52), rng.uniform(-0.09, 0.05, 52), np.full(52, 0.02)], -1)
    distance = np.linalg.norm(head.vertices[None, skin] - centres[:, None], axis=-1)
    falloff = np.where(distance < 0.05, (1 - distance / 0.05) ** 2, 0)
    deltas = np.zeros((52, len(head.vertices), 3), np.float32)
    deltas[:, skin] = falloff[..., None] * rng.normal(0, 0.006, (52, 1, 3))
    return Blendshapes(ARKIT_52, deltas)


def _material(texture_px: int, rng: np.random.Generator) -> Material:
    ramp = np.linspace(90, 220, texture_px)
    texture = np.stack(
        [np.add.outer(ramp, ramp) / 2, np.tile(ramp, (texture_px, 1)), np.tile(140.0, (texture_px,) * 2)], -1
    )
    noisy = np.clip(texture + rng.normal(0, 4, texture.shape), 0, 255)
    mask = np.zeros((32, 32), np.uint8)
    mask[8:16, 8:24] = 255
    light = np.zeros((9, 3), np.float32)
    light[0], light[1:4] = 3.0, rng.normal(0, 0.2, (3, 3))
    return Material(noisy.astype(np.uint8), mask, light)


def _bound_splats(head: HeadMesh, count: int, rng: np.random.Generator) -> BoundSplats:
    triangle = np.sort(rng.integers(0, len(head.faces), count)).astype(np.int32)
    barycentric = rng.dirichlet((1, 1, 1), count).astype(np.float32)
    quats = rng.normal(size=(count, 4))
    means = (head.vertices[head.faces[triangle]] * barycentric[..., None]).sum(1) + rng.normal(0, 5e-4, (count, 3))
    splats = Splats(
        means=means.astype(np.float32),
        quats=(quats / np.linalg.norm(quats, axis=1, keepdims=True)).astype(np.float32),
        scales=rng.uniform(5e-4, 4e-3, (count, 3)).astype(np.float32),
        opacities=rng.uniform(0.05, 0.99, count).astype(np.float32),
        sh0=rng.normal(0, 0.8, (count, 1, 3)).astype(np.float32),
        shN=np.zeros((count, 0, 3), np.float32),
    )
    return BoundSplats(splats, bind(splats, triangle, barycentric, head.vertices, head.faces))


def _camera() -> Camera:
    """1 m in front of the face, looking back along -Z."""
    transform = np.diag([1.0, -1, -1, 1]).astype(np.float32)
    transform[:3, 3] = 0, -0.02, 1
    return Camera(1400.0, (256.0, 256.0), (512, 512), transform)


def _motion(rng: np.random.Generator, frames: int = 12) -> Motion:
    angle = 0.1 * np.sin(np.linspace(0, 2 * np.pi, frames))
    rotations = np.zeros((frames, 5, 4), np.float32)
    rotations[..., 0] = 1
    rotations[:, 1, 0], rotations[:, 1, 1] = np.cos(angle / 2), np.sin(angle / 2)
    weights = rng.uniform(0, 1, (frames, 52)).astype(np.float32)
    return Motion(30.0, ARKIT_52, weights, JOINTS, rotations, np.zeros((frames, 3), np.float32), "made up")
