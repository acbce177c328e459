"""Which view a step sees, how large, and on which background."""

from __future__ import annotations

import numpy as np

from headsmith.splats.params import SplatParams


def view_order(real: list[bool], params: SplatParams) -> list[int]:
    """[steps] the view of each step: photos for `photo_share` of them, evenly mixed, the others in shuffled rounds."""
    photos, others = ([i for i, r in enumerate(real) if r is kind] for kind in (True, False))
    random = np.random.default_rng(params.seed)
    share = params.photo_share if photos and others else float(bool(photos))
    queues: dict[bool, list[int]] = {True: [], False: []}
    order = []
    for step in range(params.steps):
        kind = int((step + 1) * share) > int(step * share)
        if not queues[kind]:
            queues[kind] = [int(i) for i in random.permutation(photos if kind else others)]
        order.append(queues[kind].pop())
    return order


def draw_background(random: np.random.Generator) -> np.ndarray:
    """[3] black, white or any colour, a third each."""
    kind, color = random.integers(3), random.random(3)
    return (color if kind == 2 else np.full(3, float(kind))).astype(np.float32)


def sh_degree_at(step: int, params: SplatParams) -> int:
    """The highest band that step `step` learns: 0 at first, all from `sh_share` of the steps on."""
    each = max(params.sh_share * params.steps / max(params.sh_degree, 1), 1)
    return min(params.sh_degree, int(step / each))
