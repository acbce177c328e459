"""The largest face of a picture: found at any size, then measured on close-ups."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from headsmith.errors import InputError
from headsmith.landmarks.describe import describe_picture
from headsmith.landmarks.mediapipe import Face, FaceFinder, face_finder
from headsmith.types import U8, Frame, Landmarks

MIN_FACE_PX = 80
MAX_ROLL_DEG = 60.0
# outer corners of the subject's eyes among MediaPipe's 478 points
RIGHT_EYE_CORNER, LEFT_EYE_CORNER = 33, 263
TILE_PX = 640
# the detector sees 128 x 128 px, so a face narrower than a seventh of its picture is missed
TILE_FRACTIONS = (0.6, 0.4, 0.25)
# one close-up alone moves by 0.3 % of the distance between the eyes with the crop; the mean of three by half of that
CLOSE_UP_SCALES = (1.8, 2.2, 2.7)
CLOSE_UP_PX = 512

Box = tuple[int, int, int, int]


def detect(image: U8) -> Landmarks | None:
    """The largest face of an sRGB image [H, W, 3], or None.

    `T_face` is as seen in a square close-up centred on the face. Deterministic.
    """
    with face_finder() as finder:
        faces = search_faces(finder, Image.fromarray(image))
        if not faces:
            return None
        face = _measure(finder, Image.fromarray(image), faces[0])
    return Landmarks(face.points[:, :2].copy(), face.points[:, 2].copy(), face.scores, face.T_face, len(faces))


def detect_in(frame: Frame) -> Landmarks:
    """The largest face of a photo; `faces_found` says how many there were.

    Raises InputError when there is no face, or the largest is narrower than 80 px or lies on its side.
    """
    found = detect(frame.image)
    if found is None:
        raise InputError(
            frame.source,
            found="no face" + describe_picture(frame.image),
            expected="one upright face that looks roughly towards the camera",
            action="give a photo in which both eyes can be seen",
        )
    width = float(np.ptp(found.points_px[:, 0]))
    if width < MIN_FACE_PX:
        raise InputError(
            frame.source,
            found=f"a face {width:.0f} px wide" + describe_picture(frame.image),
            expected=f"a face at least {MIN_FACE_PX} px wide",
            action="give a larger photo, or one taken from nearer",
        )
    roll = roll_deg(found)
    if abs(roll) > MAX_ROLL_DEG:
        raise InputError(
            frame.source,
            found=f"a face turned {'' if roll > 0 else 'anti-'}clockwise by {abs(roll):.0f} degrees",
            expected="an upright face",
            action="turn the photo upright",
        )
    return found


def roll_deg(landmarks: Landmarks) -> float:
    """How far the face is turned clockwise in the picture: the slope of the line through the outer corners of the
    eyes, in degrees."""
    right, left = landmarks.points_px[RIGHT_EYE_CORNER], landmarks.points_px[LEFT_EYE_CORNER]
    return float(np.degrees(np.arctan2(left[1] - right[1], left[0] - right[0])))


def search_faces(finder: FaceFinder, image: Image.Image) -> list[Face]:
    """All faces of the first round that has any: the whole picture, then a wider frame, then ever smaller tiles."""
    for boxes in _rounds(*image.size):
        faces = [face for box in boxes for face in faces_in(finder, image, box, TILE_PX)]
        if faces:
            return _distinct(faces)
    return []


def _rounds(width: int, height: int) -> list[list[Box]]:
    margin = max(width, height) // 3
    whole = (0, 0, width, height)
    # a face that fills the picture is found once there is room around it
    rounds = [[whole], [(-margin, -margin, width + margin, height + margin)]]
    return rounds + [_tiles(width, height, fraction) for fraction in TILE_FRACTIONS]


def _tiles(width: int, height: int, fraction: float) -> list[Box]:
    """Square tiles that overlap by at least half, from the middle outwards."""
    side = round(max(width, height) * fraction)

    def starts(length: int) -> list[int]:
        count = max(1, int(np.ceil((length - side) / (side / 2))) + 1)
        return [round(s) for s in np.linspace(0, length - side, count)] if count > 1 else [(length - side) // 2]

    boxes = [(x, y, x + side, y + side) for y in starts(height) for x in starts(width)]
    middle = np.array([width, height]) / 2
    return sorted(boxes, key=lambda box: float(np.hypot(*((np.array(box[:2]) + np.array(box[2:])) / 2 - middle))))


def faces_in(finder: FaceFinder, image: Image.Image, box: Box, side_px: int) -> list[Face]:
    """The faces inside `box` (which may reach beyond the image), in the image's pixels; looked at in `side_px`."""
    scale = side_px / max(box[2] - box[0], box[3] - box[1])
    size = (max(1, round((box[2] - box[0]) * scale)), max(1, round((box[3] - box[1]) * scale)))
    picture = image.crop(box).resize(size, Image.Resampling.BICUBIC)
    back = np.array([(box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1], 1 / scale], np.float32)
    corner = np.array([box[0], box[1], 0], np.float32)
    return [replace(face, points=face.points * back + corner) for face in finder.faces(np.asarray(picture))]


def _distinct(faces: list[Face]) -> list[Face]:
    """Widest first, without those whose centre lies inside a wider one."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.width_px):
        x, y = face.points[:, :2].mean(0)
        boxes = [other.box_px for other in kept]
        if not any(x0 < x < x1 and y0 < y < y1 for x0, y0, x1, y1 in boxes):
            kept.append(face)
    return kept


def _measure(finder: FaceFinder, image: Image.Image, face: Face) -> Face:
    """The face again, as the mean over close-ups of different width."""
    x0, y0, x1, y1 = face.box_px
    x, y, size = (x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, y1 - y0)
    views = []
    for scale in CLOSE_UP_SCALES:
        half = size * scale / 2
        box = (round(x - half), round(y - half), round(x + half), round(y + half))
        seen = faces_in(finder, image, box, CLOSE_UP_PX)
        near = [f for f in seen if np.hypot(*(f.points[:, :2].mean(0) - face.points[:, :2].mean(0))) < size / 4]
        views += near[:1]
    if not views:
        return face
    points = np.stack([view.points for view in views]).mean(0)
    scores = np.stack([view.scores for view in views]).mean(0)
    return Face(points, scores, views[len(views) // 2].T_face)
