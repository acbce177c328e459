"""Hair that stands off the scalp, and the pictures that the splats learn from."""

from __future__ import annotations

from headsmith.views.cover import doubt_covers
from headsmith.views.hair import grow_hair
from headsmith.views.mouth import doubt_mouth
from headsmith.views.params import HairParams, ViewParams
from headsmith.views.photo import photo_view
from headsmith.views.synthesise import synthesise_views

__all__ = ["HairParams", "ViewParams", "doubt_covers", "doubt_mouth", "grow_hair", "photo_view", "synthesise_views"]
