"""U2-Netp, a small salient-object network (Qin et al. 2020, arXiv 2005.09007; Apache-2.0), through ONNX Runtime."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import numpy as np
import onnxruntime
from PIL import Image

from headsmith.types import F32, U8

INPUT_PX = 320
# ImageNet's statistics, as the network was trained with
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def saliency(image: U8) -> F32:
    """sRGB [H, W, 3] to [H, W] 0..1: how far each pixel belongs to what the picture shows."""
    height, width = image.shape[:2]
    small = np.asarray(Image.fromarray(image).resize((INPUT_PX, INPUT_PX), Image.Resampling.LANCZOS), np.float32)
    normal = (small / max(float(small.max()), 1.0) - MEAN) / DEVIATION
    session = _session()
    feed = {session.get_inputs()[0].name: normal.transpose(2, 0, 1)[None]}
    # the first output is the fusion of the six others
    mask = session.run([session.get_outputs()[0].name], feed)[0][0, 0]
    return np.asarray(Image.fromarray(mask).resize((width, height), Image.Resampling.BICUBIC)).clip(0, 1)


@lru_cache(maxsize=1)
def _session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # one thread: sums in a fixed order, the same mask on every run
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    content = files("headsmith.matting").joinpath("data/u2netp.onnx").read_bytes()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
