"""Reading splats from a GLB with `KHR_gaussian_splatting`: ours, and those of other writers."""

from __future__ import annotations

from typing import Any

import numpy as np

from headsmith.asset.avatar import Splats
from headsmith.asset.harmonics import BAND_SIZES
from headsmith.types import F32
from headsmith_exporters.gltf_reader import Glb, read_accessor, read_glb
from headsmith_exporters.splats import MAX_SPLATS, bad_splats, checked_splats

EXTENSION = "KHR_gaussian_splatting"
SUPPORTED = {
    "kernel": "ellipse",
    "colorSpace": "srgb_rec709_display",
    "sortingMethod": "cameraDistance",
    "projection": "perspective",
}
SH_ATTRIBUTES = tuple(f"{EXTENSION}:SH_DEGREE_{degree}_COEF_{k}" for degree in range(4) for k in range(2 * degree + 1))
_REQUIRED = ("kernel", "colorSpace")
_HARMLESS = {EXTENSION, "KHR_mesh_quantization"}
_LEAST_BYTES_A_SPLAT = 23
"""position, rotation, scale and opacity in bytes, one colour in floats"""
_PLACED_BY = ("matrix", "translation", "rotation", "scale")


def decode_khr(data: bytes, name: str) -> Splats:
    """The splats of every such primitive in the file; `name` is what error sentences call the file.

    Raises InputError for a file without such splats, one that needs an extension that is not read here (compression),
    other kernels or colour spaces, nodes that are turned or moved, and anything that points outside the file.
    """
    glb = read_glb(data, name)
    needed = set(glb.strings("extensionsRequired")) - _HARMLESS
    if needed:
        raise bad_splats(name, f"the required extension '{min(needed)[:60]}'", f"uncompressed {EXTENSION}")
    if any(key in node for node in glb.objects("nodes") for key in _PLACED_BY):
        raise bad_splats(name, "a node that is moved or turned", "splats where they stand")
    parts: list[dict[str, F32]] = []
    # primitives may share data, and a small file could announce any number of them
    most, count = min(MAX_SPLATS, len(glb.binary) // _LEAST_BYTES_A_SPLAT), 0
    for mesh in glb.objects("meshes"):
        for primitive in glb.objects("primitives", mesh):
            extension = glb.object("extensions", primitive).get(EXTENSION)
            if extension is not None:
                _check_extension(primitive, extension, name)
                parts.append(_read_primitive(glb, primitive, most - count))
                count += len(parts[-1]["means"])
    if not parts:
        raise bad_splats(name, f"no mesh with {EXTENSION}", "a GLB of splats")
    return checked_splats(_joined(parts), name)


def _check_extension(primitive: dict[str, Any], extension: Any, name: str) -> None:
    if primitive.get("mode") != 0:
        raise bad_splats(name, "splats that are not points", "primitives of mode 0")
    for key, supported in SUPPORTED.items():
        value = extension.get(key, None if key in _REQUIRED else supported) if isinstance(extension, dict) else None
        if value != supported:
            raise bad_splats(name, f"{EXTENSION} with {key} '{str(value)[:40]}'", f"'{supported}'")


def _read_primitive(glb: Glb, primitive: dict[str, Any], most: int) -> dict[str, F32]:
    attributes = glb.object("attributes", primitive)

    def read(attribute: str, width: int) -> F32:
        values = read_accessor(glb, attributes.get(attribute), width, most)
        if attribute != "POSITION" and len(values) != count:
            raise bad_splats(glb.name, f"{len(values)} values of {attribute} for {count} splats", "one a splat")
        return values

    count = 0
    means = read("POSITION", 3)
    count = len(means)
    bands = 0
    while bands < len(SH_ATTRIBUTES) and SH_ATTRIBUTES[bands] in attributes:
        bands += 1
    if bands - 1 not in BAND_SIZES:
        raise bad_splats(glb.name, f"{bands} coefficients of colour", "1, 4, 9 or 16")
    return {
        "means": means,
        "quats": read(f"{EXTENSION}:ROTATION", 4)[:, [3, 0, 1, 2]],
        "scales": read(f"{EXTENSION}:SCALE", 3),
        "opacities": read(f"{EXTENSION}:OPACITY", 1)[:, 0],
        "bands": np.stack([read(attribute, 3) for attribute in SH_ATTRIBUTES[:bands]], axis=1),
    }


def _joined(parts: list[dict[str, F32]]) -> Splats:
    """All primitives' splats; where they differ in SH degree, the missing bands are black."""
    most = max(part["bands"].shape[1] for part in parts)
    for part in parts:
        part["bands"] = np.pad(part["bands"], ((0, 0), (0, most - part["bands"].shape[1]), (0, 0)))
    whole = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    bands = whole.pop("bands")
    return Splats(sh0=bands[:, :1], shN=bands[:, 1:], **whole)
