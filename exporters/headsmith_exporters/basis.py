"""A dynamic texture baked into a few pictures, for engines that run no networks.

The network's answers inside the mask vary about a mean along few directions (principal components); a texture is the
mean plus a weighted sum of them, and the weights follow from the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headsmith.asset.avatar import Avatar
from headsmith.asset.dynamic_texture import TextureNetwork
from headsmith.errors import InputError
from headsmith.types import F32, U8
from headsmith_exporters.basis_pixels import Pixels, Snapshots
from headsmith_exporters.basis_samples import samples_of
from headsmith_exporters.basis_trunk import trunk_of
from headsmith_exporters.basis_weights import WeightFunction, fitted_weights
from headsmith_exporters.onnx_contract import dynamic_texture_of

MOST_TEXTURES = 32
PERFECT_DB = 99.0


@dataclass(frozen=True)
class Quality:
    """PSNR inside the mask against the network, of parameters that were not learnt from."""

    mean_db: float
    """of the mean squared error"""
    worst_db: float
    still_db: float
    """of the mean texture alone, for comparison"""


@dataclass(frozen=True)
class Basis:
    mean: U8
    """[H, W, 3] sRGB"""
    textures: U8
    """[K, H, W, 3]; a byte b stands for (b - 128) / 127"""
    weights: WeightFunction
    motion: Quality | None = None
    """for frames of motions"""
    mixed: Quality | None = None
    """for random expressions"""

    def psnr_db(self) -> float:
        """The lower one of motions and random expressions."""
        return min(found.mean_db for found in (self.motion, self.mixed) if found is not None)


def decoded(textures: U8) -> F32:
    return (textures.astype(np.float32) - 128) / 127


def check_count(count: int) -> None:
    """Raises InputError for a number of textures that cannot be baked."""
    if not 0 <= count <= MOST_TEXTURES:
        raise InputError("bake_basis", found=f"{count} textures", expected=f"1 to {MOST_TEXTURES}, or 0 for none",
                         action="give another number; 8 to 16 suit most avatars")  # fmt: skip


def bake(avatar: Avatar, count: int) -> Basis:
    """At most `count` textures; fewer where the network's answers have fewer directions.

    Raises InputError for an avatar without a dynamic texture, a count that cannot be baked, a mask that shows nothing,
    and a network that answers the same to everything.
    """
    check_count(count)
    dynamic = dynamic_texture_of(avatar)
    network = TextureNetwork(dynamic)
    pixels = Pixels.under(avatar.material.dynamic_mask, network)
    if not pixels.importance.any():
        raise _useless("a mask that shows nothing of it")
    samples = samples_of(avatar, network.inputs)
    snapshots = Snapshots.taken(network, pixels, samples.learnt)
    mean, directions = snapshots.directions(pixels.weight, count)
    if not len(directions):
        raise _useless("the same picture for every pose")
    readings = (directions * pixels.weight).T
    answers = snapshots.and_the_rest(network, pixels, samples.learnt)
    wanted = np.stack([(answer - mean) @ readings for answer in answers])
    largest = np.abs(directions).max(1)
    basis = Basis(
        mean=pixels.picture(_bytes(mean * 255), 0),
        textures=np.stack([pixels.picture(_bytes(row * 127 + 128), 128) for row in directions / largest[:, None]]),
        weights=fitted_weights(trunk_of(dynamic), samples.learnt, wanted).scaled(largest),
    )
    return replace(
        basis,
        motion=measured(basis, network, pixels, samples.unseen_motion),
        mixed=measured(basis, network, pixels, samples.unseen_mixed),
    )


def _useless(found: str) -> InputError:
    return InputError("the dynamic texture", found=found, expected="something to bake",
                      action="export without bake_basis")  # fmt: skip


def measured(basis: Basis, network: TextureNetwork, pixels: Pixels, parameters: F32) -> Quality | None:
    """How near the baked textures come to the network at `parameters` [N, P]; None for no parameters."""
    mean = basis.mean[pixels.chosen].reshape(-1).astype(np.float32) / 255
    rows = decoded(basis.textures[:, pixels.chosen].reshape(len(basis.textures), -1))
    total, errors = pixels.importance.sum(), []
    for weights, answer in zip(basis.weights(parameters), pixels.answers(network, parameters), strict=True):
        seen = np.clip(mean + weights @ rows, 0, 1)
        errors.append([float(((x - answer) ** 2 @ pixels.importance) / total) for x in (seen, mean)])
    if not errors:
        return None
    baked, still = np.array(errors).T
    return Quality(_psnr_db(baked.mean()), _psnr_db(baked.max()), _psnr_db(still.mean()))


def _psnr_db(mean_square: float) -> float:
    return min(PERFECT_DB, float(-10 * np.log10(max(mean_square, 1e-12))))


def _bytes(values: F32) -> U8:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
