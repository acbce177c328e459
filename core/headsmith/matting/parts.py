"""Skin, hair and clothes of a person: colours learnt from the photo itself, and where each is to be expected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import label

from headsmith.matting.colour import fit_mixture, to_lab
from headsmith.matting.face_frame import FACE_OVAL, FEATURES, FaceFrame, polygon
from headsmith.matting.guided import guided_filter
from headsmith.types import F32, U8, Bool, Landmarks

COMPONENTS = {"skin": 3, "hair": 4, "clothes": 5}
MIN_SAMPLES = 60
# Lab colours fill about this volume; it is the density of a colour that a model has never seen
LOG_UNSEEN = float(-np.log(8e5))
# how readily each part takes on colours it has not been seen in: a patterned shirt more than skin
UNSEEN_SHARE = {"skin": 0.002, "hair": 0.02, "clothes": 0.2}
# neighbouring pixels are not independent samples: their evidence is tempered
TEMPER = 0.4
SMOOTHING_RADIUS = 0.02
SMOOTHING_EPSILON = 2e-3


@dataclass(frozen=True)
class Parts:
    """[H, W] 0..1 each; they add up to 1 on every pixel, whether it shows the person or not."""

    skin: F32
    hair: F32
    clothes: F32


@dataclass(frozen=True)
class Scene:
    """What the division works on."""

    image: U8
    person: F32
    landmarks: Landmarks
    place: FaceFrame


def divide(scene: Scene, rounds: int) -> Parts:
    """Learns the colours of the three parts from where they surely are, divides, and learns again."""
    lab = to_lab(scene.image)
    prior = _prior(scene)
    inner = _inner_face(scene)
    share = _first_guess(scene, prior, inner)
    for _ in range(rounds):
        evidence = {name: _log_likelihood(lab, scene.person * share[name], name) for name in share}
        share = _normalised({name: np.log(prior[name]) + TEMPER * evidence[name] for name in share})
        share = _smooth(scene, share)
        share = _with_face(share, inner)
    return Parts(**_connected(share, scene.person, inner))


def _prior(scene: Scene) -> dict[str, F32]:
    """How likely each part is at each place, before any colour is seen."""
    place = scene.place
    across, below = np.abs(place.across) / place.half_width, place.below
    face = _face_mask(scene)
    # an ellipse around the skull, ears and hair
    skull = np.hypot(place.across / 0.75, (below + 0.65) / 0.95)
    under_chin = _ramp(below, 0.0, 0.3)
    neck = _ramp(below, -0.5, -0.1) * (1 - _ramp(below, 0.35, 0.7)) * (1 - _ramp(across, 0.75, 1.15))
    ears = _bump(below, -0.5, 0.35) * _bump(across, 1.1, 0.35)
    skin = np.maximum.reduce([0.9 * face, 0.6 * neck, 0.45 * ears, np.full_like(face, 0.02)])
    clothes = 0.005 + 0.9 * np.maximum(under_chin * (1 - 0.6 * neck), _ramp(skull, 1.1, 1.8) * _ramp(below, -0.6, 0.2))
    hair = 0.02 + 0.9 * (1 - _ramp(skull, 1.0, 1.6)) * (1 - 0.7 * under_chin) + 0.15 * (1 - _ramp(below, 0.3, 0.9))
    total = skin + clothes + hair
    return {"skin": skin / total, "hair": hair / total, "clothes": clothes / total}


def _first_guess(scene: Scene, prior: dict[str, F32], inner: F32) -> dict[str, F32]:
    """Where each part surely is, for the first lesson in colour."""
    below = scene.place.below
    face = _face_mask(scene)
    features = np.maximum.reduce([_mask(scene, np.array(feature)) for feature in FEATURES])
    skin = inner * (1 - features) * (below > -0.8)
    hair = (1 - face) * (prior["hair"] > 0.6) * (below < -0.5)
    clothes = (below > 0.35) * (prior["clothes"] > 0.5)
    return {"skin": skin, "hair": hair.astype(np.float32), "clothes": clothes.astype(np.float32)}


def _log_likelihood(lab: F32, weight: F32, name: str) -> F32:
    """[H, W] how well each pixel's colour fits those of the part, learnt under `weight` [H, W]."""
    sure = weight > 0.5
    unseen = np.log(UNSEEN_SHARE[name]) + LOG_UNSEEN
    if sure.sum() < MIN_SAMPLES:
        return np.full(weight.shape, unseen, np.float32)
    mixture = fit_mixture(lab[sure], weight[sure], COMPONENTS[name])
    return np.logaddexp(mixture.log_density(lab) + np.log(1 - UNSEEN_SHARE[name]), unseen).astype(np.float32)


def _normalised(logs: dict[str, F32]) -> dict[str, F32]:
    top = np.maximum.reduce(list(logs.values()))
    shares = {name: np.exp(log - top) for name, log in logs.items()}
    total = np.add.reduce(list(shares.values()))
    return {name: (share / total).astype(np.float32) for name, share in shares.items()}


def _smooth(scene: Scene, share: dict[str, F32]) -> dict[str, F32]:
    guide = scene.image.astype(np.float32) / 255
    radius = max(1, round(SMOOTHING_RADIUS * scene.place.height_px))
    smooth = {name: guided_filter(guide, s, radius, SMOOTHING_EPSILON).clip(1e-4, 1) for name, s in share.items()}
    total = np.add.reduce(list(smooth.values()))
    return {name: s / total for name, s in smooth.items()}


def _with_face(share: dict[str, F32], inner: F32) -> dict[str, F32]:
    """Brows, eyes, lips, beard and glasses inside the face belong to its skin."""
    outside = 1 - inner
    return {name: s * outside + (inner if name == "skin" else 0) for name, s in share.items()}


def _connected(share: dict[str, F32], person: F32, inner: F32) -> dict[str, F32]:
    """Skin that hangs together with the face; other skin (hands, arms) counts as clothes."""
    groups, _ = label((share["skin"] * person > 0.4) | (inner > 0.5))
    own = np.unique(groups[inner > 0.5])
    kept = np.isin(groups, own[own > 0])
    stray: Bool = (groups > 0) & ~kept
    skin = np.where(stray, 0, share["skin"])
    return {"skin": skin, "hair": share["hair"], "clothes": share["clothes"] + share["skin"] - skin}


def _mask(scene: Scene, rows: np.ndarray) -> F32:
    height, width = scene.person.shape
    return polygon(scene.landmarks.points_px[rows], (width, height))


def _face_mask(scene: Scene) -> F32:
    return _mask(scene, np.array(FACE_OVAL))


def _inner_face(scene: Scene) -> F32:
    """The part of the face that hair does not fall over: from the brows down, a little inside the outline."""
    rows = np.array(FACE_OVAL)
    points = scene.landmarks.points_px
    middle = points[rows].mean(0)
    height, width = scene.person.shape
    shrunk = polygon(middle + 0.88 * (points[rows] - middle), (width, height))
    return shrunk * _ramp(scene.place.below, -0.8, -0.74)


def _ramp(x: F32, start: float, end: float) -> F32:
    """0 before `start`, 1 after `end`, smooth between."""
    t = np.clip((x - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def _bump(x: F32, centre: float, half_width: float) -> F32:
    return 1 - _ramp(np.abs(x - centre), 0.5 * half_width, half_width)
