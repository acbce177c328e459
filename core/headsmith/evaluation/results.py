"""What a comparison found: figures alone, so that long clips cost no more memory than short ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.evaluation.scores import Scores, mean_scores


@dataclass(frozen=True)
class FrameScores:
    """One frame."""

    number: int
    """in the clip, 0 is the first"""
    timestamp_s: float
    scores: dict[str, dict[str, Scores]]
    """by form, then region"""
    identity: dict[str, float]
    """by form; empty where the model of identity is not installed"""


@dataclass(frozen=True)
class Evaluation:
    """All frames that were compared."""

    source: str
    first_s: float
    """of the clip, from which on it was compared"""
    held_out: bool
    """whether the build learnt from none of these frames"""
    skipped: int
    """frames without the face, or in which something covers it"""
    frames: tuple[FrameScores, ...]

    def table(self) -> dict[str, dict[str, dict[str, float]]]:
        """Means over the frames: form -> region -> measure."""
        first = self.frames[0].scores
        return {form: {region: mean_scores([frame.scores[form][region] for frame in self.frames])
                       for region in first[form]} for form in first}  # fmt: skip

    def identity(self) -> dict[str, float]:
        """Mean similarity of the face to the frame's, by form."""
        forms = self.frames[0].identity
        return {form: round(float(np.mean([frame.identity[form] for frame in self.frames])), 4) for form in forms}
