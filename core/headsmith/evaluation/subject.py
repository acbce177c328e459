"""The head of an avatar as the stages of a build take it."""

from __future__ import annotations

import numpy as np

from headsmith.asset import Avatar
from headsmith.errors import InputError
from headsmith.head_model.load import load_head
from headsmith.head_model.model import HeadModel
from headsmith.landmarks import detect
from headsmith.track import with_expressions
from headsmith.types import HeadFit, StaticTexture


def known_head(avatar: Avatar, head: str = "default") -> tuple[HeadModel, HeadFit]:
    """The head model that the avatar was built on, with the avatar's own expressions, and the avatar's own shape on it.

    `head` is `default` or the model's file, which no bundle carries. Raises InputError where it is another model.
    """
    model = load_head(head, detect)
    mesh = avatar.head
    shapes = avatar.blendshapes.names[-len(model.expression_names) :]
    same = model.joint_names == avatar.rig.joint_names and model.expression_names == shapes
    if not same or not np.array_equal(model.faces, mesh.faces):
        raise InputError("--head", found=f"the head model '{model.name}'", expected=f"'{mesh.model_name}', on which "
                         "the avatar was built", action="give that model's file with --head")  # fmt: skip
    own = avatar.blendshapes.deltas[-len(model.expression_names) :].astype(np.float32)
    model = with_expressions(model, np.ascontiguousarray(own.transpose(1, 2, 0)))
    identity = np.zeros(model.shapedirs.shape[2], np.float32)
    return model, HeadFit(identity, (mesh.vertices - model.v_template).astype(np.float32), ())


def worn_texture(avatar: Avatar) -> StaticTexture:
    """The avatar's skin as tracking takes it."""
    texture = avatar.material.static_texture
    return StaticTexture(texture, np.ones(texture.shape[:2], np.float32), avatar.material.light_sh[None])
