"""What can be set about the hair and the synthesised views."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HairParams:
    voxel_m: float = 0.003
    """edge of the voxels from which the surface is drawn"""
    work_px: int = 320
    """longer side of the head in the maps in which the matte is measured"""
    color_px: int = 640
    """longer side of the head in the picture from which the hair's colours are read"""
    min_hair_fraction: float = 0.01
    """less hair than this, as a fraction of the head's pixels, is no hair"""
    scalp_opening_m: float = 0.012
    """ears and noses thinner than twice this do not count as skull"""
    min_thickness_m: float = 0.004
    """how far hair stands off the skin at its edge"""
    max_thickness_m: float = 0.10
    """hair that stands off farther is cut there"""
    skin_gap_m: float = 0.004
    """how far the hair keeps behind skin that a photo shows"""
    hull_slack_m: float = 0.003
    """how far hair may leave the matte of any photo but the first"""
    most_photos: int = 12
    """that are looked at"""
    relief_m: float = 0.0015
    """depth of the grooves between locks where no photo shows them"""
    seed: int = 11
    """of the strands drawn where no photo shows the hair"""

    @staticmethod
    def draft() -> HairParams:
        return HairParams(voxel_m=0.004, work_px=256, color_px=384)


@dataclass(frozen=True)
class ViewParams:
    size_px: int = 320
    """side of a synthesised view"""
    count: int = 20
    """at most so many views; the first of each kind below come first"""
    supersample: int = 2
    """rendered at this multiple and averaged down, for soft edges"""
    yaws_deg: tuple[float, ...] = (40, -40, 180, 20, -20, 60, -60, 90, -90, 0, 130, -130)
    """in the first photo's expression; positive: the camera moves to the subject's left"""
    pitches_deg: tuple[float, ...] = (35, -15)
    """positive: the camera looks down on the head"""
    posed_yaws_deg: tuple[float, ...] = (-25, 25)
    """from which each of `poses` is shown"""
    poses: tuple[tuple[tuple[str, float], ...], ...] = (
        (("jawOpen", 0.7),),
        (("eyeBlinkLeft", 1.0), ("eyeBlinkRight", 1.0)),
        (),
        (("mouthSmileLeft", 0.8), ("mouthSmileRight", 0.8)),
    )
    """expressions as (name, weight); the one without any is the neutral face"""
    completed_weight: float = 0.35
    """trust in a pixel whose texture was completed, where a pixel seen in a photo has 1"""
    near_photo_weight: float = 0.3
    """trust in a view from where a photo was taken, rising to 1 at `photo_cone_deg` from it"""
    photo_cone_deg: float = 35.0
    covered_deg: float = 20.0
    """no view is made so near to three or more photos: they know better"""
    fill: float = 0.9
    """part of the picture's side that the head takes up"""

    @staticmethod
    def draft() -> ViewParams:
        return ViewParams(size_px=224, count=8)
