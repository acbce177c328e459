"""Alpha in a strip of unknown pixels from the photo's own colours: closed-form matting.

Levin, Lischinski and Weiss, "A Closed-Form Solution to Natural Image Matting", PAMI 2008: alpha is a linear function
of colour in every 3 x 3 window, which gives a sparse quadratic form (eq. 12), here with a weak pull towards a guess.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import cg

from headsmith.types import F32, I32, Bool

# added to the windows' colour covariance (colours 0..1): below it, differences count as noise
EPSILON = 1e-4
GUESS_WEIGHT = 0.02
MAX_STEPS = 150


def solve_alpha(image: F32, guess: F32, unknown: Bool) -> F32:
    """Alpha [H, W] 0..1: `guess` [H, W] where it is known, solved for where `unknown` [H, W].

    `image` [H, W, 3] 0..1. Inside the strip the guess counts the less, the nearer it is to one half.
    """
    if not unknown.any():
        return guess
    laplacian = _laplacian(image, unknown)
    flat_unknown = unknown.ravel()
    rows = laplacian[flat_unknown]
    inner, outer = rows[:, flat_unknown], rows[:, ~flat_unknown]
    flat_guess = guess.ravel().astype(np.float64)
    weight = GUESS_WEIGHT * (2 * flat_guess[flat_unknown] - 1) ** 2 + 1e-6
    target = weight * flat_guess[flat_unknown] - outer @ flat_guess[~flat_unknown]
    system = (inner + diags(weight)).tocsr()
    solved, _ = cg(system, target, x0=flat_guess[flat_unknown], rtol=1e-3, maxiter=MAX_STEPS,
                   M=diags(1 / system.diagonal()))  # fmt: skip
    alpha = flat_guess.copy()
    alpha[flat_unknown] = solved.clip(0, 1)
    return alpha.reshape(guess.shape).astype(np.float32)


def _laplacian(image: F32, unknown: Bool) -> coo_matrix:
    """The matting Laplacian over all pixels, from the windows that touch an unknown one."""
    height, width = unknown.shape
    centres = maximum_filter(unknown, 3)
    centres[[0, -1]] = False
    centres[:, [0, -1]] = False
    windows = _windows(centres, width)
    colours = image.reshape(-1, 3).astype(np.float64)[windows]
    centred = colours - colours.mean(1, keepdims=True)
    covariance = np.einsum("nki,nkj->nij", centred, centred) / 9 + np.eye(3) * (EPSILON / 9)
    weights = (1 + np.einsum("nki,nij,nlj->nkl", centred, np.linalg.inv(covariance), centred, optimize=True)) / 9
    values = np.eye(9) - weights
    rows = np.repeat(windows, 9, axis=1).ravel()
    columns = np.tile(windows, (1, 9)).ravel()
    return coo_matrix((values.ravel(), (rows, columns)), shape=(height * width,) * 2).tocsr()


def _windows(centres: Bool, width: int) -> I32:
    """[N, 9] flat indices of the 3 x 3 pixels around each centre."""
    offsets = np.array([dy * width + dx for dy in (-1, 0, 1) for dx in (-1, 0, 1)], np.int32)
    return np.flatnonzero(centres).astype(np.int32)[:, None] + offsets
