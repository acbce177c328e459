# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bundle says about its avatar, kept with the collection for the panel."""

from __future__ import annotations

import numpy as np

from headsmith.asset import Avatar

from .properties import AvatarSettings


def describe_avatar(settings: AvatarSettings, avatar: Avatar) -> None:
    """Copies licence, consent, sources, counts and the build's warnings into `settings`."""
    settings.head_model = avatar.head.model_name
    settings.licence = avatar.head.model_licence
    settings.consent = avatar.provenance.consent or ""
    settings.created = avatar.provenance.created
    settings.photos = ", ".join(name for name, _ in avatar.provenance.inputs)
    settings.warnings = "\n".join(avatar.report.warnings)
    settings.splat_count = len(avatar.splats.splats)
    settings.vertex_count = len(avatar.head.vertices)
    settings.half_width_m = _half_width_m(avatar)


def _half_width_m(avatar: Avatar) -> float:
    """How far the head with its hair reaches sideways from the origin; single stray splats do not count."""
    splats = np.quantile(np.abs(avatar.splats.splats.means[:, 0]), 0.995) if len(avatar.splats.splats) else 0.0
    return float(max(np.abs(avatar.head.vertices[:, 0]).max(), splats))
