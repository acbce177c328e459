"""The known subject in its room, dressed, as a camera sees it: the picture and exact masks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from headsmith.asset.normals import vertex_normals
from headsmith.bench.clip_draw import BY_COLOR, Drawing, Part, draw
from headsmith.bench.clip_occlusion import openness
from headsmith.bench.clip_room import Room, make_room
from headsmith.bench.clip_script import Moment
from headsmith.bench.clip_shirt import Shirt, make_shirt, wear
from headsmith.bench.subject import LIGHT, Subject, SubjectParams
from headsmith.bench.subject_hair import grow_ribbons
from headsmith.bench.subject_skin import noise, paint_subject
from headsmith.head_model.default import load_default_head
from headsmith.head_model.model import HeadModel
from headsmith.head_model.shading import linear_to_srgb, rotated_light, srgb_to_linear
from headsmith.texture.uv import build_atlas
from headsmith.types import F32, U8, Bool, Camera, Mattes
from headsmith.views.skull import move, skull_pose

HEAD, HAIR, SHIRT, ROOM = 0, 1, 2, 3
"""the parts, in the order in which they are drawn"""
GLOSS = 0.05
SCALP = 0.6
"""skin that is more of the scalp than this counts as hair"""
_SHAPE_WAVES_M = ((0.09, 0.7), (0.045, 0.3))
"""wavelength and share of what no identity coefficient expresses"""


@dataclass(frozen=True)
class Studio:
    subject: Subject
    offsets_m: F32
    """[V, 3] how the subject's rest shape differs from what its identity says"""
    room: Room
    shirt: Shirt
    light_sh: F32
    """[9, 3] irradiance in the room"""
    open_to_light: F32
    """[V] of the subject's head at rest"""


@dataclass(frozen=True)
class Exposure:
    """The light of one frame, finer than the picture's pixels."""

    person: Drawing
    front: Bool
    """[H, W] where the person is in front of the room"""
    image: F32
    """[H, W, 3] sRGB 0..1"""


def make_studio(params: SubjectParams, offset_sd_m: float) -> Studio:
    """Subject, room and light drawn from `params.seed`."""
    model = load_default_head()
    random = np.random.default_rng((params.seed, 0))
    identity = np.clip(random.normal(0, params.identity_sd, model.shapedirs.shape[2]), -2, 2).astype(np.float32)
    plain = model.rest_vertices(identity).astype(np.float32)
    rest = (plain + _unforeseen(model, plain, random) * np.float32(offset_sd_m)).astype(np.float32)
    hair = grow_ribbons(model, rest, params.ribbons, params.seed)
    hair = replace(hair, colors=_tinted(hair.colors, random.uniform(0.35, 1.9) * random.uniform(0.85, 1.15, 3)))
    skin = random.uniform(0.55, 1.1) * np.array([1.0, 0.97, 0.94]) ** random.uniform(-1, 2)
    albedo = _complexion(model, paint_subject(model, params.texture_px, params.seed), skin)
    subject = Subject(model, identity, rest, albedo, hair, params)
    turn = Rotation.from_euler("yx", random.uniform((-120, -15), (120, 15)), degrees=True).as_matrix()
    light = rotated_light(LIGHT, turn.astype(np.float32)) * random.uniform(0.85, 1.05, (1, 3)).astype(np.float32)
    return Studio(subject, rest - plain, make_room(params.seed), make_shirt(model), light,
                  openness(model, rest))  # fmt: skip


def _unforeseen(model: HeadModel, rest_m: F32, random: np.random.Generator) -> F32:
    """[V, 3] smooth unevenness of the skin along its normals, of deviation 1; none on lids, lips and in the mouth."""
    field = np.zeros(len(rest_m))
    for wave_m, share in _SHAPE_WAVES_M:
        field += share * noise(rest_m, wave_m, random)
    skin = np.zeros(len(rest_m))
    skin[np.unique(model.faces[model.faces_of("head")])] = 1
    for name in ("eyes", "lips", "inner_mouth"):
        skin = np.minimum(skin, 1 - np.clip(_spread(model, model.regions[name]) * 1.5, 0, 1))
    field = field / field[skin > 0.5].std() * skin
    return (field[:, None] * vertex_normals(rest_m, model.faces)).astype(np.float32)


def _spread(model: HeadModel, values: F32) -> F32:
    """[V] values carried a few edges outwards, so that they end softly."""
    out = values.astype(np.float64)
    edges = np.concatenate([model.faces[:, pair] for pair in ((0, 1), (1, 2), (2, 0))])
    edges = np.concatenate([edges, edges[:, ::-1]])
    count = np.bincount(edges[:, 0], minlength=len(values))
    for _ in range(6):
        total = np.bincount(edges[:, 0], weights=out[edges[:, 1]], minlength=len(values))
        out = np.maximum(out, total / np.maximum(count, 1))
    return out


