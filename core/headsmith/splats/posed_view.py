"""One view to match, with the splats' frames in its pose."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from torch import Tensor

from headsmith.splats.binding_torch import SplatFrames
from headsmith.splats.losses import Target
from headsmith.types import Camera


@dataclass(frozen=True)
class PosedView:
    target: Target
    camera: Camera
    frames: SplatFrames
    """of the splats with which training starts"""
    real: bool

    def halved(self) -> PosedView:
        """At half the size."""
        height, width = self.target.image.shape[:2]
        (cx, cy), focal = self.camera.principal_px, self.camera.focal_px
        camera = replace(
            self.camera, focal_px=focal / 2, principal_px=(cx / 2, cy / 2), size_px=(width // 2, height // 2)
        )
        return replace(self, target=self.target.halved(), camera=camera)


class FrameCache:
    """The frames of the present splats in each view, gathered once after splats came or went."""

    def __init__(self, views: tuple[PosedView, ...]) -> None:
        self._views = views
        self._origin: Tensor | None = None
        self._taken: dict[int, SplatFrames] = {}

    def descend_from(self, origin: Tensor) -> None:
        """From now on the splats descend from the rows `origin` [N] of those that training started with."""
        self._origin = origin
        self._taken.clear()

    def of(self, view: int) -> SplatFrames:
        """In view number `view`."""
        frames = self._views[view].frames
        if self._origin is None:
            return frames
        if view not in self._taken:
            self._taken[view] = SplatFrames(*(getattr(frames, f.name)[self._origin] for f in fields(frames)))
        return self._taken[view]
