"""The masks of one frame: networks say where the person is, the photo's edges and colours say where exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image
from scipy.ndimage import binary_fill_holes, gaussian_filter, label, maximum_filter, minimum_filter

from headsmith.matting.closed_form import solve_alpha
from headsmith.matting.face_frame import CHIN, FOREHEAD, face_frame
from headsmith.matting.params import MatteParams
from headsmith.matting.parts import Parts, Scene, divide
from headsmith.matting.selfie import MULTICLASS, selfie_classes, selfie_person
from headsmith.matting.u2net import saliency
from headsmith.types import F32, U8, Frame, Landmarks, Mattes

Box = tuple[int, int, int, int]

SURE = 0.95
# an alpha channel tells the person from the background when it has a fair share of both
MIN_CLEAR_SHARE = 0.02


def matte(frame: Frame, landmarks: Landmarks, params: MatteParams | None = None) -> Mattes:
    """Soft masks of the person whose face the landmarks mark, at the photo's resolution; zero far from the head.

    Raises InputError when `params.selfie_multiclass` cannot be used.
    """
    params = params or MatteParams()
    box = _box_around(landmarks, frame, params.margin)
    image, near, opacity = _window(frame, landmarks, box, params.max_px)
    place = face_frame(near, (image.shape[1], image.shape[0]))
    classes = selfie_classes(image, params.selfie_multiclass) if params.selfie_multiclass else None
    alpha = _informative(opacity) if opacity is not None else None
    if alpha is None:
        guess = _person_guess(image) if classes is None else 1 - classes[0]
        alpha = _refined(image, guess, round(params.edge_band * place.height_px), place.below < -0.2)
    scene = Scene(image, alpha, near, place)
    parts = divide(scene, params.colour_rounds) if classes is None else _parts_of(classes)
    masks = _masks(scene, parts, params)
    return Mattes(*(_pasted(mask, frame, box) for mask in masks))


def _window(frame: Frame, landmarks: Landmarks, box: Box, max_px: int) -> tuple[U8, Landmarks, F32 | None]:
    """The picture, the landmarks and the alpha channel inside the box, the longer side at most `max_px`."""
    size = np.array([box[2] - box[0], box[3] - box[1]])
    scale = min(1.0, max_px / float(size.max()))
    small = (round(float(size[0]) * scale), round(float(size[1]) * scale))
    picture = Image.fromarray(frame.image).resize(small, Image.Resampling.LANCZOS, box=box)
    points = (landmarks.points_px - np.array(box[:2], np.float32)) * np.float32(scale)
    opacity = None
    if frame.alpha is not None:
        opacity = np.asarray(Image.fromarray(frame.alpha).resize(small, Image.Resampling.BILINEAR, box=box))
    return np.array(picture), replace(landmarks, points_px=points), opacity


def _box_around(landmarks: Landmarks, frame: Frame, margin: float) -> Box:
    """left, top, right, bottom: the face with `margin` face heights of room, clipped to the picture."""
    (x0, y0), (x1, y1) = landmarks.points_px.min(0), landmarks.points_px.max(0)
    room = margin * float(np.linalg.norm(landmarks.points_px[CHIN] - landmarks.points_px[FOREHEAD]))
    height, width = frame.image.shape[:2]
    return (
        max(0, int(x0 - room)),
        max(0, int(y0 - room)),
        min(width, int(x1 + room) + 1),
        min(height, int(y1 + room) + 1),
    )


def _informative(alpha: F32) -> F32 | None:
    clear = float((alpha < 0.5).mean())
    return alpha if MIN_CLEAR_SHARE < clear < 1 - MIN_CLEAR_SHARE else None


def _person_guess(image: U8) -> F32:
    """Two networks of different training agree on people; what only one sees (a sofa, a passer-by) becomes doubtful."""
    return 0.5 * (saliency(image) + selfie_person(image))


def _refined(image: U8, guess: F32, band_px: int, above: np.ndarray) -> F32:
    """The guess with the pixels along its outline, and those in doubt, solved from the photo's colours.

    `above` [H, W]: where the head is, whose hair needs twice the band.
    """
    guess = _largest(guess)
    band = max(2, band_px)

    def unsure(radius: int) -> np.ndarray:
        size = 2 * radius + 1
        return (minimum_filter(guess, size) < SURE) & (maximum_filter(guess, size) > 1 - SURE)

    unknown = np.where(above, unsure(band), unsure(max(1, band // 2)))
    known = np.where(unknown, guess, (guess > 0.5).astype(np.float32))
    return solve_alpha(image.astype(np.float32) / 255, known, unknown)


def _largest(guess: F32) -> F32:
    """The guess without holes and without islands."""
    groups, count = label(guess > 0.5)
    if count == 0:
        return guess
    sizes = np.bincount(groups.ravel())[1:]
    main = groups == 1 + int(sizes.argmax())
    islands = (groups > 0) & ~main
    holes = binary_fill_holes(main) & ~main
    return np.where(islands, 0, np.where(holes, np.maximum(guess, 0.5), guess)).astype(np.float32)


def _parts_of(classes: F32) -> Parts:
    """The six classes as three parts; glasses, hats and the like go with the hair."""
    share = {name: classes[i] for i, name in enumerate(MULTICLASS)}
    skin = share["face_skin"] + share["body_skin"]
    total = np.maximum(skin + share["hair"] + share["others"] + share["clothes"], 1e-3)
    return Parts(skin / total, (share["hair"] + share["others"]) / total, share["clothes"] / total)


def _masks(scene: Scene, parts: Parts, params: MatteParams) -> tuple[F32, F32, F32, F32]:
    """person, head, hair, skin."""
    start, end = params.neck_length - 0.12, params.neck_length
    cut = 1 - np.clip((scene.place.below - start) / (end - start), 0, 1)
    head = scene.person * (1 - parts.clothes) * gaussian_filter(cut, 1)
    skin = head * parts.skin / np.maximum(parts.skin + parts.hair, 1e-4)
    return scene.person, head, head - skin, skin


def _pasted(mask: F32, frame: Frame, box: Box) -> F32:
    size = (box[2] - box[0], box[3] - box[1])
    full = np.zeros(frame.image.shape[:2], np.float32)
    picture = Image.fromarray(np.ascontiguousarray(mask, np.float32)).resize(size, Image.Resampling.BILINEAR)
    full[box[1] : box[3], box[0] : box[2]] = np.asarray(picture).clip(0, 1)
    return full
