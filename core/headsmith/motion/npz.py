"""A motion as one .npz file: the arrays of a bundle's motions/NAME.npz, and `about` (docs/format.md)."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np

from headsmith.asset.arrays import Layout, decode_npz, decoding, encode_npz
from headsmith.asset.avatar import Motion
from headsmith.asset.node import Node, parse_json
from headsmith.motion.problem import about_a_motion, unusable

FORMAT = "headsmith-motion"
FORMAT_VERSION = 1
MAX_RATIO = 200
_SMALL_BYTES = 64 << 20
_LAYOUT: Layout = {
    "about": (("|u1",), ("A",)),
    "weights": (("<f4",), ("T", "K")),
    "joint_rotations_wxyz": (("<f4",), ("T", "J", 4)),
    "head_translation_m": (("<f4",), ("T", 3)),
}


def encode_motion_npz(motion: Motion) -> bytes:
    """Equal motions give equal bytes."""
    about = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "fps": float(motion.fps),
        "blendshapes": list(motion.blendshape_names),
        "joints": list(motion.joint_names),
        "source": motion.source,
    }
    arrays = {name: getattr(motion, name).astype(np.float32) for name in _LAYOUT if name != "about"}
    text = json.dumps(about, sort_keys=True, allow_nan=False).encode("ascii")
    return encode_npz({"about": np.frombuffer(text, np.uint8), **arrays})


def decode_motion_npz(data: bytes, name: str) -> Motion:
    """What `encode_motion_npz` wrote. Nothing is unpickled. Raises InputError about the file `name`."""
    with about_a_motion():
        _check_size(data, name)
        arrays = decode_npz(data, name, _LAYOUT, {})
        about = parse_json(arrays["about"].tobytes(), f"{name}: about")
        _check_version(about)
        return Motion(
            fps=about["fps"].number(1e-3, 1e6),
            blendshape_names=about["blendshapes"].names(),
            weights=arrays["weights"],
            joint_names=about["joints"].names(),
            joint_rotations_wxyz=arrays["joint_rotations_wxyz"],
            head_translation_m=arrays["head_translation_m"],
            source=about["source"].text(),
        )


def _check_size(data: bytes, name: str) -> None:
    """Raises InputError for a small file that would unpack to a large one."""
    with decoding(name, "an .npz archive"), zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(info.file_size for info in archive.infolist())
    if size > max(_SMALL_BYTES, MAX_RATIO * len(data)):
        raise unusable(name, f"{len(data)} bytes that unpack to {size}", f"at most {MAX_RATIO} times as many")


def _check_version(about: Node) -> None:
    if about["format"].text() != FORMAT:
        raise unusable(about.subject, "another kind of .npz file", f"the format '{FORMAT}'")
    version = about["format_version"].integer(1, 1 << 30)
    if version > FORMAT_VERSION:
        raise unusable(about.subject, f"format version {version}", f"at most {FORMAT_VERSION}",
                       "upgrade headsmith to read it")  # fmt: skip
