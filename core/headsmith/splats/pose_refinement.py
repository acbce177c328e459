"""Small corrections of each photo's camera, learnt beside the splats and then thrown away: tracking is never exact.

What is left is sharper: pictures that do not lie on each other would teach the splats their mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from headsmith.types import Camera

ROTATION_RAD, TRANSLATION_M, DISTANCE_M = 0.005, 0.0005, 0.003
"""usual errors of tracking: turns, shifts across the picture, and along the line of sight"""

_MEMORY, _LONG_MEMORY = 0.8, 0.99
"""Adam's, of slopes and of their squares"""


class PoseRefinement:
    """One rigid motion per photo about the middle of the head, in the camera's axes and in units of usual errors.

    Their mean over the photos is none, so that the splats stay where the photos on the whole put them. Synthesised
    views, and a photo that is alone, stay where they are.
    """

    def __init__(self, real: Sequence[bool], weight: float, rate: float, device: str = "cpu") -> None:
        photos = [view for view, is_real in enumerate(real) if is_real]
        self.row = {view: row for row, view in enumerate(photos)} if len(photos) > 1 and rate > 0 else {}
        self.weight, self.rate = weight, rate
        self.values = torch.zeros(len(self.row), 6, device=device, requires_grad=True)
        self.slope, self.size = torch.zeros(len(self.row), 6, device=device), torch.zeros(len(self.row), device=device)
        self.visits = [0] * len(self.row)
        self.unit = torch.tensor([ROTATION_RAD] * 3 + [TRANSLATION_M] * 2 + [DISTANCE_M], device=device)

    def viewmat(self, camera: Camera, view: int, middle_m: Tensor) -> Tensor:
        """[4, 4] the camera of `view`, corrected about the point [3] in head space."""
        T = torch.as_tensor(camera.T_camera_world, dtype=torch.float32, device=self.unit.device)
        if view not in self.row:
            return T
        correction = self._centred(view) * self.unit
        turn = torch.linalg.matrix_exp(_cross(correction[:3]))
        middle = T[:3, :3] @ middle_m + T[:3, 3]
        shift = turn @ (T[:3, 3] - middle) + middle + correction[3:]
        return torch.cat([torch.cat([turn @ T[:3, :3], shift[:, None]], 1), T[3:]])

    def penalty(self, view: int) -> Tensor | None:
        """What the correction of `view` costs; None where there is none."""
        return None if view not in self.row else self.weight * self._centred(view).square().mean()

    @torch.no_grad()
    def step(self, view: int) -> None:
        """After the backward pass of `view`: Adam, but with one size for all six of its unknowns.

        A size of its own for each would move most what the picture says least about.
        """
        if view not in self.row or self.values.grad is None:
            return
        row, gradient = self.row[view], self.values.grad[self.row[view]]
        self.visits[row] += 1
        self.slope[row] = _MEMORY * self.slope[row] + (1 - _MEMORY) * gradient
        self.size[row] = _LONG_MEMORY * self.size[row] + (1 - _LONG_MEMORY) * gradient.square().sum()
        slope = self.slope[row] / (1 - _MEMORY ** self.visits[row])
        size = self.size[row] / (1 - _LONG_MEMORY ** self.visits[row])
        self.values[row] -= self.rate * slope / (size.sqrt() + 1e-12)
        self.values.grad = None

    def corrections(self) -> Tensor:
        """[photos, 6] radians and metres."""
        values = self.values.detach()
        return (values - values.mean(0)) * self.unit

    def _centred(self, view: int) -> Tensor:
        return self.values[self.row[view]] - self.values.detach().mean(0)


def _cross(v: Tensor) -> Tensor:
    """[3, 3] the matrix of the cross product with `v` [3]."""
    zero = torch.zeros_like(v[0])
    return torch.stack([zero, -v[2], v[1], v[2], zero, -v[0], -v[1], v[0], zero]).reshape(3, 3)
