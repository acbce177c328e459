"""Views that no photo shows, drawn from the textured head and the hair, for the splats to learn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.types import (
    F32,
    Camera,
    HairShell,
    HeadFit,
    Progress,
    StaticTexture,
    TrainingView,
    ViewFit,
    no_progress,
)
from headsmith.views.params import ViewParams
from headsmith.views.render import Picture, Subject, above_collar, render_subject
from headsmith.views.skull import in_skull_frame, skull_pose

_MIN_DISTANCE_M, _MAX_DISTANCE_M = 0.6, 2.5
"""of the camera: nearer it distorts, farther makes no difference"""
_ENOUGH_PHOTOS = 3
"""within `ViewParams.covered_deg` of a view, and it need not be made"""
_STRONG, _ALIKE = 0.3, 0.4
"""weights of an expression that matter, and how far a photo's may be from them"""
_JAW_OPEN_RAD = 0.4
"""of the jaw joint of a head without blendshapes"""


@dataclass(frozen=True)
class Shot:
    """One view to be drawn."""

    yaw_deg: float
    pitch_deg: float
    expression: F32
    """[E]"""
    joint_rotations: F32
    """[J, 3]"""


@dataclass(frozen=True)
class Orbit:
    """Where cameras stand around the head."""

    centre_m: F32
    """[3] in the skull's rest frame"""
    distance_m: float
    focal_px: float
    size_px: int


def synthesise_views(
    model: HeadModel,
    fit: HeadFit,
    texture: StaticTexture,
    hair: HairShell | None,
    params: ViewParams,
    progress: Progress = no_progress,
) -> tuple[TrainingView, ...]:
    """At most `params.count` views around the head, the most useful first."""
    rest = model.rest_vertices(fit.identity, fit.offsets_m)
    subject = Subject(model, texture, hair, above_collar(rest, fit))
    centre, extent = _frame_head(rest, hair)
    photos = [in_skull_frame(model, fit, view)[1].position_m - centre for view in fit.views]
    distance = float(np.clip(np.linalg.norm(photos[0]), _MIN_DISTANCE_M, _MAX_DISTANCE_M))
    orbit = Orbit(centre, distance, params.size_px * params.fill * distance / extent, params.size_px)
    shots = [shot for shot in plan_shots(model, fit.views[0], params) if not _known(shot, fit.views, photos, params)]
    shots = shots[: params.count]
    views = []
    for number, shot in enumerate(shots):
        posed = model.pose(rest, shot.expression, shot.joint_rotations)
        T = skull_pose(model, rest, posed)
        in_skull = orbit_camera(orbit, shot.yaw_deg, shot.pitch_deg)
        camera = replace(in_skull, T_camera_world=(in_skull.T_camera_world @ np.linalg.inv(T)).astype(np.float32))
        picture = render_subject(subject, posed, T, camera, params.supersample)
        weight = _weight(picture, in_skull.position_m - centre, photos, params)
        views.append(_training_view(picture, camera, shot, weight))
        progress((number + 1) / len(shots))
    return tuple(views)


def plan_shots(model: HeadModel, view: ViewFit, params: ViewParams) -> Iterator[Shot]:
    """The views in the order of their use, by turns: as photographed, in other expressions, from above and below."""
    still = view.joint_rotations
    around = [Shot(yaw, 0.0, view.expression, still) for yaw in params.yaws_deg]
    tilted = [Shot(0.0, pitch, view.expression, still) for pitch in params.pitches_deg]
    posed = [Shot(yaw, 0.0, *pose) for yaw in params.posed_yaws_deg for pose in _poses(model, params)]
    queues = [around, posed, tilted]
    while any(queues):
        for queue in queues:
            if queue:
                yield queue.pop(0)


def _poses(model: HeadModel, params: ViewParams) -> Iterator[tuple[F32, F32]]:
    """Expression [E] and joint rotations [J, 3] of each of the poses that the model can take."""
    row = {name: k for k, name in enumerate(model.expression_names)}
    for pose in params.poses:
        weights = np.zeros(model.exprdirs.shape[2], np.float32)
        rotations = np.zeros((len(model.joint_names), 3), np.float32)
        if all(name in row for name, _ in pose):
            for name, value in pose:
                weights[row[name]] = value
        elif [name for name, _ in pose] == ["jawOpen"] and "jaw" in model.joint_names:
            # models such as FLAME open the mouth by the joint alone
            rotations[model.joint_names.index("jaw"), 0] = _JAW_OPEN_RAD * pose[0][1]
        else:
            continue
        yield weights, rotations


def _known(shot: Shot, views: Sequence[ViewFit], photos: Sequence[F32], params: ViewParams) -> bool:
    """Whether photos from directions [3] show the head from there already, with an expression like the shot's."""
    toward, strong = direction(shot.yaw_deg, shot.pitch_deg), shot.expression > _STRONG
    alike = 0
    for view, photo in zip(views, photos, strict=True):
        same = np.abs(view.expression - shot.expression)[strong].max(initial=0.0) < _ALIKE
        alike += bool(same and _angle_deg(toward, photo) < params.covered_deg)
    return alike >= _ENOUGH_PHOTOS


def direction(yaw_deg: float, pitch_deg: float) -> F32:
    """[3] from the head towards a camera."""
    yaw, pitch = np.radians(yaw_deg), np.radians(pitch_deg)
    return np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])


def orbit_camera(orbit: Orbit, yaw_deg: float, pitch_deg: float) -> Camera:
    """A camera in the skull's frame that looks at the head's middle from yaw and pitch."""
    back = direction(yaw_deg, pitch_deg)
    right = np.cross(-back, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    T = np.eye(4)
    T[:3, :3] = np.stack([right, np.cross(-back, right), -back])
    T[:3, 3] = -T[:3, :3] @ (orbit.centre_m + orbit.distance_m * back)
    size = orbit.size_px
    return Camera(orbit.focal_px, (size / 2, size / 2), (size, size), T.astype(np.float32))


def _frame_head(rest_m: F32, hair: HairShell | None) -> tuple[F32, float]:
    """The middle [3] and the size in metres of the head with its hair."""
    points = rest_m if hair is None else np.concatenate([rest_m, hair.vertices_m])
    low, high = points.min(0), points.max(0)
    return (low + high).astype(np.float32) / 2, float((high - low).max())


def _weight(picture: Picture, toward: F32, photos: Sequence[F32], params: ViewParams) -> F32:
    """[H, W] how far to trust each pixel: less where the texture was guessed, and less where a photo knows better."""
    trust = params.completed_weight + (1 - params.completed_weight) * picture.observed
    angle = min(_angle_deg(toward, photo) for photo in photos)
    ease = float(np.clip(angle / params.photo_cone_deg, 0, 1))
    beside_photo = params.near_photo_weight + (1 - params.near_photo_weight) * ease * ease * (3 - 2 * ease)
    # the empty background is known from everywhere
    inside = picture.alpha * trust + (1 - picture.alpha)
    return (inside * beside_photo).astype(np.float32)


def _angle_deg(a: F32, b: F32) -> float:
    cosine = float(a @ b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _training_view(picture: Picture, camera: Camera, shot: Shot, weight: F32) -> TrainingView:
    image = np.clip(picture.image * 255 + 0.5, 0, 255).astype(np.uint8)
    return TrainingView(
        camera, image, picture.alpha, weight, shot.expression, shot.joint_rotations, real=False
    )  # fmt: skip
