"""Key frames of a still head seen from many sides -> cameras, a surface, and the head registered to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import binary_dilation

from headsmith.asset.cameras import moved_out
from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.surface.cameras import PlacedCameras, place_cameras
from headsmith.surface.deferred_shading import refine_surface
from headsmith.surface.hull import visual_hull
from headsmith.surface.likely_size import likely_size, resized
from headsmith.surface.mesh import SurfaceView, TriangleMesh
from headsmith.surface.params import SurfaceParams
from headsmith.surface.register import RegisterParams, register_head
from headsmith.surface.sfm import NotRegistered, find_structure
from headsmith.types import Camera, Frame, HeadFit, Landmarks, Mattes, Progress, no_progress

AROUND_HULL_PX = 4


@dataclass(frozen=True)
class SurfaceResult:
    """The head after the surface stage."""

    fit: HeadFit
    """with the cameras of structure from motion where they were found"""
    method: str
    """`sfm` or `landmarks`"""
    mesh: TriangleMesh | None
    """the person's surface with hair, in head space; None where no cameras were found"""
    rows: tuple[int, ...]
    """the frames that structure from motion placed"""
    warnings: tuple[str, ...]

    @property
    def registered(self) -> int:
        """How many frames structure from motion placed."""
        return len(self.rows)


def reconstruct(
    model: HeadModel,
    fit: HeadFit,
    seen: tuple[Sequence[Frame], Sequence[Landmarks], Sequence[Mattes]],
    params: SurfaceParams | None = None,
    progress: Progress = no_progress,
) -> SurfaceResult:
    """The better head and its cameras; the fit as it is, with a sentence that says why, where no cameras were found.

    `seen` are the key frames of one clip in the order of `fit.views`, their landmarks and mattes.
    """
    params = params or SurfaceParams()
    frames, _, mattes = seen
    try:
        placed = find_cameras(model, fit, seen, params, progress=lambda share: progress(0.2 * share))
    except NotRegistered as reason:
        progress(1.0)
        return SurfaceResult(fit, "landmarks", None, (), (_sentence(frames, reason),))
    start = with_cameras(fit, placed)
    shown = [mattes[row] for row in placed.rows]
    vertices = placed.size * usual_vertices(model, start, placed.rows)
    hull = visual_hull(model, vertices, placed.cameras, shown, params.hull)
    views = [surface_view(hull, frames[row], mattes[row], camera)
             for row, camera in zip(placed.rows, placed.cameras, strict=True)]  # fmt: skip
    mesh = refine_surface(hull, views, params.deferred, lambda share: progress(0.2 + 0.6 * share))
    rough = register(model, start, (mesh, placed), seen, params.register, lambda share: progress(0.8 + 0.1 * share))
    mesh, placed = resized(mesh, placed, likely_size(model, rough))
    better = register(model, with_cameras(fit, placed), (mesh, placed), seen, params.register,
                      lambda share: progress(0.9 + 0.1 * share))  # fmt: skip
    progress(1.0)
    return SurfaceResult(better, "sfm", mesh, placed.rows, ())


def surface_view(hull: TriangleMesh, frame: Frame, matte: Mattes, camera: Camera) -> SurfaceView:
    """One frame as evidence for the surface, except for what of the person the hull leaves out: far hair, shoulders."""
    drawn = rasterize(hull.vertices_m, hull.faces, camera).triangle >= 0
    left_out = (matte.person >= 0.5) & ~binary_dilation(drawn, iterations=AROUND_HULL_PX)
    around = binary_dilation(left_out, iterations=AROUND_HULL_PX)
    return SurfaceView(frame.image, matte.person, camera, (~around).astype(np.float32))


def register(
    model: HeadModel,
    fit: HeadFit,
    surface: tuple[TriangleMesh, PlacedCameras],
    seen: tuple[Sequence[Frame], Sequence[Landmarks], Sequence[Mattes]],
    params: RegisterParams,
    progress: Progress = no_progress,
) -> HeadFit:
    """The fit laid onto the surface; views without a placed camera keep their place beside the head."""
    (mesh, placed), (_, landmarks, mattes) = surface, seen
    used = replace(fit, views=tuple(fit.views[row] for row in placed.rows))
    found = register_head(model, used, mesh, [landmarks[row] for row in placed.rows], placed.cameras,
                          [mattes[row] for row in placed.rows], params, progress)  # fmt: skip
    T_surface_head = np.linalg.inv(placed.cameras[0].T_camera_world) @ found.views[0].camera.T_camera_world
    views = [replace(view, camera=_in_moved_space(view.camera, T_surface_head)) for view in fit.views]
    for row, view in zip(placed.rows, found.views, strict=True):
        views[row] = view
    return replace(found, views=tuple(views))


def _in_moved_space(camera: Camera, T: np.ndarray) -> Camera:
    return replace(camera, T_camera_world=(camera.T_camera_world @ T).astype(np.float32))


def find_cameras(
    model: HeadModel,
    fit: HeadFit,
    seen: tuple[Sequence[Frame], Sequence[Landmarks], Sequence[Mattes]],
    params: SurfaceParams,
    progress: Progress = no_progress,
) -> PlacedCameras:
    """The better of two attempts: a head that turns before a fixed camera needs the background masked; a camera that
    moves round a still head sees it move as well, and a background has more texture than skin.

    Raises NotRegistered with the reason of the first attempt where both fail.
    """
    frames, landmarks, mattes = seen
    found: list[PlacedCameras] = []
    reasons: list[NotRegistered] = []
    for attempt, masks in enumerate(([matte.person for matte in mattes], None)):
        try:
            structure = find_structure(frames, masks, params.sfm)
            found.append(place_cameras(model, fit, structure, (frames, landmarks), params.placing))
        except NotRegistered as reason:
            reasons.append(reason)
        progress((attempt + 1) / 2)
    if not found:
        raise reasons[0]
    return max(found, key=lambda placed: (len(placed.rows), -placed.error_px))


def with_cameras(fit: HeadFit, placed: PlacedCameras) -> HeadFit:
    """The fit with the placed cameras; views without one see the head as before, at its new size."""
    views = [replace(view, camera=moved_out(view.camera, placed.size)) for view in fit.views]
    for row, camera in zip(placed.rows, placed.cameras, strict=True):
        views[row] = replace(views[row], camera=camera)
    return replace(fit, views=tuple(views))


def usual_vertices(model: HeadModel, fit: HeadFit, rows: Sequence[int]) -> np.ndarray:
    """[V, 3] the head in the median of the views' expressions and joint rotations."""
    expression = np.median([fit.views[row].expression for row in rows], 0).astype(np.float32)
    joints = np.median([fit.views[row].joint_rotations for row in rows], 0).astype(np.float32)
    return model.pose(model.rest_vertices(fit.identity, fit.offsets_m), expression, joints)


def _sentence(frames: Sequence[Frame], reason: NotRegistered) -> str:
    return f"{frames[0].source}: the head's surface was fitted to landmarks alone, because {reason}."
