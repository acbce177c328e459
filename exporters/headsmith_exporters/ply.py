"""PLY: the splats alone, as standard 3DGS (https://repo-sam.inria.fr/fungraph/3d-gaussian-splatting/)."""

from __future__ import annotations

from dataclasses import dataclass

from headsmith.asset.avatar import Avatar, Pose
from headsmith.asset.ply import encode_ply
from headsmith.asset.posing import posed_splats
from headsmith_exporters.registry import Encoded, Format

SH_DEGREES = {0: 0, 3: 1, 8: 2, 15: 3}


@dataclass(frozen=True)
class PlyOptions:
    pose: Pose | None = None
    """the pose to freeze; the neutral rest pose where None"""


def encode(avatar: Avatar, stem: str, options: PlyOptions) -> Encoded:
    """One .ply file of the splats in `options.pose`, in head space (metres, Y up, +Z out of the face)."""
    splats = avatar.splats.splats if options.pose is None else posed_splats(avatar, options.pose)
    counts = {"splats": len(splats), "sh_degree": SH_DEGREES[splats.shN.shape[1]]}
    return Encoded({f"{stem}.ply": encode_ply(splats)}, counts)


FORMATS = (Format("ply", ".ply", "Gaussian splats, for any splat viewer", PlyOptions, encode),)
