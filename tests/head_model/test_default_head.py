"""Every array of the default head."""

from importlib.resources import files

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from headsmith.asset.arkit import ARKIT_52
from headsmith.head_model.default import DATA_FILE, load_default_head, pack
from headsmith.head_model.model import JOINT_NAMES

PARTS = ("head", "eye_left", "eye_right", "teeth_upper", "teeth_lower", "tongue", "lashes")
REGIONS = {"face", "lips", "eyes", "scalp", "ears", "neck", "inner_mouth"}
FLIP = np.array([-1, 1, 1], np.float32)


@pytest.fixture(scope="module")
def head():
    return load_default_head()


def test_file_is_small_and_holds_no_objects():
    path = files("headsmith.head_model").joinpath("data", DATA_FILE)
    assert len(path.read_bytes()) <= 9e6
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)


def test_shapes_and_dtypes(head):
    V, F, S = len(head.v_template), len(head.faces), head.shapedirs.shape[2]
    assert 4500 <= V <= 5800
    assert S == 150
    shapes = {
        "v_template": (V, 3), "shapedirs": (V, 3, S), "exprdirs": (V, 3, 52), "J_regressor": (5, V),
        "weights": (V, 5), "arkit": (52, V, 3), "uvs": (len(head.uvs), 2), "landmark_barycentric": (478, 3),
        "landmark_weight": (478,),
    }  # fmt: skip
    for name, shape in shapes.items():
        array = getattr(head, name)
        assert array.shape == shape, name
        assert array.dtype == np.float32, name
        assert np.isfinite(array).all(), name
    for name, shape in {"faces": (F, 3), "uv_faces": (F, 3), "face_part": (F,), "parents": (5,), "mirror": (V,),
                        "landmark_triangle": (478,)}.items():  # fmt: skip
        assert getattr(head, name).shape == shape, name
        assert getattr(head, name).dtype == np.int32, name
    assert head.posedirs is None


def test_names(head):
    assert head.expression_names == ARKIT_52
    assert head.joint_names == JOINT_NAMES
    assert head.parents.tolist() == [-1, 0, 1, 1, 1]
    assert head.part_names == PARTS
    assert set(head.regions) == REGIONS
    assert "CC0" in head.licence
    np.testing.assert_array_equal(head.exprdirs, head.arkit.transpose(1, 2, 0))


def test_indices_are_in_range_and_nothing_is_unused(head):
    V = len(head.v_template)
    np.testing.assert_array_equal(np.unique(head.faces), np.arange(V))
    np.testing.assert_array_equal(np.unique(head.uv_faces), np.arange(len(head.uvs)))
    assert (head.faces[:, 0] != head.faces[:, 1]).all()
    assert (head.faces[:, 1] != head.faces[:, 2]).all()
    assert head.landmark_triangle.min() >= 0
    assert head.landmark_triangle.max() < len(head.faces)
    assert (np.bincount(head.face_part, minlength=len(PARTS)) > 0).all()


def test_true_adult_size_around_the_eyes(head):
    v = head.v_template[np.unique(head.faces[head.faces_of("head")])]
    joints = head.joints(head.v_template)
    np.testing.assert_allclose(joints[3:].mean(0), 0, atol=1e-6)
    assert 0.058 < joints[3, 0] - joints[4, 0] < 0.066
    skull = v[v[:, 1] > 0.03]
    assert 0.135 < np.ptp(skull[:, 0]) < 0.165
    assert 0.175 < np.ptp(skull[:, 2]) < 0.215
    assert 0.10 < v[:, 1].max() < 0.13
    assert v[v[:, 1] > -0.13][:, 2].argmax() >= 0
    assert v[:, 1].min() < joints[0, 1]


def test_joints_lie_inside_the_head(head):
    joints = head.joints(head.v_template)
    skin = head.v_template[np.unique(head.faces[head.faces_of("head")])]
    for joint in joints:
        for axis in range(3):
            others = [a for a in range(3) if a != axis]
            line = skin[(np.abs(skin[:, others] - joint[others]) < 0.012).all(1)]
            assert line[:, axis].max() > joint[axis], (joint, axis)
            if axis != 1:
                assert line[:, axis].min() < joint[axis], (joint, axis)
    assert joints[0, 1] < joints[1, 1] < joints[2, 1] < 0
    np.testing.assert_allclose(joints[:3, 0], 0, atol=1e-6)
    np.testing.assert_allclose(joints[3], joints[4] * FLIP, atol=1e-6)


def test_regressor_is_sparse_and_affine(head):
    np.testing.assert_allclose(head.J_regressor.sum(1), 1, atol=1e-6)
    assert ((head.J_regressor != 0).sum(1) < 400).all()


