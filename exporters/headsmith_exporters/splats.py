"""What every splat format shares: its options, the limits of its reader, and the checks of what was read.

The frame is head space in all of them (metres, Y up, +Z out of the face); a format with axes of its own turns
splats on the way out and back on the way in, so that the same splats come from every reader.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from headsmith.asset.avatar import Avatar, Pose, Splats
from headsmith.asset.harmonics import BAND_SIZES
from headsmith.asset.posing import posed_splats
from headsmith.asset.quaternions import normalized
from headsmith.errors import InputError
from headsmith_exporters.registry import Encoded, Format

MAX_SPLATS = 10_000_000
MAX_FILE_BYTES = 2 << 30
"""checked before a file is read"""
MAX_SPLATS_PER_BYTE = 1
"""of a packed file; ours hold one in about eight bytes"""
_FREE_SPLATS = 65536
MAX_COORDINATE_M = 1e9
MAX_BAND = 1e6
"""of a colour's coefficients"""
MIN_SCALE_M = 1e-9
MAX_SCALE_M = float(np.exp(20.0))


@dataclass(frozen=True)
class SplatOptions:
    pose: Pose | None = None
    """the pose to freeze; the neutral rest pose where None"""


def splat_format(
    name: str,
    suffix: str,
    description: str,
    encode_splats: Callable[[Splats], bytes],
    decode: Callable[[bytes, str], Splats],
    recognises: Callable[[bytes], bool] | None = None,
) -> Format:
    """The `Format` of one file that holds splats and nothing else, with `SplatOptions`."""

    def encode_any(splats: Splats, options: Any) -> bytes:  # noqa: ARG001
        return encode_splats(splats)

    def encode(avatar: Avatar, stem: str, options: SplatOptions) -> Encoded:
        splats = splats_to_write(avatar, options)
        return Encoded({f"{stem}{suffix}": encode_splats(splats)}, splat_counts(splats))

    return Format(name, suffix, description, SplatOptions, encode, decode, encode_any, recognises)


def splats_to_write(avatar: Avatar, options: SplatOptions) -> Splats:
    """The avatar's splats in the pose that the options ask for."""
    return avatar.splats.splats if options.pose is None else posed_splats(avatar, options.pose)


def sh_degree(splats: Splats) -> int:
    return BAND_SIZES.index(splats.shN.shape[1])


def splat_counts(splats: Splats) -> dict[str, int]:
    """For `Encoded.counts`."""
    return {"splats": len(splats), "sh_degree": sh_degree(splats)}


def bad_splats(name: str, found: str, expected: str) -> InputError:
    """The error of a splat file that cannot be used."""
    return InputError(name, found=found, expected=expected, action="export the splats again")


def check_count(count: int, name: str) -> int:
    """`count` if that many splats may be read; to be called before anything of that size is allocated."""
    if not 0 <= count <= MAX_SPLATS:
        raise bad_splats(name, f"{count} splats announced", f"0 to {MAX_SPLATS}")
    return count


def check_expansion(count: int, file_bytes: int, name: str) -> None:
    """Raises InputError where a packed file of that size announces more splats than any data could mean."""
    if count > _FREE_SPLATS + MAX_SPLATS_PER_BYTE * file_bytes:
        raise bad_splats(name, f"{count} splats announced in {file_bytes} bytes", "a file of some bytes a splat")


def check_size(size: int, expected: int, name: str, what: str = "bytes of splats") -> None:
    """Raises InputError unless `size` bytes are there where the header announces `expected`."""
    if size != expected:
        raise bad_splats(name, f"{size} {what}", f"the {expected} that its header announces")


def checked_splats(splats: Splats, name: str) -> Splats:
    """Decoded splats, as float32 with unit quaternions and positive scales; every decoder ends with this.

    Raises InputError for another number of SH coefficients than 0, 3, 8 or 15, values that are not finite,
    coordinates, sizes and colours beyond any scene, opacities outside 0..1, and zero quaternions.
    """
    count = check_count(len(splats.means), name)
    if splats.shN.shape[1] not in BAND_SIZES:
        raise bad_splats(name, f"{splats.shN.shape[1]} coefficients of higher bands", "0, 3, 8 or 15")
    fields = {"positions": splats.means, "rotations": splats.quats, "scales": splats.scales,
              "opacities": splats.opacities, "colours": splats.sh0, "higher bands": splats.shN}  # fmt: skip
    for field, values in fields.items():
        if len(values) != count:
            raise bad_splats(name, f"{len(values)} {field}", f"{count}, one a splat")
        if not np.isfinite(values).all():
            raise bad_splats(name, f"a value in its {field} that is not a finite number", "finite numbers")
    if (np.abs(splats.means) > MAX_COORDINATE_M).any() or (splats.scales > MAX_SCALE_M).any():
        raise bad_splats(name, "a splat farther away or larger than any scene", "positions and sizes in metres")
    if max(np.abs(bands).max(initial=0) for bands in (splats.sh0, splats.shN)) > MAX_BAND:
        raise bad_splats(name, "a colour brighter than any light", f"coefficients of at most {MAX_BAND:g}")
    if (splats.scales < 0).any():
        raise bad_splats(name, "a negative size", "sizes of at least 0")
    if (splats.opacities < 0).any() or (splats.opacities > 1).any():
        raise bad_splats(name, "an opacity outside 0..1", "opacities of 0 to 1")
    quats = splats.quats.astype(np.float64)
    if not (np.linalg.norm(quats, axis=1) > 1e-12).all():
        raise bad_splats(name, "a splat without a rotation (a zero quaternion)", "quaternions")
    return replace(
        splats,
        means=splats.means.astype(np.float32),
        quats=normalized(quats).astype(np.float32),
        scales=np.maximum(splats.scales, MIN_SCALE_M).astype(np.float32),
        opacities=splats.opacities.astype(np.float32),
        sh0=splats.sh0.astype(np.float32),
        shN=splats.shN.astype(np.float32),
    )
