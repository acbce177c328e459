"""What can be said about a picture in which no face was found."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.ndimage import laplace

from headsmith.types import U8

DARK, BRIGHT = 45, 215
# standard deviation of the Laplacian, in grey levels, of the picture at 512 px
BLURRED = 3.0


def describe_picture(image: U8) -> str:
    """E.g. ` in 640 x 480 px, very dark (mean brightness 12 of 255)`; image [H, W, 3] sRGB."""
    height, width = image.shape[:2]
    small = Image.fromarray(image).convert("L")
    small.thumbnail((512, 512))
    grey = np.asarray(small, np.float32)
    mean = float(grey.mean())
    light = "very dark, " if mean < DARK else "very bright, " if mean > BRIGHT else ""
    blur = ", blurred" if float(laplace(grey).std()) < BLURRED else ""
    return f" in {width} x {height} px ({light}mean brightness {mean:.0f} of 255{blur})"
