"""What native libraries write is kept from the terminal, and nothing else."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from headsmith.quiet import native_stderr_silenced


def test_nothing_is_heard_within_and_all_of_it_after(capfd: pytest.CaptureFixture[str]) -> None:
    with native_stderr_silenced():
        os.write(2, b"within")
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_threads_that_overlap_give_the_terminal_back(capfd: pytest.CaptureFixture[str]) -> None:
    both_in, first_out = Barrier(2), Barrier(2)

    def first() -> None:
        with native_stderr_silenced():
            both_in.wait(10)
        first_out.wait(10)

    def second() -> None:
        with native_stderr_silenced():
            both_in.wait(10)
            first_out.wait(10)
            os.write(2, b"still within")

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(first), threads.submit(second)]:
            done.result()
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_an_error_gives_the_terminal_back(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), native_stderr_silenced():
        raise RuntimeError
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"
