"""SPZ: splats in about a tenth of their size, versions 3 (gzip) and 4 (Zstandard).

Layout: https://github.com/nianticlabs/spz. Version 3 is the one that every viewer reads.

SPZ names its axes (x right, y up, z back) and PLY does not; programs that convert between the two take PLY for
x right, y down, z forward. Head space is Y up in either file, so splats are written turned by half a turn about X:
then PlayCanvas's programs read from the .spz the very numbers of the .ply. Viewers that convert nothing (three.js,
Spark, Babylon.js) show such a file upside down; `SpzOptions.y_up` writes head space as it is for them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from headsmith.asset.avatar import Avatar, Splats
from headsmith.asset.harmonics import BAND_SIZES, sh_bands
from headsmith_exporters.quantize import morton_order
from headsmith_exporters.registry import Encoded, Format
from headsmith_exporters.splats import SplatOptions, bad_splats, checked_splats, splat_counts, splats_to_write
from headsmith_exporters.spz_attributes import FINE, SMALL, choose_fractional_bits, pack, unpack
from headsmith_exporters.spz_files import MAGIC, SpzHeader, read_gzip, read_zstd, write_gzip, write_zstd

Version = Literal[3, 4]
GZIP_MAGIC = b"\x1f\x8b"
_HALF_TURN = np.array([1, -1, -1], np.float32)


@dataclass(frozen=True)
class SpzOptions(SplatOptions):
    y_up: bool = False
    """head space as it is, for viewers that take .ply and .spz alike; such a file is read back turned"""
    fine: bool = False
    """all that the format can hold, in a file that is half as large again"""


def encode_spz(splats: Splats, version: Version = 3, *, y_up: bool = False, fine: bool = False) -> bytes:
    """The whole file; splats are sorted along a curve, which makes it smaller.

    Raises InputError for positions beyond 8,000 km, and for version 4 where no Zstandard is installed.
    """
    placed = splats if y_up else half_turn_about_x(splats)
    order = morton_order(placed.means)
    placed = Splats(**{name: values[order] for name, values in vars(placed).items()})
    precision = FINE if fine else SMALL
    bits = choose_fractional_bits(placed.means, precision.fractional_bits)
    header = SpzHeader(version, len(splats), BAND_SIZES.index(splats.shN.shape[1]), bits)
    return (write_gzip if version == 3 else write_zstd)(header, pack(placed, bits, precision))


def decode_spz(data: bytes, name: str) -> Splats:
    """Splats from a file of version 3 or 4 without `y_up`; `name` is what error sentences call the file.

    Vendors' extensions are passed over. Raises InputError for anything else.
    """
    if data[:4] == MAGIC:
        header, streams = read_zstd(data, name)
    elif data[:2] == GZIP_MAGIC:
        header, streams = read_gzip(data, name)
    else:
        raise bad_splats(name, "neither gzip nor 'NGSP' at the start", "an .spz file of version 3 or 4")
    return checked_splats(half_turn_about_x(unpack(header, streams)), name)


def half_turn_about_x(splats: Splats) -> Splats:
    """The cloud turned by 180 degrees about X; its own inverse.

    The ellipsoids' axes keep their order, and each quaternion its largest component.
    """
    count = splats.shN.shape[1]
    anywhere = np.array([0.36, 0.48, 0.8])
    signs = np.sign(sh_bands(anywhere, count) * sh_bands(anywhere * _HALF_TURN, count)) if count else np.zeros(0)
    return replace(
        splats,
        means=splats.means * _HALF_TURN,
        quats=splats.quats * np.array([1, 1, -1, -1], np.float32),
        shN=splats.shN * signs.astype(np.float32)[:, None],
    )


def _format(version: Version, name: str, magic: bytes, description: str) -> Format:
    def encode_splats(splats: Splats, options: SpzOptions) -> bytes:
        return encode_spz(splats, version, y_up=options.y_up, fine=options.fine)

    def encode(avatar: Avatar, stem: str, options: SpzOptions) -> Encoded:
        splats = splats_to_write(avatar, options)
        return Encoded({f"{stem}.spz": encode_splats(splats, options)}, splat_counts(splats))

    def recognises(data: bytes) -> bool:
        return data.startswith(magic)

    return Format(name, ".spz", description, SpzOptions, encode, decode_spz, encode_splats, recognises)


FORMATS = (
    _format(3, "spz", GZIP_MAGIC, "Gaussian splats, small, for most splat viewers"),
    _format(4, "spz4", MAGIC, "Gaussian splats, small, SPZ's newest version (needs zstandard)"),
)
