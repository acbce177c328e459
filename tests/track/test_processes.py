"""Work in several processes gives what work in one gives."""

from __future__ import annotations

import os

import pytest

from headsmith.track.processes import THREAD_LIMITS, crew
from headsmith.types import Progress


def square(number: int, progress: Progress) -> tuple[int, int]:
    progress(0.5)
    if number < 0:
        raise ValueError(f"{number} is below 0")
    return number**2, os.getpid()


def test_results_come_in_the_jobs_order_and_processes_stay() -> None:
    told: list[float] = []
    before = {name: os.environ.get(name) for name in THREAD_LIMITS}
    with crew(2) as workers:
        first = workers.run(square, [3, 1, 2], told.append)
        second = workers.run(square, [5, 4])
    assert [result for result, _ in first + second] == [9, 1, 4, 25, 16]
    assert os.getpid() not in {pid for _, pid in first + second}
    assert len({pid for _, pid in first + second}) <= 2
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)
    assert {name: os.environ.get(name) for name in THREAD_LIMITS} == before


def test_one_worker_is_this_process() -> None:
    told: list[float] = []
    with crew(1) as workers:
        assert workers.run(square, [2, 3], told.append) == [(4, os.getpid()), (9, os.getpid())]
    assert told == [0.25, 0.75]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_a_job_is_raised(workers: int) -> None:
    with pytest.raises(ValueError, match="-1 is below 0"), crew(workers) as some:
        some.run(square, [1, -1, 2])
