""".splat: 32 bytes a splat without a header, the most important first, for the oldest and simplest web viewers.

Layout of https://github.com/antimatter15/splat: position and size as float32, colour (sRGB of band 0) and opacity
as RGBA bytes, and the quaternion wxyz as bytes, 128 for 0. Colours outside 0..1 are clipped; higher bands are lost.
"""

from __future__ import annotations

import numpy as np

from headsmith.asset.avatar import Splats
from headsmith.asset.harmonics import SH_C0
from headsmith.asset.quaternions import normalized
from headsmith_exporters.quantize import as_bytes
from headsmith_exporters.splats import bad_splats, check_count, checked_splats, splat_format

RECORD = np.dtype([("mean", "<f4", 3), ("scale", "<f4", 3), ("rgba", "u1", 4), ("quat", "u1", 4)])


def encode_splat(splats: Splats) -> bytes:
    """The whole file; splats that are large and opaque come first, so that viewers may show what has arrived."""
    order = np.argsort(-splats.scales.astype(np.float64).prod(1) * splats.opacities, kind="stable")
    colors = 0.5 + SH_C0 * splats.sh0[:, 0].astype(np.float64)
    records = np.zeros(len(splats), RECORD)
    records["mean"], records["scale"] = splats.means, splats.scales
    records["rgba"] = np.concatenate([as_bytes(colors), as_bytes(splats.opacities)[:, None]], 1)
    records["quat"] = _quat_bytes(normalized(splats.quats.astype(np.float64)))
    return records[order].tobytes()


def _quat_bytes(quats: np.ndarray) -> np.ndarray:
    # 256 would be one too many for a byte: of the two signs of a rotation, the one that has no component near +1
    largest = np.take_along_axis(quats, np.argmax(np.abs(quats), 1)[:, None], 1)
    return np.clip(np.rint(128 - 128 * np.sign(largest) * quats), 0, 255).astype(np.uint8)


def decode_splat(data: bytes, name: str) -> Splats:
    """Splats from a file's bytes, in the file's order. Raises InputError."""
    count = check_count(len(data) // RECORD.itemsize, name)
    if count == 0 or len(data) % RECORD.itemsize:
        raise bad_splats(name, f"{len(data)} bytes", f"a multiple of {RECORD.itemsize}")
    records = np.frombuffer(data, RECORD)
    rgba = records["rgba"].astype(np.float64) / 255
    splats = Splats(
        means=records["mean"],
        quats=(records["quat"].astype(np.float64) - 128) / 128,
        scales=records["scale"],
        opacities=rgba[:, 3],
        sh0=((rgba[:, :3] - 0.5) / SH_C0)[:, None],
        shN=np.zeros((count, 0, 3), np.float32),
    )
    return checked_splats(splats, name)


FORMATS = (
    splat_format(
        "splat", ".splat", "Gaussian splats for simple web viewers, 32 bytes each", encode_splat, decode_splat
    ),
)
