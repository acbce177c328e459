"""The fifteen mouth shapes of lip-sync tools as morph targets, each a sum of the avatar's blendshapes.

Names as in https://developers.meta.com/horizon/documentation/unity/audio-ovrlipsync-viseme-reference/ with the prefix
that avatars for games use.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headsmith.asset.avatar import Avatar, Blendshapes
from headsmith.errors import InputError
from headsmith.motion import VISEMES

VISEME_TARGETS = tuple(f"viseme_{name}" for name in VISEMES)


def with_visemes(avatar: Avatar) -> Avatar:
    """The avatar with `VISEME_TARGETS` behind its own blendshapes. Raises InputError where one they need is missing."""
    known = {name: row for row, name in enumerate(avatar.blendshapes.names)}
    needed = {shape for weights in VISEMES.values() for shape in weights}
    if missing := sorted(needed - set(known)):
        raise InputError("the avatar", found=f"no blendshape '{missing[0]}'", expected="those that visemes are made of",
                         action="export it without visemes")  # fmt: skip
    deltas = avatar.blendshapes.deltas
    mixed = np.zeros((len(VISEMES), *deltas.shape[1:]), np.float32)
    for out, weights in zip(mixed, VISEMES.values(), strict=True):
        for shape, weight in weights.items():
            out += weight * deltas[known[shape]]
    names = (*avatar.blendshapes.names, *VISEME_TARGETS)
    return replace(avatar, blendshapes=Blendshapes(names, np.concatenate([deltas, mixed])))
