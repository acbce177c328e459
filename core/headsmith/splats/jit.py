"""How the kernels are compiled: cached by numba, float32 throughout, the same result for any thread count.

The thread count is numba's (environment variable NUMBA_NUM_THREADS), the cache folder is the package's own
`__pycache__` or, where that is read-only, the user's cache folder (NUMBA_CACHE_DIR overrides both).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

f32: Any = np.float32

# reassociation and fused multiply-add, but NaN and infinity keep their meaning, as the guards against bad splats need
# them; numpy's error model, because a division that may raise is a branch, and branches prevent vectorisation
_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "cache": True,
    "error_model": "numpy",
    "fastmath": {"nsz", "arcp", "contract", "afn", "reassoc"},
}

kernel: Any = njit(**_OPTIONS)
parallel_kernel: Any = njit(**_OPTIONS, parallel=True)
inlined: Any = njit(**_OPTIONS, inline="always")
"""for functions inside vectorised loops, where a call that is not inlined costs several times the work"""
part: Any = njit(**_OPTIONS, forceinline=True)
"""for the pieces of one long calculation, which the compiler would else pass to each other through memory"""


def static(number: int) -> tuple[int, ...]:
    """A number that kernels are compiled for, one variant each: they read it as the length of this tuple."""
    return (0,) * number
