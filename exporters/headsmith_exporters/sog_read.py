"""Reading .sog files: from the images that `headsmith_exporters.sog_container` unpacks to splats."""

from __future__ import annotations

import numpy as np

from headsmith.asset.avatar import Splats
from headsmith.asset.harmonics import BAND_SIZES
from headsmith.asset.node import Node, parse_json
from headsmith.types import F32, U8
from headsmith_exporters.codebooks import ENTRIES
from headsmith_exporters.quantize import from_smallest_three
from headsmith_exporters.sog_container import MAX_META_BYTES, META, Members, open_sog, read_image
from headsmith_exporters.splats import MAX_COORDINATE_M, MAX_SPLATS, bad_splats, check_expansion, checked_splats

MODE_BYTE = 252
"""the alpha of a rotation whose first component is the largest"""
CENTROIDS_A_ROW = 64
_MAX_LOG = float(np.log1p(MAX_COORDINATE_M))
_MAX_LOG_SCALE = 20.0
_MAX_PALETTE = 65536


def decode_sog(data: bytes, name: str) -> Splats:
    """Splats from a file's bytes, in the file's order. Raises InputError."""
    members = open_sog(data, name)
    meta = parse_json(members.read(META, MAX_META_BYTES), f"{name}: {META}")
    version = meta.fields().get("version")
    if version is None or version.value != 2 or isinstance(version.value, bool):
        raise bad_splats(name, "another version of the format", "version 2")
    count = meta["count"].integer(0, MAX_SPLATS)
    check_expansion(count, len(data), name)

    sh0 = _image(members, meta["sh0"], 0, count)
    scales = _image(members, meta["scales"], 0, count)
    splats = Splats(
        means=_means(members, meta["means"], count),
        quats=_quats(_image(members, meta["quats"], 0, count), name),
        scales=np.exp(_looked_up(meta["scales"], scales[:, :3], _MAX_LOG_SCALE)),
        opacities=sh0[:, 3].astype(np.float32) / 255,
        sh0=_looked_up(meta["sh0"], sh0[:, :3])[:, None],
        shN=_higher_bands(members, meta["shN"], count)
        if "shN" in meta.fields()
        else np.zeros((count, 0, 3), np.float32),
    )
    return checked_splats(splats, name)


def _image(members: Members, node: Node, row: int, pixels: int, size_px: tuple[int, int] | None = None) -> U8:
    """The first pixels [pixels, 4] of the image that `node` lists in that row."""
    files = node["files"].items()
    if row >= len(files):
        raise bad_splats(node.subject, f"{len(files)} files for {node.place}", f"{row + 1}")
    return read_image(members, files[row].text(), pixels, size_px)


def _means(members: Members, node: Node, count: int) -> F32:
    low, high = (np.array([side.number(-_MAX_LOG, _MAX_LOG) for side in _three(node[key])]) for key in ("mins", "maxs"))
    levels = _image(members, node, 0, count)[:, :3] + 256.0 * _image(members, node, 1, count)[:, :3]
    logs = low + (high - low) * (levels / 65535)
    return (np.sign(logs) * np.expm1(np.abs(logs))).astype(np.float32)


def _three(node: Node) -> list[Node]:
    sides = node.items()
    if len(sides) != 3:
        raise bad_splats(node.subject, f"{len(sides)} values as '{node.place}'", "3")
    return sides


def _quats(pixels: U8, name: str) -> F32:
    if (pixels[:, 3] < MODE_BYTE).any():
        raise bad_splats(name, "a rotation that does not say which component is the largest", f"{MODE_BYTE} to 255")
    others = (pixels[:, :3] / 255.0 - 0.5) * np.sqrt(2)
    return from_smallest_three(pixels[:, 3] - MODE_BYTE, others).astype(np.float32)


def _looked_up(node: Node, rows: U8, high: float = 3e38) -> F32:
    """The codebook's entries; a file may have fewer than 256, if it uses no other."""
    listed = node["codebook"].items()[: ENTRIES + 1]
    entries = np.array([entry.number(-3e38, high) for entry in listed], np.float32)
    if not 1 <= len(entries) <= ENTRIES or rows.max(initial=0) >= len(entries):
        raise bad_splats(node.subject, f"a codebook of {len(entries)} entries for {node.place}", f"{ENTRIES} entries")
    return entries[rows]


def _higher_bands(members: Members, node: Node, count: int) -> F32:
    """[N, K, 3]"""
    coefficients = BAND_SIZES[node["bands"].integer(0, 3)]
    size = node["count"].integer(0 if coefficients == 0 or count == 0 else 1, _MAX_PALETTE)
    if coefficients == 0 or count == 0:
        return np.zeros((count, coefficients, 3), np.float32)
    width, height = CENTROIDS_A_ROW * coefficients, -(-size // CENTROIDS_A_ROW)
    centroids = _image(members, node, 0, size * coefficients, (width, height))
    labels = _image(members, node, 1, count)
    rows = labels[:, 0] + 256 * labels[:, 1].astype(np.int64)
    if (rows >= size).any():
        raise bad_splats(node.subject, f"a label beyond the {size} sets of {node.place}", f"labels below {size}")
    return _looked_up(node, centroids[:, :3]).reshape(size, coefficients, 3)[rows]
