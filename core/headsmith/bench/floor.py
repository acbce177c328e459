"""The time that a scene's blends would take if all arithmetic ran at the machine's peak rate.

No rasteriser reaches it: it has no memory traffic, no search for what touches what, no half-filled vectors. It tells
how much of a time is the work itself.
"""

from __future__ import annotations

import time
from typing import Any

import numba
import numpy as np
from numba import njit, prange

f32: Any = np.float32
CHAIN = 16
"""multiply-adds on a number before it goes back to memory"""
ROWS, COLUMNS = 8, 128
"""numbers of a thread; they stay in the nearest cache, and a row's chains hide the latency of another's"""
ROUNDS = 40_000
TRIES = 5

OPERATIONS_FORWARD = 23
"""vector operations of one blend, a fused multiply-add counting as one: 2 for the offset to the pixel, 5 for sigma, 10
for its exponential, 1 for alpha, 1 for the transmittance, 1 for the weight, 3 for the colour; choices not counted"""
OPERATIONS_BACKWARD = 41
"""18 for offset, sigma, exponential and alpha again, 3 for the transmittance before (a division counts as one), 1 for
the weight, 3 + 3 for colour and its gradient, 3 for alpha's and what lies behind, 3 for opacity's and sigma's, 7 for
the mean's and the conic's"""


@njit(cache=True, parallel=True, error_model="numpy", fastmath={"contract"})
def _multiply_add(numbers, factor, addend, rounds):
    """numbers [threads, ROWS, COLUMNS]: x = x * factor + addend, CHAIN times a round; rows by name, to be vectors."""
    for thread in prange(numbers.shape[0]):
        for _ in range(rounds):
            a, b, c, d = numbers[thread, 0], numbers[thread, 1], numbers[thread, 2], numbers[thread, 3]
            e, f, g, h = numbers[thread, 4], numbers[thread, 5], numbers[thread, 6], numbers[thread, 7]
            for i in range(numbers.shape[2]):
                p, q, r, s, t, u, v, w = a[i], b[i], c[i], d[i], e[i], f[i], g[i], h[i]
                for _ in range(CHAIN):
                    p, q, r, s = p * factor + addend, q * factor + addend, r * factor + addend, s * factor + addend
                    t, u, v, w = t * factor + addend, u * factor + addend, v * factor + addend, w * factor + addend
                a[i], b[i], c[i], d[i], e[i], f[i], g[i], h[i] = p, q, r, s, t, u, v, w


def multiply_adds_per_s(rounds: int = ROUNDS) -> float:
    """Fused multiply-adds of float32 a second on all threads that numba uses, the best of five tries."""
    numbers = np.ones((numba.get_num_threads(), ROWS, COLUMNS), f32)
    _multiply_add(numbers, f32(0.5), f32(0.5), 1)
    least = float("inf")
    for _ in range(TRIES):
        start = time.perf_counter()
        _multiply_add(numbers, f32(0.5), f32(0.5), rounds)
        least = min(least, time.perf_counter() - start)
    return numbers.size * CHAIN * rounds / least


def floor_ms(blends: int, rate_per_s: float, operations: int) -> float:
    """Milliseconds of `blends` times `operations` at `rate_per_s`."""
    return round(1000 * blends * operations / rate_per_s, 3)
