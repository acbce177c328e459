"""The dynamic texture: a small network from the parameter vector to a picture (docs/format.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import Avatar, DynamicTexture, Pose
from headsmith.asset.damage import damaged
from headsmith.asset.images import MAX_SIDE_PX
from headsmith.asset.onnx_file import parse_onnx
from headsmith.asset.onnx_network import Network
from headsmith.types import F32, Camera

FILE = "dynamic_texture.onnx"
AXES = "xyz"
VIEW = "view"
FROM_THE_FRONT = (0.0, 0.0, 1.0)
LARGEST_COEFFICIENT = 5.0
"""standard deviations, either way, of what a head model has beside ARKit's shapes"""


class TextureNetwork:
    """A dynamic texture ready to run. Raises InputError about `subject` for a network that cannot be used."""

    def __init__(self, dynamic: DynamicTexture, subject: str = FILE) -> None:
        network = Network(parse_onnx(dynamic.onnx, subject), subject)
        wanted = (1, len(dynamic.inputs))
        if (network.input_name, network.input_shape) != ("parameters", wanted):
            found = f"the input '{network.input_name}' of shape {list(network.input_shape)}"
            raise damaged(subject, found, f"'parameters' of shape {list(wanted)}, as many as avatar.json names")
        shape = network.output_shape
        if network.output_name != "texture" or shape[:2] != (1, 3) or len(shape) != 4 or max(shape) > MAX_SIDE_PX:
            found = f"the output '{network.output_name}' of shape {list(shape)}"
            raise damaged(subject, found, f"'texture' of shape [1, 3, height, width] up to {MAX_SIDE_PX} px a side")
        self.inputs = dynamic.inputs
        self.height_px, self.width_px = shape[2:]
        self._network = network

    def texture(self, parameters: F32) -> F32:
        """[height, width, 3] sRGB 0..1, row 0 is v = 1, for `parameters` [P] in the order of `inputs`."""
        planes = self._network.run(np.ascontiguousarray(parameters, np.float32)[None])[0]
        # fmax and fmin put 0 in place of what is not a number
        return np.ascontiguousarray(np.fmin(np.fmax(planes, 0), 1).transpose(1, 2, 0))


def direction_to(camera: Camera) -> F32:
    """[3] unit vector from the origin of head space to the camera."""
    place = camera.position_m
    return (place / max(float(np.linalg.norm(place)), 1e-9)).astype(np.float32)


def weight_range(blendshape: str) -> tuple[float, float]:
    """The least and the greatest weight that a network is given: ARKit's are 0..1, a model's own coefficients are
    signed."""
    return (0.0, 1.0) if blendshape in ARKIT_52 else (-LARGEST_COEFFICIENT, LARGEST_COEFFICIENT)


def parameters_of(
    inputs: Sequence[str],
    weights: Mapping[str, float],
    joints: Mapping[str, Sequence[float] | F32],
    view: Sequence[float] | F32 = FROM_THE_FRONT,
) -> F32:
    """The parameter vector [P] that a network takes, P names in `inputs`.

    `weights`: blendshape -> weight, which is held to `weight_range`; `joints`: joint -> axis-angle (3 radians, relative
    to its parent); `view`: unit vector from the origin of head space to the camera. What is not given is zero.
    """
    vector = np.zeros(len(inputs), np.float32)
    turns = {**joints, VIEW: view}
    for row, name in enumerate(inputs):
        whose, _, axis = name.rpartition(".")
        if name in weights:
            least, most = weight_range(name)
            vector[row] = min(max(weights[name], least), most)
        elif whose in turns and axis in AXES:
            vector[row] = turns[whose][AXES.index(axis)]
    return vector


def pose_parameters(avatar: Avatar, pose: Pose, view: Sequence[float] | F32 = FROM_THE_FRONT) -> F32:
    """The vector [P] for `pose`; `avatar` has a dynamic texture."""
    inputs = avatar.dynamic_texture.inputs if avatar.dynamic_texture else ()
    weights = dict(zip(avatar.blendshapes.names, pose.weights.tolist(), strict=True))
    return parameters_of(inputs, weights, dict(zip(avatar.rig.joint_names, pose.joint_rotations, strict=True)), view)


def unknown_inputs(dynamic: DynamicTexture, blendshapes: Sequence[str], joints: Sequence[str]) -> list[str]:
    """Inputs of the network that are no blendshape, no joint's axis-angle component and no view direction's."""
    known = {*blendshapes, *(f"{whose}.{axis}" for whose in (*joints, VIEW) for axis in AXES)}
    return [name for name in dynamic.inputs if name not in known]
