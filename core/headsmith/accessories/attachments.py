"""Places on a head for things that are made elsewhere: glasses, a hat, earrings, a headset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.accessories.anchors import Anchors
from headsmith.accessories.seating import anchor_width
from headsmith.types import F32

CARRIED_BY = {"forehead": "crown", "ear_left": "lobe_left", "ear_right": "lobe_right"}
"""anchors without an attachment of their own -> the one that what sits there hangs from"""


@dataclass(frozen=True)
class Attachment:
    """A frame that moves with the skull."""

    name: str
    anchor: str
    position_m: F32
    """[3] head space"""
    axes: F32
    """[3, 3] columns: sideways, up, front (out of the head at an ear)"""
    width_m: float
    """how wide what hangs there is"""

    def matrix(self) -> F32:
        """[4, 4] from the frame to head space."""
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = self.axes, self.position_m
        return matrix


def attachments(head: Anchors) -> dict[str, Attachment]:
    """By anchor, and `ears` for what spans both; a head model without ears has none for earrings and headsets."""
    forward = np.eye(3)
    bridge, scalp = head.at("bridge"), head.scalp
    found = {
        "bridge": Attachment("glasses", "bridge", bridge.position_m, forward, bridge.width_m),
        # a hat's own middle is that of its rim
        "crown": Attachment("hat", "crown", scalp.centre_m, scalp.axes, anchor_width(head, "crown")),
    }
    for side in ("left", "right") if head.ears else ():
        lobe = head.at(f"lobe_{side}")
        found[lobe.name] = Attachment(f"earring_{side}", lobe.name, lobe.position_m, lobe.axes, lobe.width_m)
    if head.ears:
        tops = np.stack([ear.top_m for ear in head.ears])
        found["ears"] = Attachment("headset", "ears", tops.mean(0), forward, float(np.ptp(tops[:, 0])))
    return found
