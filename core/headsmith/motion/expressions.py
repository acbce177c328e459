"""Named expressions and visemes as weights of ARKit's blendshapes, 0..1."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from headsmith.errors import InputError

Weights = Mapping[str, float]


def _both(**weights: float) -> dict[str, float]:
    """Each name for the left and the right."""
    return {f"{name}{side}": weight for name, weight in weights.items() for side in ("Left", "Right")}


EXPRESSIONS: dict[str, Weights] = {
    "neutral": {},
    "smile": _both(mouthSmile=0.6, cheekSquint=0.3, eyeSquint=0.15, mouthDimple=0.15),
    "big smile": {
        **_both(mouthSmile=0.9, cheekSquint=0.7, eyeSquint=0.4, mouthUpperUp=0.35, mouthLowerDown=0.25),
        "jawOpen": 0.15,
    },
    "frown": {**_both(mouthFrown=0.75, browDown=0.25), "browInnerUp": 0.35, "mouthShrugLower": 0.4},
    "surprise": {**_both(eyeWide=0.8, browOuterUp=0.8), "browInnerUp": 0.9, "jawOpen": 0.5, "mouthFunnel": 0.15},
    "anger": {
        **_both(browDown=1.0, noseSneer=0.45, eyeSquint=0.4, mouthPress=0.35, mouthFrown=0.65),
        "jawForward": 0.15,
    },
    "disgust": {
        **_both(noseSneer=0.9, mouthUpperUp=0.5, browDown=0.5, eyeSquint=0.5, mouthFrown=0.4),
        "mouthShrugLower": 0.3,
    },
    "fear": {**_both(eyeWide=0.9, browOuterUp=0.3, mouthStretch=0.7), "browInnerUp": 0.9, "jawOpen": 0.2},
    "blink": _both(eyeBlink=1.0),
    "wink left": {"eyeBlinkLeft": 1.0, "cheekSquintLeft": 0.6, "mouthSmileLeft": 0.3, "browDownLeft": 0.2},
    "wink right": {"eyeBlinkRight": 1.0, "cheekSquintRight": 0.6, "mouthSmileRight": 0.3, "browDownRight": 0.2},
    "squint": _both(eyeSquint=0.9, cheekSquint=0.5, browDown=0.4),
    "kiss": {"mouthPucker": 0.9, "mouthFunnel": 0.15},
    "puff": {**_both(mouthPress=0.3), "cheekPuff": 1.0},
    "jaw open": {"jawOpen": 0.8},
}
"""what a face does; "left" and "right" are the subject's"""

VISEMES: dict[str, Weights] = {
    "sil": {},
    "PP": {**_both(mouthPress=0.4), "mouthRollLower": 0.35, "mouthRollUpper": 0.3, "mouthClose": 0.05},
    "FF": {**_both(mouthUpperUp=0.25), "mouthRollLower": 0.6, "jawOpen": 0.06},
    "TH": {**_both(mouthLowerDown=0.2, mouthUpperUp=0.1), "tongueOut": 0.35, "jawOpen": 0.15},
    "DD": {**_both(mouthLowerDown=0.25, mouthUpperUp=0.15), "jawOpen": 0.12},
    "kk": {**_both(mouthLowerDown=0.2, mouthStretch=0.15), "jawOpen": 0.18},
    "CH": {**_both(mouthLowerDown=0.3, mouthUpperUp=0.3), "mouthFunnel": 0.55, "jawOpen": 0.08},
    "SS": {**_both(mouthStretch=0.3, mouthLowerDown=0.3, mouthUpperUp=0.15, mouthSmile=0.15), "jawOpen": 0.04},
    "nn": {**_both(mouthLowerDown=0.2, mouthUpperUp=0.1), "jawOpen": 0.1},
    "RR": {"mouthFunnel": 0.35, "mouthPucker": 0.3, "jawOpen": 0.12},
    "aa": {**_both(mouthLowerDown=0.25, mouthUpperUp=0.15), "jawOpen": 0.55},
    "E": {**_both(mouthStretch=0.3, mouthSmile=0.2, mouthLowerDown=0.3, mouthUpperUp=0.15), "jawOpen": 0.28},
    "I": {**_both(mouthSmile=0.35, mouthStretch=0.25, mouthLowerDown=0.25, mouthUpperUp=0.15), "jawOpen": 0.14},
    "O": {"mouthFunnel": 0.55, "mouthPucker": 0.2, "jawOpen": 0.35},
    "U": {"mouthPucker": 0.75, "mouthFunnel": 0.25, "jawOpen": 0.12},
}
"""the fifteen mouth shapes of speech that lip-sync tools name (silence, consonants, vowels)"""

PRESETS: dict[str, Weights] = EXPRESSIONS | {f"viseme {name}": weights for name, weights in VISEMES.items()}


def expression(name: str, strength: float = 1.0) -> dict[str, float]:
    """The weights of one of `PRESETS`, times `strength`. Raises InputError for another name."""
    if name not in PRESETS:
        near = difflib.get_close_matches(name, PRESETS, n=3, cutoff=0.5)
        raise InputError(f"expression '{name}'", found="no expression of that name", expected=", ".join(EXPRESSIONS),
                         action=f"choose {' or '.join(near) or 'one of them'}")  # fmt: skip
    return {shape: weight * strength for shape, weight in PRESETS[name].items()}
