"""Work in other processes, which stay from one batch of it to the next."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from headsmith.types import Progress, no_progress

POLL_S = 0.2
THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Crew:
    """Whoever does the work: this process, or others."""

    pool: ProcessPoolExecutor | None = None
    done: Any = None
    """of the batch, in jobs: a number that all processes share"""

    def run(
        self, work: Callable[[Job, Progress], Result], jobs: Sequence[Job], progress: Progress = no_progress
    ) -> list[Result]:
        """`work` (a function of a module, as other processes import it) on every job, in the jobs' order."""
        if self.pool is None:
            out = []
            for i, job in enumerate(jobs):
                out.append(work(job, lambda fraction, i=i: progress((i + fraction) / len(jobs))))  # type: ignore[misc]
            return out
        self.done.value = 0.0
        futures = [self.pool.submit(_run_counted, work, job) for job in jobs]
        _watch(futures, lambda: progress(min(self.done.value / len(jobs), 1.0)))
        return [future.result() for future in futures]


@contextmanager
def crew(workers: int) -> Iterator[Crew]:
    """As many processes, or this one where that is one. What is left to do at the end, or at an error, is not done."""
    if workers <= 1:
        yield Crew()
        return
    # spawned on every system alike: forked copies of a process that runs threads may hang
    context = multiprocessing.get_context("spawn")
    counter = context.Value("d", 0.0)
    with _one_thread_each():
        pool = ProcessPoolExecutor(workers, context, _set_counter, (counter,))
        try:
            yield Crew(pool, counter)
        finally:
            # waiting, since a process that is just starting needs the counter
            pool.shutdown(wait=True, cancel_futures=True)


_done: Any = None
"""in a worker: the work done by all of them, a shared number"""


def _set_counter(counter: Any) -> None:
    global _done
    _done = counter


def _run_counted(work: Callable[[Job, Progress], Result], job: Job) -> Result:
    last = [0.0]

    def progress(fraction: float) -> None:
        with _done.get_lock():
            _done.value += fraction - last[0]
        last[0] = fraction

    out = work(job, progress)
    progress(1.0)
    return out


def _watch(futures: list[Future[Result]], tell: Callable[[], None]) -> None:
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
