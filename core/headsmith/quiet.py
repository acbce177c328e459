"""Keeps native libraries from writing over the user's terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class _Silence:
    """File descriptor 2, which all threads share, sent to nowhere as long as any of them asks for it."""

    def __init__(self) -> None:
        self._lock, self._asking, self._saved = Lock(), 0, -1

    def begin(self) -> None:
        with self._lock:
            if self._asking == 0:
                self._saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, 2)
                os.close(nowhere)
            self._asking += 1

    def end(self) -> None:
        with self._lock:
            self._asking -= 1
            if self._asking == 0:
                os.dup2(self._saved, 2)
                os.close(self._saved)


_silence = _Silence()


@contextmanager
def native_stderr_silenced() -> Iterator[None]:
    """Sends file descriptor 2 to nowhere: MediaPipe's graphs log there before logging can be configured from Python."""
    _silence.begin()
    try:
        yield
    finally:
        _silence.end()
