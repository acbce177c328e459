"""Skin, hair and clothes of a person: colours learnt from the photo itself, and where each is to be expected."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import binary_dilation, gaussian_filter, grey_closing, label

from headsmith.head_model.shading import linear_to_srgb, srgb_to_linear
from headsmith.matting.colour import fit_mixture, to_lab
from headsmith.matting.face_frame import FACE_OVAL, FEATURES, FaceFrame, polygon
from headsmith.matting.guided import guided_filter
from headsmith.types import F32, U8, Bool, Landmarks

COMPONENTS = {"skin": 3, "hair": 4, "clothes": 5}
MIN_SAMPLES = 60
# Lab colours fill about this volume; it is the density of a colour that a model has never seen
LOG_UNSEEN = float(-np.log(8e5))
# how readily each part takes on colours it has not been seen in: a patterned shirt more than skin
UNSEEN_SHARE = {"skin": 0.002, "hair": 0.005, "clothes": 0.1}
FACE_BRIGHTNESS = 0.3
SHADOW, SHADOW_SHARE = 0.7, 0.15
# colours rarer than this share of the face's are not skin at first sight
RARE_SKIN = 0.15
# thickness of the shadow under the chin, in face heights
CHIN_SHADOW = 0.12
# neighbouring pixels are not independent samples: their evidence is tempered
TEMPER = 0.6
SMOOTHING_RADIUS = 0.03
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
    lab = to_lab(_well_lit(scene))
    prior = _prior(scene)
    inner = _inner_face(scene)
    lessons = _lessons(scene, prior, inner)
    at_sight = _first_guess(lab, lessons, inner)
    # hair and clothes never learn from what looked like skin, else a bald head's skin becomes "hair"
    lessons = {name: scene.person * lessons[name] * at_sight[name] for name in lessons}
    share = at_sight
    for _ in range(rounds):
        evidence = {name: _log_likelihood(lab, lessons[name] * share[name], name) for name in share}
        share = _normalised({name: np.log(prior[name]) + TEMPER * evidence[name] for name in share})
        share = _smooth(scene, share)
        share = _with_face(share, inner)
    return Parts(**_connected(scene, share, inner))


def _well_lit(scene: Scene) -> U8:
    """The picture with its face brought to a common brightness, so that one measure of colour serves all photos."""
    linear = srgb_to_linear(scene.image.astype(np.float32) / 255)
    face = linear[_inner_face(scene) > 0.5]
    gain = FACE_BRIGHTNESS / max(float(np.median(face.mean(1))), 1e-3) if len(face) else 1.0
    return (linear_to_srgb((linear * gain).clip(0, 1)) * 255 + 0.5).astype(np.uint8)


def _prior(scene: Scene) -> dict[str, F32]:
    """How likely each part is at each place, before any colour is seen."""
    place = scene.place
    across, below = np.abs(place.across) / place.half_width, place.below
    face = _face_mask(scene)
    skull = _from_skull(place)
    under_chin = _ramp(below, -0.05, 0.2)
    neck = _ramp(below, -0.5, -0.1) * (1 - _ramp(below, 0.25, 0.6)) * (1 - _ramp(across, 0.7, 1.05))
    ears = _bump(below, -0.5, 0.35) * _bump(across, 1.1, 0.35)
    brow = 0.3 * (1 - _ramp(across, 0.7, 1.1)) * (1 - _ramp(-below, 1.0, 1.3)) * (below < -0.6)
    shoulders = _ramp(below, -0.4, -0.1) * _ramp(across, 0.95, 1.3)
    skin = np.maximum.reduce([0.9 * face, 0.7 * neck, 0.45 * ears, brow, np.full_like(face, 0.02)])
    far = _ramp(skull, 1.1, 1.8) * _ramp(below, -0.6, 0.2)
    clothes = 0.003 + 0.9 * np.maximum.reduce([under_chin * (1 - 0.5 * neck), 0.6 * shoulders, far])
    hair = 0.01 + 0.9 * (1 - _ramp(skull, 1.0, 1.6)) * (1 - under_chin) + 0.12 * (1 - _ramp(below, 0.3, 0.9))
    hair *= (1 - 0.85 * neck) * (1 - 0.8 * face)
    total = skin + clothes + hair
    return {"skin": skin / total, "hair": hair / total, "clothes": clothes / total}


def _lessons(scene: Scene, prior: dict[str, F32], inner: F32) -> dict[str, F32]:
    """Where each part's colours may be learnt: places that belong to the others are left out."""
    below = scene.place.below
    face = _face_mask(scene)
    features = np.maximum.reduce([_mask(scene, np.array(feature)) for feature in FEATURES])
    skin = face * (1 - features)
    hair = (1 - inner) * (prior["hair"] > 0.4) * (below < -0.4)
    clothes = (1 - face) * (below > 0.25) * (prior["clothes"] > 0.4)
    return {"skin": skin, "hair": hair.astype(np.float32), "clothes": clothes.astype(np.float32)}


def _first_guess(lab: F32, lessons: dict[str, F32], inner: F32) -> dict[str, F32]:
    """Everything that may be a part is taken for it, but that skin has the colours of the middle of the face."""
    sure = lessons["skin"] * inner > 0.5
    if sure.sum() < MIN_SAMPLES:
        return {name: np.ones_like(lesson) for name, lesson in lessons.items()}
    mixture = fit_mixture(lab[sure], lessons["skin"][sure], COMPONENTS["skin"])
    fit = mixture.log_density(lab)
    other = (fit < np.quantile(fit[sure], RARE_SKIN)).astype(np.float32)
    return {"skin": 1 - other, "hair": other, "clothes": other}


