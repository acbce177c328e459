"""Splats as glTF's own: a GLB with `KHR_gaussian_splatting`, in head space, which is glTF's space.

Specification: https://github.com/KhronosGroup/glTF/tree/main/extensions/2.0/Khronos/KHR_gaussian_splatting.
The file stands beside the face's GLB and never in it: engines that do not know the extension refuse or drop what
they load. An avatar's file also carries the binding, so that the face's GLB drives the splats (docs/binding.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from headsmith.asset.avatar import Avatar, Splats
from headsmith.asset.harmonics import SH_C0
from headsmith.errors import InputError
from headsmith.types import F32
from headsmith_exporters.glb import asset_properties
from headsmith_exporters.gltf_document import ARRAY_BUFFER, Document
from headsmith_exporters.khr_reader import EXTENSION, SH_ATTRIBUTES, SUPPORTED, decode_khr
from headsmith_exporters.quantize import to_levels
from headsmith_exporters.registry import Encoded, Format
from headsmith_exporters.splat_binding import add_binding, by_mesh
from headsmith_exporters.splats import SplatOptions, splat_counts, splats_to_write

SUFFIX = ".splats.glb"
POINTS = 0


def encode_khr(splats: Splats, options: SplatOptions | None = None) -> bytes:  # noqa: ARG001
    """The whole file, without a binding, in the splats' own order. Raises InputError for no splats."""
    return _document(splats, {"version": "2.0", "generator": "Headsmith"}).to_glb()


def encode(avatar: Avatar, stem: str, options: SplatOptions) -> Encoded:
    """One .splats.glb file: splats sorted by the mesh of the face's GLB that carries them, and their binding."""
    carried = by_mesh(splats_to_write(avatar, options), avatar.splats.binding, avatar.head)
    document = _document(carried.splats, asset_properties(avatar))
    add_binding(document, document.objects["meshes"][0], carried)
    return Encoded({f"{stem}{SUFFIX}": document.to_glb()}, splat_counts(carried.splats))


def _document(splats: Splats, asset: dict[str, Any]) -> Document:
    if not len(splats):
        raise InputError("the splats", found="none", expected="at least one, which glTF demands",
                         action="choose another format")  # fmt: skip
    document = Document(asset)
    document.extensions_used.append(EXTENSION)

    def floats(values: F32) -> int:
        return document.add_array(np.asarray(values, np.float32), ARRAY_BUFFER)

    attributes = {
        "POSITION": document.add_array(splats.means.astype(np.float32), ARRAY_BUFFER, bounds=True),
        "COLOR_0": document.add_array(fallback_colours(splats), ARRAY_BUFFER, normalized=True),
        f"{EXTENSION}:ROTATION": floats(splats.quats[:, [1, 2, 3, 0]]),
        f"{EXTENSION}:SCALE": floats(splats.scales),
        f"{EXTENSION}:OPACITY": floats(splats.opacities),
    }
    bands = np.concatenate([splats.sh0, splats.shN], axis=1)
    for column, name in enumerate(SH_ATTRIBUTES[: bands.shape[1]]):
        attributes[name] = floats(bands[:, column])
    primitive = {"mode": POINTS, "attributes": attributes, "extensions": {EXTENSION: dict(SUPPORTED)}}
    mesh = document.add("meshes", {"name": "splats", "primitives": [primitive]})
    document.add("nodes", {"name": "splats", "mesh": mesh})
    return document


def fallback_colours(splats: Splats) -> Any:
    """[N, 4] uint16: what viewers without the extension paint the points with, linear as glTF has its colours."""
    srgb = np.clip(0.5 + SH_C0 * splats.sh0[:, 0].astype(np.float64), 0, 1)
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return to_levels(np.concatenate([linear, splats.opacities[:, None]], axis=1), 1 << 16).astype(np.uint16)


FORMATS = (
    Format(
        "khr",
        SUFFIX,
        "Gaussian splats as KHR_gaussian_splatting, with their binding to the GLB's meshes",
        SplatOptions,
        encode,
        decode_khr,
        encode_khr,
    ),
)
