"""How many poses a second bound splats follow: the default head with splats all over it."""

from __future__ import annotations

from typing import Any

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import (
    Avatar,
    Blendshapes,
    BoundSplats,
    HeadMesh,
    Material,
    Pose,
    Provenance,
    Report,
    Rig,
    Splats,
)
from headsmith.asset.binding import bind
from headsmith.asset.posing import Driver, posed_splats
from headsmith.bench.params import DrivingParams
from headsmith.bench.timing import least_ms
from headsmith.head_model.default import load_default_head
from headsmith.types import Camera

SH_DEGREES = (0, 1)
SPLAT_SIZE_M = (0.002, 0.002, 0.0004)


def measure_driving(params: DrivingParams, repeats: int) -> dict[str, Any]:
    """{"splats", "vertices", "poses_per_s": {"sh0": .., "sh1": ..}, "single_poses_per_s": ..}.

    All 52 blendshapes and every joint move. "poses_per_s" keeps the avatar's `Driver` from pose to pose; the single
    ones call `posed_splats`, which makes one for each.
    """
    rates: dict[str, dict[str, float]] = {"poses_per_s": {}, "single_poses_per_s": {}}
    vertices = 0
    for degree in SH_DEGREES:
        avatar = bound_avatar(params.splats, degree, params.seed)
        vertices, driver, poses = len(avatar.head.vertices), Driver(avatar), random_poses(avatar, params)
        works = {
            "poses_per_s": lambda driver=driver, poses=poses: [driver.splats(pose) for pose in poses],
            "single_poses_per_s": lambda avatar=avatar, poses=poses: [posed_splats(avatar, pose) for pose in poses],
        }
        for name, ms in least_ms(works, repeats).items():
            rates[name][f"sh{degree}"] = round(1000 * len(poses) / ms, 1)
    return {"splats": params.splats, "vertices": vertices, **rates}


def random_poses(avatar: Avatar, params: DrivingParams) -> list[Pose]:
    """Faces and turns that leave nothing at rest."""
    random = np.random.default_rng(params.seed)
    shapes, joints = len(avatar.blendshapes.names), len(avatar.rig.joint_names)
    return [
        Pose(random.uniform(0.01, 0.5, shapes).astype(np.float32),
             random.uniform(-0.2, 0.2, (joints, 3)).astype(np.float32))
        for _ in range(params.poses)
    ]  # fmt: skip


def bound_avatar(count: int, sh_degree: int, seed: int) -> Avatar:
    """The default head with `count` splats, spread over its triangles evenly by area."""
    model = load_default_head()
    vertices = model.v_template.astype(np.float32)
    head = HeadMesh(model.name, model.licence, vertices, model.faces, model.uvs, model.uv_faces, model.part_names,
                    model.face_part, model.regions)  # fmt: skip
    camera = Camera(1000.0, (256.0, 256.0), (512, 512), np.eye(4, dtype=np.float32))
    rig = Rig(model.joint_names, model.parents, model.joints(vertices).astype(np.float32), model.weights)
    dark = Material(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8), np.zeros((9, 3), np.float32))
    rest = Pose(np.zeros(len(ARKIT_52), np.float32), np.zeros((len(rig.joint_names), 3), np.float32))
    return Avatar(
        head=head, rig=rig, blendshapes=Blendshapes(ARKIT_52, model.arkit), material=dark,
        splats=_spread_splats(head, count, sh_degree, seed), provenance=Provenance((), {}, "1970-01-01T00:00:00Z"),
        report=Report(), capture_pose=rest, capture_camera=camera,
    )  # fmt: skip


def _spread_splats(head: HeadMesh, count: int, sh_degree: int, seed: int) -> BoundSplats:
    random = np.random.default_rng(seed)
    corners = head.vertices[head.faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    triangle = random.choice(len(area), count, p=area / area.sum()).astype(np.int32)
    barycentric = random.dirichlet((1, 1, 1), count).astype(np.float32)
    quats = random.standard_normal((count, 4)).astype(np.float32)
    splats = Splats(
        means=np.einsum("nk,nkd->nd", barycentric, corners[triangle]).astype(np.float32),
        quats=quats / np.linalg.norm(quats, axis=1, keepdims=True),
        scales=np.tile(np.array(SPLAT_SIZE_M, np.float32), (count, 1)),
        opacities=random.uniform(0.3, 0.9, count).astype(np.float32),
        sh0=random.uniform(-1, 1, (count, 1, 3)).astype(np.float32),
        shN=0.1 * random.standard_normal((count, (sh_degree + 1) ** 2 - 1, 3)).astype(np.float32),
    )
    return BoundSplats(splats, bind(splats, triangle, barycentric, head.vertices, head.faces))