def _log_likelihood(lab: F32, weight: F32, name: str) -> F32:
    """[H, W] how well each pixel's colour fits those of the part, learnt under `weight` [H, W]."""
    sure = weight > 0.5
    unseen = np.log(UNSEEN_SHARE[name]) + LOG_UNSEEN
    if sure.sum() < MIN_SAMPLES:
        return np.full(weight.shape, unseen, np.float32)
    mixture = fit_mixture(lab[sure], weight[sure], COMPONENTS[name])
    density = mixture.log_density(lab)
    if name == "skin":
        # the neck lies in the chin's shadow, which keeps the hue of skin
        shaded = replace(mixture, means=mixture.means * SHADOW)
        density = np.maximum(density, shaded.log_density(lab) + np.log(SHADOW_SHARE))
    return np.logaddexp(density + np.log(1 - UNSEEN_SHARE[name]), unseen).astype(np.float32)


def _normalised(logs: dict[str, F32]) -> dict[str, F32]:
    top = np.maximum.reduce(list(logs.values()))
    shares = {name: np.exp(log - top) for name, log in logs.items()}
    total = np.add.reduce(list(shares.values()))
    return {name: (share / total).astype(np.float32) for name, share in shares.items()}


def _smooth(scene: Scene, share: dict[str, F32]) -> dict[str, F32]:
    guide = scene.image.astype(np.float32) / 255
    radius = max(1, round(SMOOTHING_RADIUS * scene.place.height_px))
    stacked = guided_filter(guide, np.stack(list(share.values()), -1), radius, SMOOTHING_EPSILON).clip(1e-4, 1)
    stacked /= stacked.sum(-1, keepdims=True)
    return {name: stacked[..., i] for i, name in enumerate(share)}


def _with_face(share: dict[str, F32], inner: F32) -> dict[str, F32]:
    """Brows, eyes, lips, beard and glasses inside the face belong to its skin."""
    outside = 1 - inner
    return {name: s * outside + (inner if name == "skin" else 0) for name, s in share.items()}


def _connected(scene: Scene, share: dict[str, F32], inner: F32) -> dict[str, F32]:
    """Skin that hangs together with the face, hair that reaches up to the head; the rest counts as clothes, but for
    what lies around the chin (a beard, its shadow)."""
    person, place = scene.person, scene.place
    skin = share["skin"] * _reach((share["skin"] * person > 0.4) | (inner > 0.5), inner > 0.5)
    above = place.below < -0.5
    hair = share["hair"] * np.maximum(_reach((share["hair"] * person > 0.3) & (share["skin"] < 0.5), above), above)
    # the face's outline with its beard and the rim of the jaw
    skin = np.maximum(skin, _scaled_face(scene, 1.06) * (1 - hair) * (place.below > -0.5))
    lost = (1 - skin - hair - share["clothes"]).clip(0, 1)
    low = np.maximum(_ramp(place.below, -0.5, -0.4), _ramp(_from_skull(place), 1.2, 1.5))
    hair = hair + lost * (1 - low)
    # the chin's deep shadow must not part the neck from the face
    gap = grey_closing(skin + hair, 2 * round(CHIN_SHADOW / 2 * place.height_px) + 1) - skin - hair
    skin = skin + gap.clip(0, 1) * (np.abs(place.across) < place.half_width)
    return {"skin": skin, "hair": hair, "clothes": (1 - skin - hair).clip(0, 1)}


def _from_skull(place: FaceFrame) -> F32:
    """[H, W] distance from the middle of the head; 1 on an ellipse around skull, ears and hair."""
    return np.hypot(place.across / 0.75, (place.below + 0.65) / 0.95)


def _reach(area: Bool, seed: Bool) -> F32:
    """[H, W] 1 around the connected pieces of `area` that touch `seed`, falling to 0 within three pixels."""
    groups, _ = label(area)
    own = np.unique(groups[seed & area])
    return gaussian_filter(binary_dilation(area & np.isin(groups, own), iterations=2).astype(np.float32), 1.0)


def _mask(scene: Scene, rows: np.ndarray) -> F32:
    height, width = scene.person.shape
    return polygon(scene.landmarks.points_px[rows], (width, height))


def _face_mask(scene: Scene) -> F32:
    return _scaled_face(scene, 1.0)


def _inner_face(scene: Scene) -> F32:
    """The part of the face that hair does not fall over: from the brows down, a little inside the outline."""
    return _scaled_face(scene, 0.88) * _ramp(scene.place.below, -0.8, -0.74)


def _scaled_face(scene: Scene, scale: float) -> F32:
    """[H, W] the face's outline, grown or shrunk around its middle."""
    points = scene.landmarks.points_px[np.array(FACE_OVAL)]
    middle = points.mean(0)
    height, width = scene.person.shape
    return polygon(middle + scale * (points - middle), (width, height))


def _ramp(x: F32, start: float, end: float) -> F32:
    """0 before `start`, 1 after `end`, smooth between."""
    t = np.clip((x - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def _bump(x: F32, centre: float, half_width: float) -> F32:
    return 1 - _ramp(np.abs(x - centre), 0.5 * half_width, half_width)
