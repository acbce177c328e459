"""Directions for per-vertex offsets: the leading modes of a Gaussian process over space.

A process on space rather than on the mesh moves what lies close together alike: lips stay closed, lids stay on the
eyeballs, teeth, tongue and lashes follow the skin. Its modes are scaled to unit variance, so that the
solver treats them as it treats the identity (Luethi et al. 2018, "Gaussian process morphable models").
"""

from __future__ import annotations

import numpy as np

from headsmith.fit.params import KernelScale, OffsetParams
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, I32

FACE_DENSITY = 2.5
"""samples lie that much closer together on the face"""
MIRROR = np.array([-1.0, 1.0, 1.0])
EYES = ("eye_left", "eye_right")


def offset_modes(model: HeadModel, params: OffsetParams) -> F32:
    """[V, 3, 3 * modes] metres per standard deviation, axis by axis."""
    if params.modes == 0:
        return np.zeros((*model.v_template.shape, 0), np.float32)
    places = model.v_template.astype(np.float64)
    fade = face_fade(model)
    samples = spread_samples(places, 1 + (FACE_DENSITY - 1) * fade, params.samples)
    out = np.zeros((len(places), 3, 3 * params.modes))
    # under a mirrored offset x changes its sign, y and z do not
    for axes, sign in (((0,), -1.0), ((1, 2), 1.0)):
        modes = _scalar_modes(places, fade, samples, sign, params)
        for axis in axes:
            out[:, axis, axis * params.modes : axis * params.modes + modes.shape[1]] = modes
    return keep_eyes_round(model, out).astype(np.float32)


def face_fade(model: HeadModel) -> F32:
    """[V] 1 around the face's landmarks, 0 at the back of the head and the neck; a function of place alone."""
    points = model.landmarks(model.v_template)
    center = points.mean(0)
    radius = np.percentile(np.linalg.norm(points - center, axis=1), 95)
    distance = np.linalg.norm(model.v_template - center, axis=1)
    return 1 / (1 + (distance / (1.1 * radius)) ** 10)


def spread_samples(places: F32, density: F32, count: int) -> I32:
    """[count] rows of `places` [V, 3], each the farthest from those before it, in units of 1 / `density` [V]."""
    chosen = [int(np.argmax(places[:, 1]))]
    distance = np.full(len(places), np.inf)
    for _ in range(min(count, len(places)) - 1):
        distance = np.minimum(distance, np.square(places - places[chosen[-1]]).sum(1))
        chosen.append(int(np.argmax(distance * density**2)))
    return np.asarray(chosen, np.int32)


def _scalar_modes(places: F32, fade: F32, samples: I32, sign: float, params: OffsetParams) -> F32:
    """[V, modes] of one axis: Nystroem extension of the eigenvectors on the samples (Williams and Seeger 2001)."""
    to_samples = _kernel(places, fade, samples, sign, params)
    values, vectors = np.linalg.eigh(to_samples[samples])
    values, vectors = values[::-1][: params.modes], vectors[:, ::-1][:, : params.modes]
    # eigh leaves the sign of an eigenvector open; fixing it keeps builds alike across machines
    vectors = vectors * np.sign(vectors[np.argmax(np.abs(vectors), axis=0), np.arange(vectors.shape[1])])
    return to_samples @ (vectors / np.sqrt(np.maximum(values, values[0] * 1e-6)))


def _kernel(places: F32, fade: F32, samples: I32, sign: float, params: OffsetParams) -> F32:
    """[V, n] covariance between every place and the samples, with the symmetric preference."""
    near = _squared_distances(places, places[samples])
    across = _squared_distances(places, places[samples] * MIRROR)
    out = np.zeros_like(near)
    for scale in params.scales:
        both = _gaussian(near, scale) + sign * params.symmetry * _gaussian(across, scale)
        out += both * (fade[:, None] * fade[samples] if scale.face_only else 1.0)
    return out / (1 + params.symmetry)


def _gaussian(squared_distance: F32, scale: KernelScale) -> F32:
    return scale.amplitude_m**2 * np.exp(-0.5 * squared_distance / scale.length_m**2)


def _squared_distances(a: F32, b: F32) -> F32:
    return np.maximum(np.square(a).sum(1)[:, None] + np.square(b).sum(1) - 2 * a @ b.T, 0.0)


def keep_eyes_round(model: HeadModel, modes: F32) -> F32:
    """The modes [V, 3, M] with each eyeball only shifted and scaled, so that it can turn in its socket."""
    out = modes.copy()
    for rows in eyeballs(model):
        arm = model.v_template[rows] - model.v_template[rows].mean(0)
        shift = modes[rows].mean(0)
        growth = np.einsum("vx,vxm->m", arm, modes[rows]) / np.square(arm).sum()
        out[rows] = shift + arm[:, :, None] * growth
    return out


def eyeballs(model: HeadModel) -> list[I32]:
    """The vertices of each eyeball that the model has."""
    rows = [np.unique(model.faces[model.faces_of(part)]) for part in EYES if part in model.part_names]
    return [r for r in rows if len(r)]
