"""The one sentence for a bundle that cannot be used."""

from __future__ import annotations

from headsmith.errors import InputError


def damaged(subject: str, found: str, expected: str) -> InputError:
    """`subject` is "BUNDLE: FILE", or the bundle alone."""
    return InputError(subject, found=found, expected=expected, action="build the avatar again or take another copy")
