"""What the stages hand to each other: frozen dataclasses of numpy arrays.

Conventions (docs/conventions.md): metres; head space is Y up, +Z out of the face, +X to the subject's left;
cameras are OpenCV (x right, y down, z forward) and "world" is head space, so that the pose of the head in a
photo lives in `Camera.T_camera_world`; pixel (0, 0) is the top-left corner of the top-left pixel, so the centre
of that pixel is (0.5, 0.5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.floating[Any]]
"""float32 in every type that stages exchange; a function of pure maths may be given float64"""
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

Progress = Callable[[float], None]
"""Called by a stage with the fraction of its work that is done, 0..1."""


def no_progress(fraction: float) -> None:
    """The `Progress` of callers who do not watch."""


@dataclass(frozen=True)
class Camera:
    """A pinhole camera without distortion (OpenCV axes)."""

    focal_px: float
    principal_px: tuple[float, float]
    size_px: tuple[int, int]
    """width, height"""
    T_camera_world: F32
    """[4, 4] rigid transform, head space to camera space"""

    @property
    def K(self) -> F32:
        """[3, 3] intrinsic matrix."""
        (cx, cy), f = self.principal_px, self.focal_px
        return np.array([[f, 0, cx], [0, f, cy], [0, 0, 1]], np.float32)

    @property
    def position_m(self) -> F32:
        """[3] the camera's centre in head space."""
        R, t = self.T_camera_world[:3, :3], self.T_camera_world[:3, 3]
        return (-R.T @ t).astype(np.float32)

    def project(self, points_m: F32) -> tuple[F32, F32]:
        """Points [..., 3] in head space to pixels [..., 2] and depth in metres [...]."""
        p = points_m @ self.T_camera_world[:3, :3].T + self.T_camera_world[:3, 3]
        z = p[..., 2]
        return p[..., :2] / z[..., None] * self.focal_px + np.asarray(self.principal_px, np.float32), z


@dataclass(frozen=True)
class Frame:
    """One photo, or one frame of a clip, upright and in sRGB."""

    image: U8
    """[H, W, 3] sRGB"""
    camera: Camera
    """intrinsics from EXIF or the default; T_camera_world is the identity until the fit sets it"""
    source: str
    """the file's name without its folder"""
    sha256: str
    """of the file's bytes"""
    alpha: F32 | None = None
    """[H, W] 0..1 where the file had an alpha channel"""
    timestamp_s: float = 0.0


@dataclass(frozen=True)
class Landmarks:
    """MediaPipe's face mesh on one frame (https://ai.google.dev/edge/mediapipe/solutions/vision/face_landmarker)."""

    points_px: F32
    """[478, 2]; 468..477 are the irises"""
    depth: F32
    """[478] relative depth in pixels, smaller is nearer"""
    scores: F32
    """[52] ARKit blendshape scores 0..1 in ARKit order (`headsmith.asset.arkit.ARKIT_52`)"""
    T_face: F32
    """[4, 4] MediaPipe's facial transformation matrix (canonical face, centimetres, OpenGL axes)"""
    faces_found: int = 1


@dataclass(frozen=True)
class ClipInfo:
    """A clip as it plays: upright, in the order of time."""

    source: str
    """the file's name without its folder"""
    sha256: str
    size_px: tuple[int, int]
    """width, height"""
    fps: float
    """frames by duration; frames need not be evenly spaced"""
    timestamps_s: F32
    """[T] when each frame is shown, increasing, the first at 0"""
    focal_px: float
    """from metadata, or a phone's usual one"""


class FrameReader(Protocol):
    """An open clip; may be pickled, so that other processes read the same file."""

    @property
    def info(self) -> ClipInfo:
        """What is known of the whole clip."""

    def read(self, indices: Sequence[int]) -> Iterator[Frame]:
        """The frames of those numbers (increasing, 0 is the first), whole, one after the other."""


@dataclass(frozen=True)
class ClipLandmarks:
    """The main person's face in the frames of a clip, in pixels of the whole upright picture; N frames."""

    info: ClipInfo
    index: I32
    """[N] the frame's number in the clip, increasing"""
    found: Bool
    """[N] False where the person's face was not seen; everything else is then 0"""
    points_px: F32
    """[N, 478, 2]"""
    depth: F32
    """[N, 478] as `Landmarks.depth`"""
    scores: F32
    """[N, 52]"""
    T_face: F32
    """[N, 4, 4]"""
    sharpness: F32
    """[N] of the face, comparable within one clip; more is sharper"""
    occluded: F32
    """[N] 0..1 how much of the face something seems to cover, such as a hand"""
    faces_found: I32
    """[N] persons in the picture"""

    def at(self, row: int) -> Landmarks:
        """Those of one frame; a row where the face was found."""
        return Landmarks(self.points_px[row], self.depth[row], self.scores[row], self.T_face[row],
                         int(self.faces_found[row]))  # fmt: skip


