# SPDX-License-Identifier: GPL-3.0-or-later
"""How far jaw, neck and eyes turn: constraints that an artist may mute, loosen or delete.

Angles are about Blender's axes, which are the bones' own: x tips forwards (a face looks down, a jaw opens), y tilts
sideways, z turns left and right. Poses inside the limits stay as they are. The ranges are those of healthy adults:

- jaw: fully open, it has turned by 36 to 39 degrees (Muto and Kanazawa 1996, doi 10.1016/s0278-2391(96)90394-8); it
  slides 9 to 12 mm sideways, as far as 8 degrees about the joint behind it;
- neck: flexion and extension together 130 to 136 degrees, tilt 77 to 91 and rotation 155 to 162 from side to side
  (Ferrario et al. 2002, doi 10.1016/S0736-0266(01)00079-1);
- eyes: muscles reach 45 degrees sideways, 28 up and 47 down (Lee et al. 2019, doi 10.1038/s41433-019-0376-4), but
  people turn the head before that. Eyes roll as they turn, so y is free.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

CONSTRAINT = "Headsmith Limits"


@dataclass(frozen=True)
class Limits:
    """Degrees, (least, most)."""

    x: tuple[float, float]
    y: tuple[float, float] | None
    """None: free"""
    z: tuple[float, float]


LIMITS = {
    "jaw": Limits(x=(-5, 40), y=(-5, 5), z=(-10, 10)),
    "neck": Limits(x=(-75, 60), y=(-45, 45), z=(-80, 80)),
    "left_eye": Limits(x=(-25, 30), y=None, z=(-35, 35)),
    "right_eye": Limits(x=(-25, 30), y=None, z=(-35, 35)),
}


def add_limits(bone: bpy.types.PoseBone) -> None:
    """The constraint of a joint that has limits."""
    limits = LIMITS.get(bone.name)
    if limits is None:
        return
    constraint = bone.constraints.new("LIMIT_ROTATION")
    constraint.name, constraint.owner_space = CONSTRAINT, "LOCAL"
    # the pitch turns first: at the side a gaze up is still a gaze up
    constraint.euler_order = "XYZ"
    for axis in "xyz":
        ends = getattr(limits, axis)
        if ends is not None:
            least, most = np.radians(ends)
            setattr(constraint, f"use_limit_{axis}", True)
            setattr(constraint, f"min_{axis}", least)
            setattr(constraint, f"max_{axis}", most)
