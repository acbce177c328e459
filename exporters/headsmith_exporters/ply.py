"""PLY: the splats alone, as standard 3DGS (https://repo-sam.inria.fr/fungraph/3d-gaussian-splatting/)."""

from __future__ import annotations

from headsmith.asset.ply import decode_ply, encode_ply
from headsmith_exporters.splats import splat_format

FORMATS = (splat_format("ply", ".ply", "Gaussian splats, exact, for any splat viewer", encode_ply, decode_ply),)
