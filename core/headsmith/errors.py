"""The two kinds of failure: the user's input is wrong (`InputError`), or Headsmith is (anything else)."""

from __future__ import annotations

from pathlib import Path


class InputError(Exception):
    """Something the user gave cannot be used. Printed as one sentence, without traceback; exit code 2.

    Args:
        subject: the file (or option) at fault, named as the user named it.
        found: what was there.
        expected: what would have been accepted.
        action: what the user can do about it.
    """

    exit_code = 2
    max_part_chars = 240
    """of `found` and `expected`, which may quote the file: longer ones lose their middle"""

    def __init__(self, subject: str | Path, *, found: str, expected: str, action: str) -> None:
        self.subject, self.action = str(subject), action
        self.found, self.expected = self._part(found), self._part(expected)
        super().__init__(f"{self.subject}: found {self.found}, expected {self.expected}; {action}.")

    @classmethod
    def _part(cls, text: str) -> str:
        # a quoted file may hold anything: control characters would break the line, or steer the terminal
        line = "".join(c if c.isprintable() else " " for c in text)
        half = cls.max_part_chars // 2
        return line if len(line) <= cls.max_part_chars else f"{line[:half]}…{line[-half:]}"

    def __reduce__(self) -> tuple[object, ...]:
        # keyword-only arguments are lost by the default pickling, which carries errors between processes
        return _rebuild, (self.subject, self.found, self.expected, self.action)


def _rebuild(subject: str, found: str, expected: str, action: str) -> InputError:
    return InputError(subject, found=found, expected=expected, action=action)
