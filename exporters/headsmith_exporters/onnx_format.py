"""The dynamic texture for engines: the network, its description, its mask and, if wanted, textures baked from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from headsmith.asset.avatar import Avatar
from headsmith.asset.dynamic_texture import TextureNetwork
from headsmith.asset.images import encode_png
from headsmith_exporters.basis import Basis, Quality, bake, check_count
from headsmith_exporters.onnx_contract import contract, contract_bytes, dynamic_texture_of
from headsmith_exporters.onnx_pointer import contract_name, mask_name, network_for_engines, network_name
from headsmith_exporters.pillow import image_module
from headsmith_exporters.registry import Encoded, Format


@dataclass(frozen=True)
class OnnxOptions:
    bake_basis: int = 0
    """textures to bake for engines that run no networks; 0 is none"""


def encode(avatar: Avatar, stem: str, options: OnnxOptions) -> Encoded:
    """The network, after the files that say how to use it.

    Raises InputError for an avatar without one and for a number of textures that cannot be baked.
    """
    dynamic = dynamic_texture_of(avatar)
    check_count(options.bake_basis)
    image_module("the mask")
    network, description = TextureNetwork(dynamic), contract(avatar, stem)
    files = {mask_name(stem): encode_png(avatar.material.dynamic_mask)}
    counts = {"inputs": len(dynamic.inputs), "width_px": network.width_px, "height_px": network.height_px}
    if options.bake_basis:
        basis = bake(avatar, options.bake_basis)
        names = [f"{stem}.basis-{name}.png" for name in ("mean", *(f"{k + 1:02}" for k in range(len(basis.textures))))]
        pictures = (basis.mean, *basis.textures)
        files |= {name: encode_png(picture) for name, picture in zip(names, pictures, strict=True)}
        description["basis"] = _basis_description(basis, names, description["checks"])
        counts |= {"basis_textures": len(basis.textures), "basis_psnr_db": int(basis.psnr_db())}
    files |= {contract_name(stem): contract_bytes(description), network_name(stem): network_for_engines(dynamic)}
    return Encoded(files, counts)


def _basis_description(basis: Basis, names: list[str], checks: list[dict[str, Any]]) -> dict[str, Any]:
    """What the contract says about baked textures; the same parameters are checked as for the network."""
    checked = [np.array(check["parameters"], np.float32) for check in checks]
    return {
        "mean": names[0],
        "textures": names[1:],
        "size_px": list(basis.mean.shape[1::-1]),
        "colour_space": "the bytes are sRGB values or differences of them, to be read as they are, without conversion",
        "decoding": "mean: byte / 255; textures: (byte - 128) / 127",
        "formula": "dynamic = mean + sum of weight * texture, held to 0..1",
        "weights": basis.weights.description(),
        "psnr_db": {"motion": _quality(basis.motion), "mixed": _quality(basis.mixed)},
        "checks": [
            {"parameters": check["parameters"], "weights": [round(float(w), 6) for w in basis.weights(row[None])[0]]}
            for check, row in zip(checks, checked, strict=True)
        ],
    }


def _quality(quality: Quality | None) -> dict[str, float] | None:
    return None if quality is None else {name: round(value, 2) for name, value in asdict(quality).items()}


FORMATS = (
    Format("onnx", ".onnx", "the dynamic texture's network, with what an engine must know", OnnxOptions, encode),
)
