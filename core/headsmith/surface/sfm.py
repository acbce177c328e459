"""Structure from motion over the key frames of a clip (COLMAP, Schoenberger and Frahm 2016).

Frames may be crops of their pictures: keypoints are brought into one camera with the frames' common optical axis and
focal length before COLMAP sees them. It therefore needs no pictures, and none is ever written to disk.
"""

from __future__ import annotations

import signal
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from headsmith.surface.params import SfmParams
from headsmith.types import F32, Frame

MASKED = 0.9
"""keypoints count as the person's where the matte is at least so sure"""
DESCRIPTOR = 128
"""numbers of a SIFT descriptor"""
_SILENT = 3
"""only what ends the process is logged"""


class NotRegistered(Exception):
    """The frames tell too little of how the camera moved; its text is a clause that says why."""


@dataclass(frozen=True)
class Structure:
    """How the camera moved round the head, in a space and at a scale of its own; R frames were registered."""

    rows: tuple[int, ...]
    """[R] which frames"""
    T_camera_scene: F32
    """[R, 4, 4] float64"""
    focal_ratio: float
    """the true focal length of every frame over the one it was told to have"""
    points: F32
    """[P, 3] float64"""
    error_px: float
    """mean distance of points from where they were seen"""


def find_structure(frames: Sequence[Frame], masks: Sequence[F32] | None, params: SfmParams) -> Structure:
    """From keypoints inside the masks [H, W] (0..1) of the frames, or from all. Deterministic.

    Raises NotRegistered when too few frames fit together, or pycolmap is not installed.
    """
    try:
        import pycolmap
    except ImportError as error:
        raise NotRegistered("pycolmap is not installed (pip install 'headsmith[clip]')") from error
    with _silence(pycolmap), tempfile.TemporaryDirectory() as folder:
        pycolmap.set_random_seed(params.seed)
        database = Path(folder) / "keypoints.db"
        focal_px = float(np.median([frame.camera.focal_px for frame in frames]))
        _write_keypoints(pycolmap, database, _keypoints(pycolmap, frames, masks, focal_px, params), focal_px)
        _match(pycolmap, database, params)
        found = pycolmap.incremental_mapping(database, folder, folder, _mapping_options(pycolmap, params))
        best = max(found.values(), key=lambda r: int(r.num_reg_images()), default=None)
        registered = 0 if best is None else int(best.num_reg_images())
        if best is None or registered < max(params.min_frames, params.min_share * len(frames)):
            raise NotRegistered(f"structure from motion placed {registered} of {len(frames)} frames")
        return _structure(best, focal_px)


@contextmanager
def _silence(pycolmap: Any) -> Iterator[None]:
    if threading.current_thread() is threading.main_thread():
        # importing pycolmap makes the process print a stack trace when it is asked to end; back to what Python has set
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))
    before = pycolmap.logging.minloglevel
    pycolmap.logging.minloglevel = _SILENT
    try:
        yield
    finally:
        pycolmap.logging.minloglevel = before


def _keypoints(
    pycolmap: Any, frames: Sequence[Frame], masks: Sequence[F32] | None, focal_px: float, params: SfmParams
) -> list[tuple[F32, Any]]:
    """Places [K, 2] from the optical axis at the focal length, and descriptors, of each frame."""
    options = pycolmap.FeatureExtractionOptions()
    options.num_threads, options.use_gpu = 1, False
    options.sift.max_num_features, options.sift.peak_threshold = params.max_keypoints, params.peak_threshold
    extractor = pycolmap.FeatureExtractor.create(options, pycolmap.Device.cpu)
    out = []
    for row, frame in enumerate(frames):
        grey = np.array(Image.fromarray(frame.image).convert("L"))
        keypoints, descriptors = extractor.extract_from_uint8_array(grey)
        places = pycolmap.keypoints_to_matrix(keypoints)[:, :2].reshape(-1, 2)
        data = descriptors.data.reshape(len(places), DESCRIPTOR)
        if masks is not None:
            x, y = np.clip(places.astype(int), 0, np.array(grey.shape[::-1]) - 1).T
            inside = masks[row][y, x] >= MASKED
            places, data = places[inside], data[inside]
        scale = focal_px / frame.camera.focal_px
        out.append(((places - np.asarray(frame.camera.principal_px)) * scale, data))
    return out


def _write_keypoints(pycolmap: Any, database: Path, keypoints: list[tuple[F32, Any]], focal_px: float) -> None:
    half = float(np.ceil(max(np.abs(places).max(initial=1.0) for places, _ in keypoints))) + 1
    camera = pycolmap.Camera(model="SIMPLE_PINHOLE", width=int(2 * half), height=int(2 * half),
                             params=[focal_px, half, half], camera_id=1)  # fmt: skip
    camera.has_prior_focal_length = True
    sift = pycolmap.FeatureExtractorType.SIFT
    with pycolmap.Database.open(database) as db:
        db.write_camera(camera, use_camera_id=True)
        rig = pycolmap.Rig(rig_id=1)
        rig.add_ref_sensor(camera.sensor_id)
        db.write_rig(rig, use_rig_id=True)
        for number, (places, descriptors) in enumerate(keypoints, start=1):
            image = pycolmap.Image(name=str(number), camera_id=1, image_id=number)
            db.write_image(image, use_image_id=True)
            frame = pycolmap.Frame()
            frame.frame_id, frame.rig_id = number, 1
            frame.add_data_id(image.data_id)
            db.write_frame(frame, use_frame_id=True)
            db.write_keypoints(number, np.ascontiguousarray(places + half, np.float32))
            db.write_descriptors(number, pycolmap.FeatureDescriptors(sift, np.ascontiguousarray(descriptors)))


def _match(pycolmap: Any, database: Path, params: SfmParams) -> None:
    matching = pycolmap.FeatureMatchingOptions()
    matching.num_threads, matching.use_gpu, matching.guided_matching = 1, False, True
    verification = pycolmap.TwoViewGeometryOptions()
    verification.ransac.random_seed = params.seed
    # places are relative to the optical axis: nothing is known of the picture's border
    verification.detect_watermark = False
    pycolmap.match_exhaustive(database, matching, verification_options=verification, device=pycolmap.Device.cpu)


def _mapping_options(pycolmap: Any, params: SfmParams) -> Any:
    options = pycolmap.IncrementalPipelineOptions()
    options.num_threads, options.random_seed = 1, params.seed
    options.multiple_models, options.extract_colors = False, False
    options.min_model_size = params.min_frames
    options.mapper.num_threads, options.mapper.random_seed = 1, params.seed
    options.triangulation.random_seed = params.seed
    options.mapper.init_min_tri_angle = params.first_angle_deg
    options.mapper.init_min_num_inliers = params.first_matches
    options.mapper.abs_pose_min_num_inliers = params.next_matches
    return options


def _structure(found: Any, focal_px: float) -> Structure:
    poses = {int(image.name) - 1: image.cam_from_world().matrix() for image in found.images.values() if image.has_pose}
    rows = sorted(poses)
    T = np.tile(np.eye(4), (len(rows), 1, 1))
    T[:, :3] = [poses[row] for row in rows]
    points = np.array([point.xyz for _, point in sorted(found.points3D.items())]).reshape(-1, 3)
    (camera,) = found.cameras.values()
    error_px = float(found.compute_mean_reprojection_error())
    return Structure(tuple(rows), T, float(camera.focal_length) / focal_px, points, error_px)
