"""Pictures -> a video file that browsers and players show.

VP9 in MP4: the encoder (libvpx, BSD) and the format are free of charge, which x264's licence and H.264's patents are
not; every current browser plays it.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np

from headsmith.errors import InputError
from headsmith.types import U8

ENCODER = "libvpx-vp9"
# constant quality 0 (best) to 63; speed 0 (slow) to 8
OPTIONS = {"crf": "18", "b": "0", "deadline": "realtime", "cpu-used": "6", "row-mt": "1", "g": "60"}
SMALLEST_RATE_STEP = 1001 * 1000
MATRIX_BT709, RANGE_LIMITED, RANGE_FULL = 1, 1, 2


def write_clip(path: Path, frames: Iterable[U8], fps: float) -> None:
    """Writes sRGB pictures [H, W, 3], all of one size, as MP4 (VP9, 4:2:0, BT.709); an odd last row or column is
    repeated, so that the sides are even. Raises InputError where `path` cannot be written."""
    pictures = iter(frames)
    first = next(pictures, None)
    if first is None:
        raise ValueError("a clip needs at least one picture")
    try:
        # before the encoder starts, which says less about it
        path.open("wb").close()
    except OSError as error:
        raise InputError(path, found=f"a place that cannot be written ({error.strerror})",
                         expected="a writable folder", action="choose another output") from error  # fmt: skip
    with av.open(str(path), "w", format="mp4") as container:
        stream: Any = container.add_stream(ENCODER, rate=Fraction(fps).limit_denominator(SMALLEST_RATE_STEP),
                                      options=OPTIONS)  # fmt: skip
        height, width = (side + side % 2 for side in first.shape[:2])
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.colorspace, stream.codec_context.color_range = MATRIX_BT709, RANGE_LIMITED
        stream.codec_context.thread_type = "AUTO"
        for picture in chain([first], pictures):
            container.mux(stream.encode(_coded(picture)))
        container.mux(stream.encode(None))


def _coded(picture: U8) -> av.VideoFrame:
    height, width = picture.shape[:2]
    even = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
    return frame.reformat(format="yuv420p", dst_colorspace=MATRIX_BT709, src_color_range=RANGE_FULL,
                          dst_color_range=RANGE_LIMITED)  # fmt: skip
