"""How the dynamic texture is trained."""

from __future__ import annotations

from dataclasses import dataclass, field

from headsmith.texture.dynamic_network import Sizes

MASK_PX = 256
"""side of the mask that says where the dynamic texture shows"""


@dataclass(frozen=True)
class DynamicParams:
    sizes: Sizes = field(default_factory=Sizes)
    """of the network"""
    steps: int = 1200
    batch: int = 3
    """pictures or textures a step"""
    rate: float = 0.015
    """of Adam, falling to a twentieth along half a cosine"""
    detail_rate: float = 4e-3
    """the same for the constant picture at the network's end, in logits"""
    perceptual: float = 0.2
    """weight of the perceptual distance beside L1, where its weights are installed"""
    crop_px: int = 96
    """side of the piece of a picture that is compared perceptually"""
    pull: float = 0.02
    """weight of the distance to the static texture, per texel, against L1"""
    apart: float = 0.2
    """weight of what the eyes' parameters change around the mouth, and the mouth's around the eyes, against L1"""
    calm: float = 0.05
    """the same, as a part of that, of what unheard-of parameters of a half change in it"""
    noise: float = 0.02
    """deviation of what is added to the parameters while training, as a part of their range"""
    seed: int = 0
    device: str = "cpu"
