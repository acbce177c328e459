"""An avatar to export, and independent readers of what was written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asset.networks import texture_network
from headsmith.asset import DynamicTexture
from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import Avatar, Blendshapes, HeadMesh, Rig
from headsmith.asset.bundle import read_avatar
from headsmith.asset.manifest import parameter_names
from headsmith.head_model.default import load_default_head
from node_readers import Readers, installed_readers
from synthetic import make_avatar


@pytest.fixture(scope="session")
def avatar() -> Avatar:
    return make_avatar()


@pytest.fixture(scope="session")
def painted(avatar: Avatar) -> Avatar:
    """With a network that listens to every parameter."""
    inputs = (*parameter_names(avatar), "view.x", "view.y", "view.z")
    return replace(avatar, dynamic_texture=DynamicTexture(texture_network(len(inputs)), inputs))


@pytest.fixture(scope="session")
def default_avatar(avatar: Avatar) -> Avatar:
    """The default head with its own rig and blendshapes, otherwise made up."""
    model = load_default_head()
    rest = model.v_template.astype(np.float32)
    head = HeadMesh(model.name, model.licence, rest, model.faces, model.uvs, model.uv_faces, model.part_names,
                    model.face_part, model.regions)  # fmt: skip
    rig = Rig(model.joint_names, model.parents, model.joints(rest).astype(np.float32), model.weights)
    return replace(avatar, head=head, rig=rig, blendshapes=Blendshapes(ARKIT_52, model.arkit))


@pytest.fixture(scope="session")
def built_avatar(sample_avatar: Path) -> Avatar:
    """A real person's avatar, as the command line built it."""
    return read_avatar(sample_avatar)


@pytest.fixture(scope="session")
def readers() -> Readers:
    """What is not ours and reads glTF and splats."""
    return installed_readers()