def _tinted(srgb: F32, factor: F32) -> F32:
    """sRGB [..., 3] 0..1 times a factor [3] in linear light."""
    return np.clip(linear_to_srgb(srgb_to_linear(srgb) * factor), 0.01, 1).astype(np.float32)


def _complexion(model: HeadModel, albedo: U8, factor: F32) -> U8:
    """The skin of another colour; eyes, teeth and tongue as they are."""
    atlas = build_atlas(model, albedo.shape[0])
    inside = atlas.at(model.regions["inner_mouth"])
    skin = np.where(model.faces_of("head")[atlas.triangle], 1 - inside, 0)[:, None]
    share = ndimage.grey_dilation(atlas.image(np.repeat(skin, 3, 1)), (5, 5, 1))
    picture = albedo.astype(np.float32) / 255
    return np.round((picture + share * (_tinted(picture, factor) - picture)) * 255).astype(np.uint8)


def room_drawing(studio: Studio, T_camera_room: F32, camera: Camera) -> Drawing:
    """The empty room, at the supersampled size."""
    fine = enlarged(replace(camera, T_camera_world=T_camera_room), studio.subject.params.supersample)
    return draw((studio.room.walls,), (studio.subject.albedo, studio.room.atlas), fine, studio.light_sh)


def expose(studio: Studio, moment: Moment, camera: Camera, room: Drawing) -> Exposure:
    """What reaches a camera with the intrinsics of `camera` at that moment; `room` as `room_drawing` gives it."""
    fine = enlarged(replace(camera, T_camera_world=moment.T_camera_room), studio.subject.params.supersample)
    person = draw(person_parts(studio, moment), (studio.subject.albedo, studio.room.atlas), fine, studio.light_sh)
    front = person.depth_m < room.depth_m
    return Exposure(person, front, np.where(front[..., None], person.image, room.image))


def develop(studio: Studio, exposure: Exposure) -> U8:
    """[H, W, 3] sRGB without noise."""
    return np.clip(_through_lens(exposure.image, studio.subject.params) * 255 + 0.5, 0, 255).astype(np.uint8)


def exact_mattes(studio: Studio, exposure: Exposure) -> Mattes:
    person, front, model = exposure.person, exposure.front, studio.subject.model
    hair, shirt, head = ((person.part == part) & front for part in (HAIR, SHIRT, HEAD))
    scalp = model.regions["scalp"][model.faces].mean(1) > SCALP
    bald = head & scalp[np.where(head, person.triangle, 0)]
    masks = (hair | head | shirt, hair | head, hair | bald, head & ~bald)
    return Mattes(*(_through_lens(mask.astype(np.float32), studio.subject.params) for mask in masks))


def _through_lens(fine: F32, params: SubjectParams) -> F32:
    """[H, W] or [H, W, C] of a supersampled picture, as a camera's pixels collect it."""
    n, sigma = params.supersample, params.lens_px
    pixels = np.zeros((fine.shape[0] // n, fine.shape[1] // n, *fine.shape[2:]), np.float32)
    for row in range(n):
        for column in range(n):
            pixels += fine[row::n, column::n]
    return np.clip(ndimage.gaussian_filter(pixels / n**2, (sigma, sigma, 0.0)[: fine.ndim]), 0, 1)


def person_parts(studio: Studio, moment: Moment) -> tuple[Part, ...]:
    """Head, hair and shirt in the room."""
    subject, T = studio.subject, moment.T_room_head
    model, hair = subject.model, subject.hair
    posed = model.pose(subject.rest_m, moment.expression, moment.joint_rotations).astype(np.float32)
    T_skull = T @ skull_pose(model, subject.rest_m, posed)
    posed = move(T, posed)
    normals = vertex_normals(posed, model.faces)
    uv = model.uvs[model.uv_faces]
    look = np.concatenate([uv, np.zeros_like(uv[..., :1])], -1).astype(np.float32)
    strands = Part(move(T_skull, hair.vertices_m), hair.faces, hair.normals @ T_skull[:3, :3].T,
                   hair.colors[hair.faces], BY_COLOR)  # fmt: skip
    head = Part(posed, model.faces, normals, look, 0, studio.open_to_light, GLOSS)
    return head, strands, wear(studio.shirt, posed, normals)


def enlarged(camera: Camera, factor: int) -> Camera:
    (x, y), (width, height) = camera.principal_px, camera.size_px
    return Camera(camera.focal_px * factor, (x * factor, y * factor), (width * factor, height * factor),
                  camera.T_camera_world)  # fmt: skip
