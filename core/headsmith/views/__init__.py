"""Hair that stands off the scalp, and the pictures that the splats learn from."""

from __future__ import annotations

from headsmith.views.hair import grow_hair
from headsmith.views.params import HairParams, ViewParams
from headsmith.views.photo import photo_view
from headsmith.views.synthesise import synthesise_views

__all__ = ["HairParams", "ViewParams", "grow_hair", "photo_view", "synthesise_views"]
