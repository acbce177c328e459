"""How well an avatar shows its photo: the figures of the quality report."""

from __future__ import annotations

import numpy as np

from headsmith.asset import Avatar, neutral_pose
from headsmith.evaluation.regions import hull
from headsmith.landmarks import detect
from headsmith.metrics import psnr, ssim
from headsmith.metrics.identity import identity_similarity
from headsmith.preview import Shot, orbit_camera, render_mesh_view, render_splat_view, to_uint8
from headsmith.types import F32, U8, Frame, Landmarks, Mattes

SIDE_YAWS_DEG = (-30, 30)
# the irises of MediaPipe's face mesh
EYE_CENTERS = (468, 473)
DETECT_PX = 512
# of the head matte: pixels that show nothing but the head, and nothing of it
INSIDE, OUTSIDE = 0.98, 0.02


def evaluate(avatar: Avatar, frame: Frame, mattes: Mattes, landmarks: Landmarks) -> dict[str, float]:
    """Metrics by name; those that need the optional identity model are left out without it."""
    shot = Shot(avatar.capture_camera, avatar.capture_pose, background=0.0)
    photo = frame.image.astype(np.float32) / 255
    splats, alpha = render_splat_view(avatar, shot)
    mesh, coverage = render_mesh_view(avatar, shot)
    # where the matte is soft, the photo shows its own background too, which is not the avatar's
    inside, cutout = mattes.head > INSIDE, photo * mattes.head[..., None]
    face = (mattes.skin > 0.9) & (coverage > 0.99) & hull(landmarks.points_px[:468], photo.shape[:2])
    out = {
        "splats_psnr_db": psnr(splats, photo, inside),
        "splats_ssim": ssim(splats, cutout, inside),
        "splats_psnr_with_soft_edge_db": psnr(splats, cutout, mattes.head > 0.5),
        "mesh_psnr_db": psnr(mesh, photo, face),
        "mesh_ssim": ssim(mesh, photo, face),
        "alpha_inside": float(alpha[inside].mean()),
        "alpha_outside": float(alpha[mattes.head < OUTSIDE].mean()),
        "splats": float(len(avatar.splats.splats)),
    }
    for name, picture in (("splats", splats), ("mesh", mesh)):
        out |= _face_figures(
            name, photo_over(picture, alpha if name == "splats" else coverage, photo), frame, landmarks
        )
    for yaw in SIDE_YAWS_DEG:
        out |= _side_figures(avatar, yaw, frame, landmarks)
    return {name: round(float(value), 4) for name, value in out.items()}


def photo_over(image: F32, alpha: F32, photo: F32) -> F32:
    """The render on black, put over the photo's own background, as a detector would meet it."""
    return image + (1 - alpha[..., None]) * photo


def _face_figures(name: str, image: F32, frame: Frame, landmarks: Landmarks) -> dict[str, float]:
    picture = to_uint8(image)
    found = detect(picture)
    if found is None:
        return {f"{name}_face_found": 0.0}
    eyes = landmarks.points_px[list(EYE_CENTERS)]
    between_eyes = float(np.linalg.norm(eyes[0] - eyes[1]))
    errors = np.linalg.norm(found.points_px - landmarks.points_px, axis=1)
    out = {f"{name}_face_found": 1.0, f"{name}_landmark_error": float(errors.mean()) / between_eyes}
    return out | _identity(f"{name}_identity", frame, landmarks, picture, found)


def _side_figures(avatar: Avatar, yaw_deg: float, frame: Frame, landmarks: Landmarks) -> dict[str, float]:
    """Identity and detection on renders of the neutral head seen from the side."""
    shot = Shot(orbit_camera(avatar, yaw_deg, size_px=DETECT_PX), neutral_pose(avatar))
    out: dict[str, float] = {}
    for name, render in (("splats", render_splat_view), ("mesh", render_mesh_view)):
        picture = to_uint8(render(avatar, shot)[0])
        found = detect(picture)
        label = f"{name}_yaw{yaw_deg:+d}"
        out[f"{label}_face_found"] = float(found is not None)
        if found is not None:
            out |= _identity(f"{label}_identity", frame, landmarks, picture, found)
    return out


def _identity(label: str, frame: Frame, landmarks: Landmarks, picture: U8, found: Landmarks) -> dict[str, float]:
    similarity = identity_similarity(frame.image, landmarks.points_px, picture, found.points_px)
    return {} if similarity is None else {label: similarity}
