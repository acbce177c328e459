"""A clip in overlapping chunks: each is solved alone, by one process or another, and all are joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from headsmith.track.params import ChunkParams
from headsmith.track.states import States
from headsmith.track.timeline import cross_fade, joined


@dataclass(frozen=True)
class Chunk:
    """Frames `start` to `stop` of the clip's tracked frames, the overlaps with the neighbours included."""

    start: int
    stop: int


def chunks_of(count: int, params: ChunkParams) -> tuple[Chunk, ...]:
    """Chunks of about equal length that cover `count` frames and share 2 `overlap` frames at each seam."""
    number = max(1, round(count / params.frames))
    seams = np.linspace(0, count, number + 1).round().astype(int)
    return tuple(Chunk(max(0, int(a) - params.overlap), min(count, int(b) + params.overlap))
                 for a, b in pairwise(seams))  # fmt: skip


def join(chunks: Sequence[Chunk], solved: Sequence[States]) -> States:
    """All frames; where two chunks overlap, the one fades into the other."""
    out = solved[0]
    for chunk, part in zip(chunks[1:], solved[1:], strict=True):
        shared = len(out) - chunk.start
        share = (np.arange(shared) + 0.5) / shared
        seam = cross_fade(out.rows(slice(chunk.start, None)), part.rows(slice(0, shared)), share)
        out = joined([out.rows(slice(0, chunk.start)), seam, part.rows(slice(shared, None))])
    return out
