"""How much of a face something else seems to cover.

Each landmark sits on the same bit of skin in every frame, so that its colour, compared with the rest of the face's,
changes over a clip only with light, pose and expression, and those change all points together along a few directions.
A hand or a cup in front changes a few points in another way. So the frames that look most like the usual ones give
principal components of the colours, and what these do not explain is counted (robust principal components with
reweighted projection, after De la Torre and Black, A framework for robust subspace learning, IJCV 2003).
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter1d, median_filter
from scipy.spatial import cKDTree

from headsmith.types import F32, U8, Bool

SKIN_POINTS = 468
EYE_CORNERS = (33, 263)
# of the distance between the eyes
BLUR = 0.03
DARKEST = 0.02
COMPONENTS, MOST_FRAMES = 8, 300
ROUNDS, REWEIGHTINGS = 3, 3
# the share of frames that is taken for uncovered at first, and how strange a frame may look to count as such after
FIRST_CLEAR, CLEAR = 0.4, 0.04
# in robust standard deviations of a point's own colour, with a floor for noise
STRANGE, LEAST_DEVIATION = 3.5, 0.05
OUTLIER = 0.15
MAD_TO_DEVIATION = 1.4826
# on a clip in which a hand passes, a third of what it covers looked strange: it is skin as well
STRANGE_OF_COVERED = 1 / 3
NORMAL_NEIGHBOURS = 10
# cosine: what is seen more obliquely slides on and off the edge of the face
FACING = 0.5
# radians between which a face is less and less comparable with uncovered ones: by its distance from the nearest
# of them, and from the middle of them
NEAR_ONE, NEAR_MIDDLE = (0.1, 0.25), (0.3, 0.5)
STEADY_FRAMES, ENTER_FRAMES = 5, 21


def skin_colours(image: U8, points: F32) -> F32:
    """[468, 3] logarithm of the smoothed colour at each landmark of the skin, less the median of the face; NaN for
    those outside the picture. `points` [478, 2 or 3] in pixels."""
    height, width = image.shape[:2]
    skin = points[:SKIN_POINTS, :2]
    corners = points[list(EYE_CORNERS), :2]
    sigma = BLUR * float(np.linalg.norm(corners[1] - corners[0]))
    low = np.clip(np.floor(skin.min(0) - 3 * sigma), 0, [width - 1, height - 1]).astype(int)
    high = np.clip(np.ceil(skin.max(0) + 3 * sigma), low + 1, [width, height]).astype(int)
    crop = image[low[1] : high[1], low[0] : high[0]].astype(np.float32) / 255
    smooth = gaussian_filter(crop, (sigma, sigma, 0))
    at = np.floor(skin - low).astype(int)
    inside = ((at >= 0) & (at < high - low)).all(1)
    colours = np.full((SKIN_POINTS, 3), np.nan, np.float32)
    colours[inside] = np.log(smooth[at[inside, 1], at[inside, 0]] + DARKEST)
    return colours - np.nanmedian(colours, 0) if inside.any() else colours


def facing(points: F32, depth: F32, T_face: F32) -> F32:
    """[N, 468] cosine between the skin's normal at each landmark and the way to the camera.

    `points` [N, 478, 2] and `depth` [N, 478] in pixels, `T_face` [N, 4, 4]. The normals are those of the mean face.
    """
    flat = points[:, :SKIN_POINTS]
    # as T_face has it: y up, z towards the camera
    seen = np.stack([flat[..., 0], -flat[..., 1], -depth[:, :SKIN_POINTS]], -1).astype(np.float64)
    seen -= seen.mean(1, keepdims=True)
    seen /= np.linalg.norm(seen, axis=-1).mean(1)[:, None, None]
    turn = _turns(T_face)
    mean_face = (seen @ turn).mean(0)
    return (_normals(mean_face) @ turn[:, 2, :].T).T


def _normals(face: F32) -> F32:
    """[468, 3] of the planes through each point's neighbours, away from the inside of the head."""
    _, near = cKDTree(face).query(face, NORMAL_NEIGHBOURS)
    around = face[near] - face[near].mean(1, keepdims=True)
    normals = np.linalg.svd(around, full_matrices=False)[2][:, -1]
    outwards = face - [0, 0, face[:, 2].min() - 0.5]
    return normals * np.sign((normals * outwards).sum(1, keepdims=True))


