"""Headsmith: one photo of a person becomes a photoreal, animatable head.

>>> import headsmith
>>> avatar = headsmith.build("ada.jpg", "ada.avatar", quality="draft")  # doctest: +SKIP
>>> avatar = headsmith.load("ada.avatar")  # doctest: +SKIP
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headsmith.asset import Avatar

__version__ = "0.1.0"


def build(
    photos: str | Path | list[str | Path], output: str | Path, quality: str = "standard", **options: Any
) -> Avatar:
    """Builds an avatar of one person from photos, clips or both, and writes it to `output` (NAME.avatar[.zip]).

    `photos` may be empty where `clip_a` or `clip_b` is given. `options` are the further fields of
    `headsmith.pipeline.BuildRequest`: clip_a, clip_b, head, device, seed, consent, force, resume and others.
    Raises `headsmith.errors.InputError` where an input cannot be used.
    """
    from headsmith.params import quality_named
    from headsmith.pipeline import BuildRequest
    from headsmith.pipeline import build as run

    paths = photos if isinstance(photos, list) else [photos]
    clips = {name: Path(options[name]) for name in ("clip_a", "clip_b") if options.get(name) is not None}
    return run(BuildRequest(tuple(map(Path, paths)), Path(output), quality=quality_named(quality), **options | clips))


def load(path: str | Path) -> Avatar:
    """The avatar of a bundle. Raises `headsmith.errors.InputError` where it is damaged."""
    from headsmith.asset import read_avatar

    return read_avatar(Path(path))
