# SPDX-License-Identifier: GPL-3.0-or-later
"""What the avatar does and how it looks, as the options of a command say."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from headsmith.asset import Motion
from headsmith.errors import InputError
from headsmith.motion import SUFFIXES, each_shape, idle, read_motion, talk

from ..controls import apply_expression, sliders
from ..motion import apply_motion, frame_range, play_own
from .sources import Opened

MADE = {"idle": idle, "talk": talk}
"""motions by rule, which take seconds and frame rate"""


def act(opened: Opened, options: Namespace) -> None:
    """Expression, pose and motion, in this order. Raises InputError for names that there are not."""
    collection, scene = opened.collection, opened.scene
    if options.expression:
        name, strength = split_value(options.expression, 1.0)
        apply_expression(collection, name, strength)
    for text in options.pose:
        name, weight = split_value(text, None)
        if name not in sliders(collection):
            raise InputError(f"--pose {text}", found=f"no slider '{name}'", expected="a blendshape of the avatar",
                             action="see `headsmith info` for the names")  # fmt: skip
        sliders(collection)[name].value = weight
    if options.motion:
        _play(opened, options)
        first, last = frame_range(collection)
        scene.frame_start, scene.frame_end = int(first), max(int(first), round(last))
        scene.frame_set(scene.frame_start)


def split_value(text: str, default: float | None) -> tuple[str, float]:
    """NAME=NUMBER, or NAME alone where there is a default."""
    name, separator, number = text.partition("=")
    if not separator and default is not None:
        return name, default
    try:
        return name, float(number)
    except ValueError:
        raise InputError(text, found=f"'{number}'", expected="NAME=NUMBER", action="give a number") from None


def _play(opened: Opened, options: Namespace) -> None:
    collection, scene, wanted = opened.collection, opened.scene, options.motion
    fps = scene.render.fps / scene.render.fps_base
    if wanted in collection.headsmith.motions:
        play_own(collection, wanted, scene, options.start)
        return
    motion: Motion
    if wanted in MADE:
        motion = MADE[wanted](options.seconds, fps)
    elif wanted == "each-shape":
        motion = each_shape(tuple(sliders(collection)), fps)
    elif wanted.lower().endswith(SUFFIXES):
        motion = read_motion(Path(wanted), fps=options.fps, eyes=options.eyes)
    else:
        known = [*MADE, "each-shape", *collection.headsmith.motions.keys()]
        raise InputError(f"motion '{wanted}'", found="no file or motion of that name",
                         expected=f"a {', '.join(SUFFIXES)} file or one of {', '.join(known)}",
                         action="choose one of those")  # fmt: skip
    apply_motion(collection, motion, scene, options.start, f"{collection.name} {Path(wanted).stem}")


def dress(opened: Opened, options: Namespace, bundle_colours: str | None = None) -> None:
    """Splats, mesh or both, how many splats, and in which colours; what was not asked for stays.

    `bundle_colours` are those of a bundle where none are asked for: it has no artist's choice to keep.
    """
    settings = opened.collection.headsmith
    if options.show:
        settings.show = options.show.upper()
    colours = options.colours or (bundle_colours if opened.is_bundle else None)
    if colours:
        settings.colour_mode = colours.upper()
    if options.splats_percent is not None:
        settings.quality_percent = options.splats_percent
