"""Motion files, and motions made by rule: numpy and the standard library only, so that Blender can use them."""

from headsmith.motion.expressions import EXPRESSIONS, PRESETS, VISEMES, expression
from headsmith.motion.files import SUFFIXES, Eyes, describe_motion, read_motion, write_motion
from headsmith.motion.procedural import each_shape, idle, talk
from headsmith.motion.resampling import resample, to_avatar

__all__ = [
    "EXPRESSIONS",
    "PRESETS",
    "SUFFIXES",
    "VISEMES",
    "Eyes",
    "describe_motion",
    "each_shape",
    "expression",
    "idle",
    "read_motion",
    "resample",
    "talk",
    "to_avatar",
    "write_motion",
]