def test_weights(head):
    assert head.weights.min() >= 0
    np.testing.assert_allclose(head.weights.sum(1), 1, atol=1e-6)
    for part, column in (("eye_left", 3), ("eye_right", 4), ("teeth_lower", 2), ("tongue", 2), ("teeth_upper", 1)):
        rows = np.unique(head.faces[head.faces_of(part)])
        np.testing.assert_allclose(head.weights[rows, column], 1, atol=1e-6, err_msg=part)
    v = head.v_template
    skin = np.unique(head.faces[head.faces_of("head")])
    assert head.weights[skin[v[skin, 1] < -0.18], 0].min() == 1
    assert head.weights[skin[v[skin, 1] > 0.03], 1].min() > 0.99
    chin = skin[np.argmin(v[skin, 1] - 2 * v[skin, 2])]
    assert head.weights[chin, 2] > 0.8


def test_template_and_components_are_symmetric(head):
    mirror = head.mirror
    np.testing.assert_array_equal(mirror[mirror], np.arange(len(mirror)))
    np.testing.assert_allclose(head.v_template[mirror] * FLIP, head.v_template, atol=1e-6)
    np.testing.assert_allclose(head.weights[mirror][:, [0, 1, 2, 4, 3]], head.weights, atol=1e-6)
    flipped = head.shapedirs[mirror] * FLIP[:, None]
    for k in range(head.shapedirs.shape[2]):
        even = np.abs(flipped[..., k] - head.shapedirs[..., k]).max()
        odd = np.abs(flipped[..., k] + head.shapedirs[..., k]).max()
        assert min(even, odd) < 5e-6, k
    # a mirrored triangle is a triangle with the other winding
    faces = {tuple(np.roll(f, -int(np.argmin(f)))) for f in head.faces}
    turned = mirror[head.faces][:, ::-1]
    assert {tuple(np.roll(f, -int(np.argmin(f)))) for f in turned} == faces
    for name, region in head.regions.items():
        np.testing.assert_allclose(region[mirror], region, atol=1.01 / 255, err_msg=name)


def test_identity_components_are_ordered_and_in_standard_deviations(head):
    size = np.sqrt((head.shapedirs**2).sum((0, 1)))
    # the order is that of the heads before teeth and tongue were seated, which changes the sizes a little
    assert (np.diff(size) <= 3e-3 * size[0]).all()
    largest = np.linalg.norm(head.shapedirs, axis=1).max(0)
    assert 0.004 < largest[0] < 0.04
    assert largest[-1] > 2e-6


def _boundary_loops(faces):
    """Vertex counts and rows of the loops of edges with one face; no edge may have three."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    assert count.max() <= 2
    rim = unique[count == 1]
    if not len(rim):
        return []
    n = int(rim.max()) + 1
    _, label = connected_components(coo_matrix((np.ones(len(rim)), rim.T), (n, n)), directed=False)
    rows = [np.flatnonzero(label == k) for k in np.unique(label[rim.ravel()])]
    assert (np.bincount(rim.ravel())[np.unique(rim)] == 2).all()
    return rows


def test_surfaces_are_closed_but_for_named_openings(head):
    loops = _boundary_loops(head.faces[head.faces_of("head")])
    # eyes and mouth are pockets of the one surface, so the neck rim is its only opening
    assert [len(loop) for loop in loops] == [42]
    assert head.v_template[loops[0], 1].max() < head.joints(head.v_template)[1, 1]
    for part in ("eye_left", "eye_right", "tongue"):
        assert _boundary_loops(head.faces[head.faces_of(part)]) == [], part
    for part in ("teeth_upper", "teeth_lower"):
        assert [len(loop) for loop in _boundary_loops(head.faces[head.faces_of(part)])] == [38], part


def test_faces_look_outwards(head):
    for part, centre in (("head", [0, 0.0, -0.07]), ("eye_left", None), ("eye_right", None), ("tongue", None)):
        corners = head.v_template[head.faces[head.faces_of(part)]].astype(np.float64)
        centre = corners.mean((0, 1)) if centre is None else centre
        volume = np.einsum("fi,fi->", corners[:, 0] - centre, np.cross(corners[:, 1] - centre, corners[:, 2] - centre))
        assert volume > 0, part


def test_texture_layout_has_no_overlaps(head):
    assert head.uvs.min() >= 0.003
    assert head.uvs.max() <= 0.997
    size = 2048
    corners = (head.uvs[head.uv_faces] * size).astype(np.float64)
    count, island = np.zeros((size, size), np.int32), np.full((size, size), -1, np.int32)
    label = _islands(head)
    for triangle, k in zip(corners, label, strict=True):
        (x0, y0), (x1, y1) = np.floor(triangle.min(0)).astype(int), np.ceil(triangle.max(0)).astype(int)
        x, y = np.meshgrid(np.arange(x0, x1) + 0.5, np.arange(y0, y1) + 0.5)
        a, b, c = triangle
        sides = [(q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0]) for p, q in ((a, b), (b, c), (c, a))]
        inside = np.all([s > 1e-9 for s in sides], axis=0)
        count[y0:y1, x0:x1] += inside
        island[y0:y1, x0:x1][inside] = k
    assert count.max() == 1
    assert (count > 0).mean() > 0.85
    _assert_margins(island, head)


def _islands(head):
    n = len(head.uvs)
    edges = np.concatenate([head.uv_faces[:, [0, 1]], head.uv_faces[:, [1, 2]]])
    return connected_components(coo_matrix((np.ones(len(edges)), edges.T), (n, n)), directed=False)[1][
        head.uv_faces[:, 0]
    ]


def _assert_margins(island, head):
    """Islands lie 8 px apart; the lashes' single hairs, all of one colour, count as one island."""
    lash = np.unique(_islands(head)[head.faces_of("lashes")])
    island = np.where(np.isin(island, lash), lash[0], island)
    for axis in (0, 1):
        for gap in range(1, 8):
            a, b = (island[gap:], island[:-gap]) if axis == 0 else (island[:, gap:], island[:, :-gap])
            assert not ((a >= 0) & (b >= 0) & (a != b)).any(), gap


