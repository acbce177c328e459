"""The one sentence for a motion file that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from headsmith.errors import InputError

ACTION = "export the motion again or take another copy"


def unusable(subject: str, found: str, expected: str, action: str = ACTION) -> InputError:
    """`subject` is the file's name, with ": line N" where there is one."""
    return InputError(subject, found=found, expected=expected, action=action)


@contextmanager
def about_a_motion() -> Iterator[None]:
    """Lets what the shared decoders raise advise on a motion rather than on an avatar."""
    try:
        yield
    except InputError as error:
        raise unusable(error.subject, error.found, error.expected) from error
