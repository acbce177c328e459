"""How the kernels are compiled: cached by numba, float32 throughout, the same result for any thread count.

The thread count is numba's (environment variable NUMBA_NUM_THREADS), the cache folder is the package's own
`__pycache__` or, where that is read-only, the user's cache folder (NUMBA_CACHE_DIR overrides both).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

f32: Any = np.float32

# reassociation and fused multiply-add, but NaN and infinity keep their meaning, as the guards against bad splats need
# them; numpy's error model, because a division that may raise is a branch, and branches prevent vectorisation
_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"nsz", "arcp", "contract", "afn", "reassoc"},
}
_LOG = logging.getLogger(__name__)


@cache
def sources_hash() -> str:
    """Of all the kernels' files: numba looks at one file only, but what a kernel calls may lie in another."""
    files = sorted(
        [*Path(__file__).parent.glob("*kernel*.py"), Path(__file__), Path(__file__).with_name("compositing.py")]
    )
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


@cache
def announce_compiling() -> None:
    """Says, the first time only, why the next seconds pass without progress."""
    _LOG.warning("compiling the splat kernels, once for this machine; this takes about a minute")


class KernelCache(FunctionCache):
    """numba's cache, with the hash of all kernels in the file names, and a word when something is not in it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = IndexDataCacheFile(
            cache_path=self._cache_path, filename_base=f"{self._impl.filename_base}-{sources_hash()}",
            source_stamp=self._impl.locator.get_source_stamp(),
        )  # fmt: skip

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        found = super().load_overload(sig, target_context)
        if found is None:
            announce_compiling()
        return found


def _compiler(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    def compiled(function: Callable[..., Any]) -> Any:
        dispatcher = njit(**_OPTIONS, **options)(function)
        dispatcher._cache = KernelCache(function)
        return dispatcher

    return compiled


kernel: Any = _compiler()
parallel_kernel: Any = _compiler(parallel=True)
inlined: Any = njit(**_OPTIONS, inline="always")
"""for functions inside vectorised loops, where a call that is not inlined costs several times the work"""
part: Any = njit(**_OPTIONS, forceinline=True)
"""for the pieces of one long calculation, which the compiler would else pass to each other through memory"""


@part
def floor(x):
    """The integer at or below float32 x; math.floor is a call to the C library."""
    n = int(x)
    return n - 1 if x < f32(n) else n


@part
def ceil(x):
    n = int(x)
    return n + 1 if x > f32(n) else n


def static(number: int) -> tuple[int, ...]:
    """A number that kernels are compiled for, one variant each: they read it as the length of this tuple."""
    return (0,) * number