def test_the_face_gets_most_texels(head):
    corners = head.uvs[head.uv_faces].astype(np.float64)
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    drawn = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    assert drawn.min() > 0
    q = head.v_template[head.faces].astype(np.float64)
    real = np.linalg.norm(np.cross(q[:, 1] - q[:, 0], q[:, 2] - q[:, 0]), axis=1)
    density = {n: np.sqrt(_weighted(drawn, r[head.faces].mean(1)) / _weighted(real, r[head.faces].mean(1))) * 2.048
               for n, r in head.regions.items()}  # fmt: skip
    assert density["face"] > 5
    assert density["lips"] > 5
    assert density["scalp"] > 2.5
    assert drawn[head.faces_of("head")].sum() / 2 > 0.75


def _weighted(values, weights):
    return (values * weights).sum()


def test_iris_is_concentric_in_the_texture(head):
    for part in ("eye_left", "eye_right"):
        mask = head.faces_of(part)
        rows, first = np.unique(head.faces[mask], return_index=True)
        uv = head.uvs[head.uv_faces[mask].ravel()[first]]
        v = head.v_template[rows]
        pole = int(np.argmax(v[:, 2]))
        offset = v[:, :2] - v[pole, :2]
        near = (np.linalg.norm(offset, axis=1) < 0.0062) & (v[:, 2] > 0)
        radius = np.linalg.norm(uv - uv[pole], axis=1)
        ring = np.round(np.linalg.norm(offset[near], axis=1), 4)
        for r in np.unique(ring):
            assert np.ptp(radius[near][ring == r]) < 1e-3
        # u grows to the subject's left, v upwards, as seen from the front
        assert (np.sign((uv - uv[pole])[near] + 1e-9) == np.sign(offset[near] + 1e-9))[radius[near] > 1e-4].mean() > 0.9


def test_regions_lie_where_they_should(head):
    v = head.v_template
    where = {name: np.average(v, axis=0, weights=region) for name, region in head.regions.items()}
    assert all(r.min() >= 0 and r.max() <= 1 for r in head.regions.values())
    assert where["scalp"][1] > 0.015
    assert where["scalp"][2] < -0.05
    assert where["neck"][1] < -0.1
    assert -0.08 < where["lips"][1] < -0.06
    assert abs(where["eyes"][1]) < 0.01
    assert -0.11 < where["ears"][2] < -0.05
    assert where["inner_mouth"][2] < where["lips"][2]
    total = sum(head.regions.values())
    exposed = np.unique(head.faces[head.faces_of("head")])
    assert (total[exposed] > 0.3).mean() > 0.95
    for part in ("teeth_upper", "teeth_lower", "tongue"):
        assert head.regions["inner_mouth"][np.unique(head.faces[head.faces_of(part)])].min() == 1


def test_packing_again_gives_the_same_arrays(head):
    with files("headsmith.head_model").joinpath("data", DATA_FILE).open("rb") as file, np.load(file) as arrays:
        for name, array in pack(head).items():
            np.testing.assert_array_equal(array, arrays[name], err_msg=name)


def test_loading_is_cached():
    assert load_default_head() is load_default_head()
