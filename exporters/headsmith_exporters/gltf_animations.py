"""The bundle's motions as glTF animations: joints turn, the head moves, and all meshes' morph weights play together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headsmith.asset.avatar import Avatar, Motion, Rig
from headsmith.errors import InputError
from headsmith.motion import to_avatar
from headsmith.types import F32
from headsmith_exporters.gltf_document import Document
from headsmith_exporters.gltf_joints import joint_node_name
from headsmith_exporters.gltf_packing import Packing


@dataclass(frozen=True)
class Moved:
    """What an animation moves."""

    targets: tuple[str, ...]
    """names of the morph targets, the same on every mesh"""
    meshes: tuple[int, ...]
    """nodes of the meshes that have them"""
    rig: Rig


def motions_named(avatar: Avatar, names: Sequence[str] | None) -> Mapping[str, Motion]:
    """The avatar's motions of these names, or all of them. Raises InputError for one that it does not have."""
    if names is None:
        return avatar.motions
    for name in names:
        if name not in avatar.motions:
            there = ", ".join(avatar.motions) or "no motion at all"
            raise InputError(f"motion '{name}'", found="no motion of that name in the avatar", expected=there,
                             action="choose one that it has, or leave the option out")  # fmt: skip
    return {name: avatar.motions[name] for name in names}


def add_animation(document: Document, packing: Packing, name: str, motion: Motion, moved: Moved) -> None:
    """One motion as an animation; what the avatar does not have of it is left out."""
    motion, _ = to_avatar(motion, moved.targets, moved.rig.joint_names)
    times = document.add_array((np.arange(len(motion.weights)) / motion.fps).astype(np.float32), bounds=True)
    animation = _Animation(times)
    if moved.targets and moved.meshes and motion.blendshape_names:
        weights = packing.animated_weights(document, _all_weights(motion, moved.targets))
        animation.move([*moved.meshes], "weights", weights)
    for joint, turns in zip(motion.joint_names, motion.joint_rotations_wxyz.transpose(1, 0, 2), strict=True):
        node = document.node(joint_node_name(joint))
        animation.move([node], "rotation", packing.rotations(document, turns[:, [1, 2, 3, 0]]))
    if np.any(motion.head_translation_m):
        root = int(np.flatnonzero(moved.rig.parents < 0)[0])
        way = moved.rig.joints_m[root] + motion.head_translation_m
        node = document.node(joint_node_name(moved.rig.joint_names[root]))
        animation.move([node], "translation", document.add_array(way.astype(np.float32)))
    if animation.channels:
        document.add("animations", {"name": name, "channels": animation.channels, "samplers": animation.samplers})


def _all_weights(motion: Motion, targets: tuple[str, ...]) -> F32:
    """[T, K] a weight for every target; those that the motion does not have stay 0."""
    out = np.zeros((len(motion.weights), len(targets)), np.float32)
    out[:, [targets.index(name) for name in motion.blendshape_names]] = motion.weights
    return out


class _Animation:
    """Channels and samplers on one line of time."""

    def __init__(self, times: int) -> None:
        self._times = times
        self.channels: list[dict[str, Any]] = []
        self.samplers: list[dict[str, Any]] = []

    def move(self, nodes: Sequence[int], path: str, values: int) -> None:
        self.samplers.append({"input": self._times, "interpolation": "LINEAR", "output": values})
        for node in nodes:
            self.channels.append({"sampler": len(self.samplers) - 1, "target": {"node": node, "path": path}})
