"""Where things sit on a head: measured on the avatar's rest mesh, its regions and its splats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.accessories.ears import Ear, measure_ear
from headsmith.accessories.geometry import Surface, cast, nearest
from headsmith.accessories.scalp import Scalp, measure_scalp
from headsmith.asset import Avatar, HeadMesh, Rig
from headsmith.errors import InputError
from headsmith.types import F32

OPAQUE = 0.2
"""opacity above which a splat counts as hair"""
EAR_WIDTH_M = 0.012
UP = np.array([0.0, 1.0, 0.0])
FOREHEAD_SHARE, BRIDGE_REACH_SHARE = 0.72, 0.1
"""of the interpupillary distance: the hat line above the pupils, and how far the bridge may be from their height"""


@dataclass(frozen=True)
class Anchor:
    """A place on the head, with the triangle that carries it."""

    name: str
    position_m: F32
    """[3] head space"""
    axes: F32
    """[3, 3] right-handed; columns: sideways, up, front (out of the head at an ear)"""
    width_m: float
    """how wide something that belongs here is, along `axes[:, 0]`"""
    triangle: int
    """row of `HeadMesh.faces`"""
    barycentric: F32
    """[3] on it: the point of the skin nearest to `position_m`"""


@dataclass(frozen=True)
class Anchors:
    points: dict[str, Anchor]
    """bridge, crown, forehead, and where the head model has ears: ear_left, ear_right, lobe_left, lobe_right"""
    joint: str
    """the joint that carries the head"""
    pupils_m: F32
    """[2, 3] left, right: the middles of the eyeballs, moved out to the cornea"""
    interpupillary_m: float
    temple_width_m: float
    """across the head where the arms of glasses pass, two centimetres before the ears"""
    head_width_m: float
    head_height_m: float
    """chin to top"""
    head_depth_m: float
    """nose bridge to back"""
    skull_circumference_m: float
    """along the line of a hat, without hair"""
    hair_m: float
    """thickness of the hair on top"""
    scalp: Scalp
    ears: tuple[Ear, ...]
    """left, right, or empty"""
    skin: Surface
    """the head's part of the mesh"""
    skull: Surface
    """the same without ears"""

    def at(self, name: str) -> Anchor:
        """Raises InputError for an anchor that this head does not have."""
        if name in self.points:
            return self.points[name]
        raise InputError(f"anchor '{name}'", found="no such place on this head",
                         expected=f"one of {', '.join(self.points)}", action="choose one of these")  # fmt: skip


def anchors(avatar: Avatar, hair_percentile: float = 90.0) -> Anchors:
    """The places for accessories on `avatar`: as `measure_head`, of its own splats."""
    splats = avatar.splats.splats
    return measure_head(avatar.head, avatar.rig, splats.means[splats.opacities > OPAQUE], hair_percentile)


def measure_head(head: HeadMesh, rig: Rig, splats_m: F32, hair_percentile: float = 90.0) -> Anchors:
    """The places for accessories, in rest pose; `splats_m` [N, 3] are the middles of opaque splats, or none.

    `hair_percentile` 0..100 of the splats' distances from the skull is the hair's outside. Raises InputError when the
    rig has no eye joints or the mesh no skin between them.
    """
    eyes = _eyes(rig)
    middle, apart = eyes.mean(0), float(np.linalg.norm(eyes[0] - eyes[1]))
    skin = head_surface(head)
    skull = _without_ears(head, skin)
    if not len(skull.faces):
        raise InputError("the avatar's head", found="no triangles of skin", expected="a head to put things on",
                         action="rebuild the avatar")  # fmt: skip
    bridge = _bridge(skin, middle, apart)
    scalp = measure_scalp(skull, *_hat_line(skull, middle, apart), splats_m, hair_percentile)
    ears = _ears(head, skin, skull)
    temple = _temple_width(skull, ears, middle, apart)
    outline = scalp.outline(0.0)
    top = _axis_hits(skin, scalp.centre_m, [0, 1.0, 0])
    points = {"bridge": (bridge, np.eye(3), temple), **_crown(scalp)}
    for ear, side in zip(ears, ("left", "right"), strict=False):
        points[f"ear_{side}"] = (ear.top_m, np.eye(3), EAR_WIDTH_M)
        points[f"lobe_{side}"] = (ear.lobe_m, ear.lobe_axes, EAR_WIDTH_M)
    return Anchors(
        points={name: _anchor(skin, name, *where) for name, where in points.items()},
        joint=head_joint(head, rig),
        pupils_m=_pupils(head, eyes),
        interpupillary_m=apart,
        temple_width_m=temple,
        head_width_m=float(np.ptp(outline[:, 0])),
        head_height_m=float(top[1] - _chin(skin, middle, apart)),
        head_depth_m=float(bridge[2] - _axis_hits(skin, middle - [0, 0, apart], [0, 0, -1.0])[2]),
        skull_circumference_m=float(np.linalg.norm(np.roll(outline, -1, 0) - outline, axis=1).sum()),
        hair_m=float(scalp.radius(UP, 1.0) - scalp.radius(UP, 0.0)),
        scalp=scalp,
        ears=ears,
        skin=skin,
        skull=skull,
    )


def head_joint(head: HeadMesh, rig: Rig) -> str:
    """The joint that most of the upper head is skinned to."""
    skin = np.isin(np.arange(len(head.vertices)), head_surface(head).faces)
    high = skin & (head.vertices[:, 1] > _eyes(rig)[:, 1].mean())
    return rig.joint_names[int(rig.weights[high].sum(0).argmax())]


