"""The dynamic texture for engines: the network, its description and its mask."""

from __future__ import annotations

from dataclasses import dataclass

from headsmith.asset.avatar import Avatar
from headsmith.asset.images import encode_png
from headsmith_exporters.onnx_contract import contract, contract_bytes, dynamic_texture_of
from headsmith_exporters.onnx_pointer import contract_name, mask_name, network_for_engines, network_name
from headsmith_exporters.pillow import image_module
from headsmith_exporters.registry import Encoded, Format


@dataclass(frozen=True)
class OnnxOptions:
    """There is nothing to choose."""


def encode(avatar: Avatar, stem: str, _options: OnnxOptions) -> Encoded:
    """The network, after the files that say how to use it. Raises InputError for an avatar without one."""
    dynamic = dynamic_texture_of(avatar)
    image_module("the mask")
    description = contract(avatar, stem)
    files = {
        mask_name(stem): encode_png(avatar.material.dynamic_mask),
        contract_name(stem): contract_bytes(description),
        network_name(stem): network_for_engines(dynamic),
    }
    height, width = description["network"]["output"]["shape"][2:]
    return Encoded(files, {"inputs": len(dynamic.inputs), "width_px": width, "height_px": height})


FORMATS = (
    Format("onnx", ".onnx", "the dynamic texture's network, with what an engine must know", OnnxOptions, encode),
)
