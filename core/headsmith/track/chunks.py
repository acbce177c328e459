"""A clip in overlapping chunks: each is solved alone, by one process or another, and all are joined."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from headsmith.track.params import ChunkParams
from headsmith.track.states import States
from headsmith.track.timeline import cross_fade, joined
from headsmith.types import Progress

POLL_S = 0.2
THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


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


def run_all(
    work: Callable[[Any, Progress], States], jobs: Sequence[Any], workers: int, progress: Progress
) -> list[States]:
    """`work` (a function of a module, as other processes import it) on every job, in the jobs' order."""
    if workers <= 1 or len(jobs) <= 1:
        out = []
        for i, job in enumerate(jobs):
            out.append(work(job, lambda fraction, i=i: progress((i + fraction) / len(jobs))))  # type: ignore[misc]
        return out
    with _one_thread_each():
        return _run_in_processes(work, jobs, min(workers, len(jobs)), progress)


_done: Any = None
"""in a worker: the work done by all of them, a shared number"""


def _set_counter(counter: Any) -> None:
    global _done
    _done = counter


def _run_counted(work: Callable[[Any, Progress], States], job: Any) -> States:
    last = [0.0]

    def progress(fraction: float) -> None:
        with _done.get_lock():
            _done.value += fraction - last[0]
        last[0] = fraction

    out = work(job, progress)
    progress(1.0)
    return out


def _run_in_processes(
    work: Callable[[Any, Progress], States], jobs: Sequence[Any], workers: int, progress: Progress
) -> list[States]:
    # spawned on every system alike: forked copies of a process that runs threads may hang
    context = multiprocessing.get_context("spawn")
    counter = context.Value("d", 0.0)
    with ProcessPoolExecutor(workers, context, _set_counter, (counter,)) as pool:
        futures = [pool.submit(_run_counted, work, job) for job in jobs]
        try:
            _watch(futures, lambda: progress(min(counter.value / len(jobs), 1.0)))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return [future.result() for future in futures]


def _watch(futures: list[Future[States]], tell: Callable[[], None]) -> None:
    """Until all are done, or one has failed, which is raised."""
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, POLL_S, FIRST_COMPLETED)
        for future in done:
            future.result()
        tell()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started meanwhile leave one another a core: each computes in one thread."""
    before = {name: os.environ.get(name) for name in THREAD_LIMITS}
    os.environ.update(dict.fromkeys(THREAD_LIMITS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
