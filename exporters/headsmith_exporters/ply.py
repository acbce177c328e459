"""PLY: the splats alone, as standard 3DGS (https://repo-sam.inria.fr/fungraph/3d-gaussian-splatting/)."""

from __future__ import annotations

from headsmith.asset.avatar import Splats
from headsmith.asset.ply import decode_ply, encode_ply
from headsmith_exporters.splats import checked_splats, splat_format


def decode_checked_ply(data: bytes, name: str) -> Splats:
    """The values exactly as the file has them, after the checks that all splat formats share. Raises InputError."""
    splats = decode_ply(data, name)
    checked_splats(splats, name)
    return splats


FORMATS = (splat_format("ply", ".ply", "Gaussian splats, exact, for any splat viewer", encode_ply, decode_checked_ply),)