def head_surface(head: HeadMesh) -> Surface:
    """The part of the mesh that is skin (no eyeballs, teeth, tongue, lashes)."""
    part = head.part_names.index("head") if "head" in head.part_names else 0
    rows = np.flatnonzero(head.face_part == part).astype(np.int32)
    return Surface(head.vertices, head.faces[rows], rows)


def _without_ears(head: HeadMesh, skin: Surface) -> Surface:
    if "ears" not in head.regions:
        return skin
    keep = ~(head.regions["ears"] > 0.5)[skin.faces].any(1)
    return Surface(skin.vertices, skin.faces[keep], skin.rows[keep])


def _eyes(rig: Rig) -> F32:
    names = rig.joint_names
    if not {"left_eye", "right_eye"} <= set(names):
        raise InputError("the avatar's rig", found=f"joints {', '.join(names)}", expected="left_eye and right_eye",
                         action="accessories need an avatar built by headsmith")  # fmt: skip
    return rig.joints_m[[names.index("left_eye"), names.index("right_eye")]].astype(np.float64)


def _pupils(head: HeadMesh, eyes: F32) -> F32:
    """The eye joints, moved to the front of the eyeballs."""
    near = np.linalg.norm(head.vertices[:, None] - eyes, axis=-1) < 0.016
    front = [head.vertices[row, 2].max() if row.any() else eye[2] + 0.012
             for row, eye in zip(near.T, eyes, strict=True)]  # fmt: skip
    return np.column_stack([eyes[:, :2], np.minimum(front, eyes[:, 2] + 0.0145)])


def _bridge(skin: Surface, middle: F32, apart: float) -> F32:
    """The deepest point of the nose's root, or pupil height where there is none, and a little below it."""
    height = middle[1] + np.linspace(-BRIDGE_REACH_SHARE, BRIDGE_REACH_SHARE, 9) * apart
    origin = np.stack([np.full(9, middle[0]), height, np.full(9, middle[2] + 0.2)], 1)
    hits = cast(skin, origin, np.array([0, 0, -1.0]))
    if not np.isfinite(hits.distance_m).any():
        raise InputError("the avatar's head", found="no skin between the eye joints", expected="a face there",
                         action="rebuild the avatar")  # fmt: skip
    return hits.points_m[np.where(np.isfinite(hits.distance_m), hits.distance_m, -1).argmax()]


def _axis_hits(surface: Surface, origin: F32, direction: list[float]) -> F32:
    """[3] the last point that a ray meets, or its origin."""
    hits = cast(surface, np.asarray(origin)[None], np.array([direction]), last=True)
    return hits.points_m[0]


def _hat_line(skull: Surface, middle: F32, apart: float) -> tuple[F32, F32]:
    """Front and back of the line of a hat: [3] on the forehead, [3] at the back, at pupil height."""
    inside = middle - [0, 0, 1.2 * apart]
    front = _axis_hits(skull, inside + np.array([0, FOREHEAD_SHARE * apart, 0]), [0, 0, 1.0])
    back = _axis_hits(skull, inside, [0, 0, -1.0])
    if min(front[2] - inside[2], inside[2] - back[2]) < 0.2 * apart:
        raise InputError("the avatar's head", found="no skull around the eye joints' height", expected="a whole head",
                         action="rebuild the avatar")  # fmt: skip
    return front, back


def _crown(scalp: Scalp) -> dict[str, tuple[F32, F32, float]]:
    sides = scalp.points(np.array([[1.0, 0, 0], [0, 0, 1.0], [0, 1.0, 0]]), 0.0, 0.0)
    width = 2 * float(np.linalg.norm(sides[0] - scalp.centre_m))
    return {"crown": (sides[2], scalp.axes, width), "forehead": (sides[1], scalp.axes, width)}


def _ears(head: HeadMesh, skin: Surface, skull: Surface) -> tuple[Ear, ...]:
    if "ears" not in head.regions:
        return ()
    member = head.regions["ears"] > 0.5
    sides = [member & (head.vertices[:, 0] * sign > 0) for sign in (1, -1)]
    if not all(side.sum() >= 12 for side in sides):
        return ()
    return tuple(measure_ear(skin, skull, side, sign) for side, sign in zip(sides, (1.0, -1.0), strict=True))


def _temple_width(skull: Surface, ears: tuple[Ear, ...], middle: F32, apart: float) -> float:
    """Between the two sides of the head, at the height of the ears' tops."""
    height = np.mean([ear.top_m[1] for ear in ears]) if ears else middle[1] + 0.1 * apart
    depth = np.mean([ear.top_m[2] for ear in ears]) + 0.02 if ears else middle[2] - 0.6 * apart
    origin = np.array([middle[0], height + 0.004, depth])
    sides = [_axis_hits(skull, origin, [sign, 0, 0])[0] for sign in (1.0, -1.0)]
    return float(sides[0] - sides[1])


def _chin(skin: Surface, middle: F32, apart: float) -> float:
    """Height of the lowest point of the chin: the first, going up the midline, that faces forward of the neck."""
    height = middle[1] - np.linspace(2.6, 1.0, 41) * apart
    origin = np.stack([np.full(41, middle[0]), height, np.full(41, middle[2] + 0.2)], 1)
    hits = cast(skin, origin, np.array([0, 0, -1.0]))
    depth = np.where(np.isfinite(hits.distance_m), hits.points_m[:, 2], -np.inf)
    forward = depth > depth[-1] - 0.02
    return float(height[forward.argmax()])


def _anchor(skin: Surface, name: str, position: F32, axes: F32, width_m: float) -> Anchor:
    on = nearest(skin, position[None])
    return Anchor(name, position, axes, width_m, int(on.triangle[0]), on.barycentric[0])
