# SPDX-License-Identifier: GPL-3.0-or-later
"""Standard output for results alone: Blender and its add-ons write there too, some of them past Python."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout

Print = Callable[[str], None]


@contextmanager
def quiet_stdout(chatter: bool) -> Iterator[Print]:
    """Whatever writes to standard output meanwhile goes to standard error if `chatter`, else nowhere.

    Yields the function that prints a line to the real one, at once.
    """
    _flush()
    real, sink = os.dup(1), os.dup(2) if chatter else os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)

    def print_line(line: str) -> None:
        _write_all(real, f"{line}\n".encode())

    try:
        # Python's own standard output need not be the process's
        with open(sink, "w", encoding="utf-8") as python_sink, redirect_stdout(python_sink):
            yield print_line
    finally:
        _flush()
        os.dup2(real, 1)
        os.close(real)


def _flush() -> None:
    """Empties the buffers of Python and of the C library, which Blender prints through."""
    sys.stdout.flush()
    library = "ucrtbase" if sys.platform == "win32" else None
    ctypes.CDLL(library).fflush(None)


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
