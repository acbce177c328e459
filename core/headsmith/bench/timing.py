"""Wall time, measured so that other programs on the machine disturb it least."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

Work = Callable[[], object]
WARM_UPS = 2


def least_ms(works: Mapping[str, Work], repeats: int, warm_ups: int = WARM_UPS) -> dict[str, float]:
    """The least of `repeats` times of each work, milliseconds, after `warm_ups` unmeasured calls.

    The works take turns, so that a slow spell of the machine meets all of them and their ratios stay true.
    """
    for work in works.values():
        for _ in range(warm_ups):
            work()
    least = dict.fromkeys(works, float("inf"))
    for _ in range(repeats):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            least[name] = min(least[name], 1000 * (time.perf_counter() - start))
    return {name: round(value, 3) for name, value in least.items()}