@dataclass(frozen=True)
class Mattes:
    """Soft masks [H, W] float32 0..1 of one frame."""

    person: F32
    head: F32
    """head and neck with hair: the person above the collar line"""
    hair: F32
    skin: F32
    """face, ears and neck skin"""


@dataclass(frozen=True)
class Pictures:
    """Pictures of one person around the head and what was seen in them, in the same order."""

    frames: tuple[Frame, ...] = ()
    landmarks: tuple[Landmarks, ...] = ()
    mattes: tuple[Mattes, ...] = ()

    def __len__(self) -> int:
        return len(self.frames)

    def __add__(self, other: Pictures) -> Pictures:
        return Pictures(self.frames + other.frames, self.landmarks + other.landmarks, self.mattes + other.mattes)


@dataclass(frozen=True)
class ViewFit:
    """How the head stands in one frame."""

    camera: Camera
    expression: F32
    """[E] weights of `HeadModel.exprdirs`"""
    joint_rotations: F32
    """[J, 3] axis-angle, radians, each joint relative to its parent; the root's is zero"""
    light_sh: F32
    """[9, 3] irradiance as real spherical harmonics of the normal in head space, linear RGB"""


@dataclass(frozen=True)
class HeadFit:
    """One person's head, shared by all frames, and its state in each."""

    identity: F32
    """[S] in standard deviations of `HeadModel.shapedirs`"""
    offsets_m: F32
    """[V, 3] added to the rest vertices"""
    views: tuple[ViewFit, ...]
    warnings: tuple[str, ...] = ()
    collar_m: float | None = None
    """height (y in rest pose) below which clothes hide the neck in every photo, so that no splat belongs there"""


@dataclass(frozen=True)
class HeadTrack:
    """How one head stands in the frames of a clip whose camera has one focal length; N frames."""

    info: ClipInfo
    index: I32
    """[N] the frame's number in the clip, increasing"""
    tracked: Bool
    """[N] False where the face was not seen: the pose is then carried over from the neighbours in time"""
    camera: Camera
    """intrinsics of the whole picture; its T_camera_world is the identity"""
    T_camera_world: F32
    """[N, 4, 4] head space (the root) to camera space"""
    expression: F32
    """[N, E] weights of `HeadModel.exprdirs`"""
    joint_rotations: F32
    """[N, J, 3] axis-angle, radians, each joint relative to its parent; the root's is zero"""
    error: F32
    """[N] mean landmark error as a fraction of the inter-ocular distance, 0 where not tracked"""


@dataclass(frozen=True)
class StaticTexture:
    """The de-lit skin."""

    albedo: U8
    """[T, T, 3] sRGB, row 0 is v = 1"""
    observed: F32
    """[T, T] 0..1: how much of a texel was seen in the photos, 0 where it was completed"""
    light_sh: F32
    """[views, 9, 3] the light that, times the albedo, gives each photo back (linear RGB)"""


@dataclass(frozen=True)
class TrainingView:
    """One picture for the splats to match."""

    camera: Camera
    image: U8
    """[H, W, 3] sRGB, on black where alpha is 0"""
    alpha: F32
    """[H, W] 0..1"""
    weight: F32
    """[H, W] how far each pixel is to be trusted, 0..1"""
    expression: F32
    """[E]"""
    joint_rotations: F32
    """[J, 3] axis-angle, radians"""
    real: bool
    """True for a photo, False for a synthesised view"""
    light_sh: F32 | None = None
    """[9, 3] the light in it, in head space, as `ViewFit.light_sh`, where it is known"""
    skin: F32 | None = None
    """[H, W] 0..1 the matte of a photo's bare skin"""


@dataclass(frozen=True)
class HairShell:
    """The outer surface of the hair as a closed triangle mesh, guessed from the matte, in rest pose."""

    vertices_m: F32
    """[M, 3]"""
    faces: I32
    """[K, 3]"""
    colors: U8
    """[M, 3] sRGB, as lit in the photo"""
    seen: F32
    """[M] 0..1: how well the photo shows this vertex"""
    thickness_m: F32
    """[M] how deep the hair is under the surface"""
