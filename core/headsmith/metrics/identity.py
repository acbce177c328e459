"""How alike two faces are to a face-recognition network."""

from __future__ import annotations

import numpy as np
from PIL import Image

from headsmith.asset.alignment import similarity
from headsmith.metrics.sface import find_sface, sface_feature
from headsmith.types import F32, U8

ALIGNED_PX = 112
# where the pupils, the tip of the nose and the corners of the mouth go: ArcFace's template (Deng et al. 2019)
TEMPLATE_PX = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
# the same five among MediaPipe's 478: the subject's right side first; eyes as the middle of their corners
EYES = ((33, 133), (362, 263))
NOSE, MOUTH_CORNERS = 4, (61, 291)


def identity_similarity(image_a: U8, points_a: F32, image_b: U8, points_b: F32) -> float | None:
    """Cosine -1..1 of two faces: pictures [H, W, 3] sRGB with MediaPipe's points [478, 2] in pixels.

    Above 0.363 SFace takes them for one person. None where the model is not installed.
    """
    model = find_sface()
    if model is None:
        return None
    features = [
        sface_feature(aligned_face(image, five_points(points)), model)
        for image, points in ((image_a, points_a), (image_b, points_b))
    ]
    return float(features[0] @ features[1])


def five_points(points_px: F32) -> F32:
    """[5, 2] right eye, left eye, tip of the nose, right and left corner of the mouth, from [478, 2]."""
    eyes = [points_px[list(corners)].mean(0) for corners in EYES]
    return np.array([*eyes, points_px[NOSE], *points_px[list(MOUTH_CORNERS)]])


def aligned_face(image: U8, five_px: F32) -> U8:
    """[112, 112, 3] the face turned and scaled so that its five points [5, 2] lie on the template."""
    picture, five_px = _shrunk(Image.fromarray(image), np.asarray(five_px, np.float64))
    # the template counts from the centre of the first pixel, landmarks and Pillow from its corner
    scale, R, b = similarity(five_px - 0.5, TEMPLATE_PX)
    back = R.T / scale
    shift = 0.5 - back @ (b + 0.5)
    coefficients = (back[0, 0], back[0, 1], shift[0], back[1, 0], back[1, 1], shift[1])
    size = (ALIGNED_PX, ALIGNED_PX)
    return np.asarray(picture.transform(size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR))


def _shrunk(picture: Image.Image, five_px: F32) -> tuple[Image.Image, F32]:
    """A large face at up to twice the template's size, so that the bilinear warp does not alias."""
    scale, *_ = similarity(five_px, TEMPLATE_PX)
    factor = int(0.5 / scale)
    if factor < 2:
        return picture, five_px
    return picture.reduce(factor), five_px / factor
