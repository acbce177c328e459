"""The dynamic texture of a head without moving pictures: shading that follows from the mesh.

The same network as `dynamic_train`'s learns what folds, lids and lips do to the light: the mouth's inside darkens as
it closes, the upper lid's shadow moves over the eye, and closed lids lose the crease that open eyes have.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from scipy import ndimage

from headsmith.asset.avatar import DynamicTexture
from headsmith.head_model.model import HeadModel
from headsmith.texture.delight import LUMINANCE
from headsmith.texture.dynamic_inputs import expression_mix, find_latents, input_names, rest_vector, vector
from headsmith.texture.dynamic_network import BRIGHTEST, DARKEST, Sizes, TextureNet, reduced
from headsmith.texture.dynamic_onnx import onnx_of, rounded
from headsmith.texture.mask import mask_on_vertices
from headsmith.texture.occlusion import OcclusionParams
from headsmith.texture.shade_fit import Shades, start_from
from headsmith.texture.shade_poses import ShadePoses, shade_poses
from headsmith.texture.shade_targets import ShadeScene, shaded
from headsmith.texture.uv import Atlas, build_atlas
from headsmith.types import F32, HeadFit, Progress, StaticTexture, no_progress


@dataclass(frozen=True)
class ShadeParams:
    occlusion: OcclusionParams = field(default_factory=OcclusionParams)
    atlas_px: int = 256
    """side of the texture on which occlusion is worked out"""
    mixtures: int = 60
    """random poses beside the fixed ones"""
    steps: int = 2500
    """of the perceptron"""
    seed: int = 0


def shade_dynamic(
    model: HeadModel,
    fit: HeadFit,
    texture: StaticTexture,
    params: ShadeParams | None = None,
    progress: Progress = no_progress,
) -> DynamicTexture:
    """The network that gives `texture` the shade of each expression; at rest it gives `texture` itself.

    The first view of `fit` tells in which pose the texture was seen.
    """
    params = params or ShadeParams()
    poses = shade_poses(model, fit, params.mixtures, params.seed)
    atlas = build_atlas(model, params.atlas_px)
    atlas = atlas.subset(atlas.at(mask_on_vertices(model)) > 0)
    albedo = reduced(texture.albedo, params.atlas_px).reshape(-1, 3)[atlas.texel]
    scene = ShadeScene(model, fit, atlas, albedo, params.occlusion)
    shifts = [logit_shift(out, albedo) for out in shaded(scene, poses, lambda f: progress(0.8 * f))]
    inputs = input_names(model)
    parameters = _parameters(model, poses, inputs)
    network = _network(texture, model, parameters, params.seed)
    shades = _shades(atlas, parameters, shifts, 2 * network.sizes.grid)
    start_from(network, shades, params.steps, params.seed)
    rounded(network)
    progress(1.0)
    return DynamicTexture(onnx_of(network), inputs)


def logit_shift(shaded_albedo: F32, albedo: F32) -> F32:
    """[N] how far the brightness of sRGB `albedo` [N, 3] moves on the network's own scale."""
    before, after = (_logit(colour @ LUMINANCE) for colour in (albedo, shaded_albedo))
    return after - before


def _logit(value: F32) -> F32:
    held = np.clip(value, DARKEST, BRIGHTEST)
    return np.log(held / (1 - held)).astype(np.float32)


def _parameters(model: HeadModel, poses: ShadePoses, inputs: tuple[str, ...]) -> F32:
    """[N, P] of the poses, seen from the front."""
    front = rest_vector(inputs)[-3:]
    still = np.zeros(len(model.expression_names), np.float32)
    out = np.stack([vector(model, still, turns, front) for turns in poses.joint_rotations])
    out[:, : poses.weights.shape[1]] = poses.weights
    return out


def _network(texture: StaticTexture, model: HeadModel, parameters: F32, seed: int) -> TextureNet:
    latents = find_latents(parameters, input_names(model), expression_mix(model))
    torch.manual_seed(seed)
    return TextureNet(latents, texture.albedo, Sizes())


def _shades(atlas: Atlas, parameters: F32, shifts: list[F32], size_px: int) -> Shades:
    """The shifts [N] of each pose's texels on a coarser grid; gaps between charts repeat what is next to them."""
    covered = atlas.image(np.ones(len(atlas.texel), np.float32))
    nearest = ndimage.distance_transform_edt(covered == 0, return_distances=False, return_indices=True)
    images = [_smaller(atlas.image(shift)[nearest[0], nearest[1]], size_px) for shift in shifts]
    return Shades(parameters, np.stack(images), _smaller(covered, size_px))


def _smaller(image: F32, size_px: int) -> F32:
    factor = len(image) // size_px
    return image.reshape(size_px, factor, size_px, factor).mean((1, 3)).astype(np.float32)
