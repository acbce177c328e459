"""Gauss-Newton over all frames of a chunk at once, with bounds on ARKit weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from headsmith.track.columns import Columns
from headsmith.track.evidence import Evidence
from headsmith.track.problem import Problem
from headsmith.track.smoothness import Changes, changes, solve_frames
from headsmith.track.states import States, step
from headsmith.track.terms import Block, landmark_block, landmark_cost
from headsmith.types import F32

DAMPING = 1e-4
HELD = 1e12
"""curvature of a weight that stays at its bound"""
SMALL_STEP = 1e-4


Extra = Callable[[States, int], Block]
"""what else a frame's cost is made of"""


def solve(
    problem: Problem, evidence: Evidence, states: States, coupled: bool = True, extra: Extra | None = None
) -> States:
    """The states of least cost near `states`; `coupled` frames move smoothly."""
    columns, params = problem.columns, problem.params
    for _ in range(params.iterations if extra is None else params.photo.iterations):
        blocks = [_frame_block(problem, evidence, states, row) for row in range(len(states))]
        if extra is not None:
            blocks = [block + extra(states, row) for row, block in enumerate(blocks)]
        hessians = np.stack([block.hessian for block in blocks])
        gradients = np.stack([block.gradient for block in blocks])
        change = (
            changes(states, columns, evidence.times_s, problem.change_std, params.smooth.sudden) if coupled else None
        )
        _hold(hessians, gradients, change, states, columns)
        delta = solve_frames(hessians, gradients, change)
        states = step(states, columns, delta)
        if np.abs(delta).max() < SMALL_STEP:
            break
    return states


def _frame_block(problem: Problem, evidence: Evidence, states: States, row: int) -> Block:
    block = landmark_block(problem, evidence, states, row)
    difference = _from_mean(problem, evidence, states, row)
    weight = 1 / np.square(problem.prior_std)
    hessian = block.hessian + np.diag(weight + DAMPING * np.diag(block.hessian))
    return Block(hessian, block.gradient + weight * difference)


def _from_mean(problem: Problem, evidence: Evidence, states: States, row: int) -> F32:
    """[P] how far a frame's unknowns are from what the prior expects."""
    columns = problem.columns
    difference = np.zeros(columns.count)
    difference[: columns.expressions] = states.expression[row] - evidence.expression_mean[row]
    difference[columns.joints] = [states.joint_rotations[row][axis] for axis in columns.joint_axes]
    return difference


def uncoupled_cost(problem: Problem, evidence: Evidence, states: States) -> float:
    """Landmarks and priors of all frames, without smoothness."""
    total = 0.0
    for row in range(len(states)):
        difference = _from_mean(problem, evidence, states, row)
        total += landmark_cost(problem, evidence, states, row)
        total += 0.5 * float(np.square(difference / problem.prior_std).sum())
    return total


def _hold(hessians: F32, gradients: F32, change: Changes | None, states: States, columns: Columns) -> None:
    """Weights at a bound that the cost pushes further out stay there."""
    if not columns.bounded:
        return
    total = gradients.copy()
    if change is not None:
        rows = len(change.value)
        for a in range(3):
            total[a : a + rows] += change.coefficients[:, a, None] * change.weights * change.value
    downhill, e = -total[:, : columns.expressions], states.expression
    held = ((e <= 0) & (downhill < 0)) | ((e >= 1) & (downhill > 0))
    frames, weights = np.nonzero(held)
    hessians[frames, weights, weights] = HELD
