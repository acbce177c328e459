"""The rig's joints under the names that engines and their retargeting tools look for."""

from __future__ import annotations

JOINT_NAMES = {
    # the rig turns the whole head about the neck's foot by `root`, and the skull on the neck by `neck`
    "root": "Neck",
    "neck": "Head",
    "jaw": "Jaw",
    "left_eye": "LeftEye",
    "right_eye": "RightEye",
}
"""joint of the rig -> node of the glTF; any other joint keeps its name"""


def joint_node_name(joint: str) -> str:
    """The name that a joint of the rig has in a glTF."""
    return JOINT_NAMES.get(joint, joint)