def occlusion(colours: F32, towards: F32, T_face: F32) -> F32:
    """[N] 0..1 from `skin_colours` [N, 468, 3], `facing` [N, 468] and the poses [N, 4, 4] of one person in frames in
    the order of time. 0 for a pose in which the face was never seen uncovered: there is nothing to compare with."""
    colours = np.where((towards > FACING)[..., None], colours, np.nan)
    known = np.isfinite(colours)
    share = _share(np.abs(_deviations(np.where(known, colours, 0), known)), known)
    clear = share <= np.quantile(share, FIRST_CLEAR)
    for _ in range(ROUNDS):
        share = _share(_unexplained(colours, clear), known) * _comparable(T_face, clear)
        clear = share <= max(CLEAR, float(np.quantile(share, FIRST_CLEAR)))
    # a hand comes and goes slowly and is blurred while it does
    steady = maximum_filter1d(median_filter(share, STEADY_FRAMES, mode="nearest"), ENTER_FRAMES, mode="nearest")
    return np.minimum(steady / STRANGE_OF_COVERED, 1).astype(np.float32)


def _comparable(T_face: F32, clear: Bool) -> F32:
    """[N] 1 for poses as in the clear frames: nearly that of one of them, or not far from their mean; falling to 0."""
    turns = _turns(T_face)
    flat = turns.reshape(len(turns), 9)
    # the distance of two rotations as matrices is the square root of two times their angle, while that is small
    from_one = cKDTree(flat[clear]).query(flat)[0] / np.sqrt(2)
    forward = turns[..., 2]
    middle = forward[clear].mean(0)
    from_middle = np.arccos(np.clip(forward @ middle / np.linalg.norm(middle), -1, 1))
    known = [(far - angle) / (far - near) for angle, (near, far) in ((from_one, NEAR_ONE), (from_middle, NEAR_MIDDLE))]
    return np.clip(np.maximum(*known), 0, 1)


def _turns(T_face: F32) -> F32:
    """[N, 3, 3] rotations without scale."""
    return T_face[:, :3, :3] / np.maximum(np.linalg.norm(T_face[:, :3, :3], axis=1, keepdims=True), 1e-9)


def _share(deviations: F32, known: Bool) -> F32:
    """[N] of the known points, those that deviate too much in any channel; [N, 468, 3]."""
    seen = known[..., 0]
    return ((deviations.max(-1) > STRANGE) & seen).sum(1) / np.maximum(seen.sum(1), 1)


def _deviations(values: F32, known: Bool) -> F32:
    """Each point's values over the frames, in robust standard deviations from their median."""
    masked = np.where(known, values, np.nan)
    # a point that is outside every picture has no median
    usual = np.nan_to_num(np.nanmedian(np.where(known.any(0), masked, 0), 0))
    return (values - usual) / _scale(values - usual) * known


def _scale(residuals: F32) -> F32:
    return MAD_TO_DEVIATION * np.median(np.abs(residuals), 0) + LEAST_DEVIATION


def _unexplained(colours: F32, clear: Bool) -> F32:
    """[N, 468, 3] what the principal components of the clear frames leave, in robust standard deviations."""
    flat = colours.reshape(len(colours), -1)
    known = np.isfinite(flat)
    values = np.where(known, flat, 0)
    around = (values - np.median(values[clear], 0)) * known
    basis = _components(around[clear])
    residuals, weights = around, known.astype(np.float64)
    for _ in range(REWEIGHTINGS if len(basis) else 0):
        residuals = (around - _weights_of(basis, around, weights) @ basis) * known
        weights = known / np.maximum(1, np.abs(residuals) / OUTLIER)
    return (np.abs(residuals) / _scale(residuals[clear])).reshape(colours.shape)


def _components(values: F32) -> F32:
    """[K, D] principal components of the rows [n, D] around zero; fewer of few rows, which they would fit by rote."""
    some = values[np.linspace(0, len(values) - 1, min(len(values), MOST_FRAMES)).astype(int)]
    return np.linalg.svd(some, full_matrices=False)[2][: min(COMPONENTS, len(some) // 4)]


def _weights_of(basis: F32, values: F32, weights: F32) -> F32:
    """[N, K] weighted least squares of the rows [N, D] in the basis [K, D]."""
    count = len(basis)
    products = (basis[:, None] * basis[None]).reshape(count * count, -1)
    normal = (weights @ products.T).reshape(-1, count, count) + 1e-6 * np.eye(count)
    return np.linalg.solve(normal, ((weights * values) @ basis.T)[..., None])[..., 0]
