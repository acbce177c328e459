"""What a VRM file says about whose likeness it is and what may be done with it.

https://github.com/vrm-c/vrm-specification/blob/master/specification/VRMC_vrm-1.0/meta.md
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from headsmith.asset.avatar import Avatar
from headsmith.errors import InputError

LICENCE_URL = "https://vrm.dev/licenses/1.0/"
"""the one document that the specification allows; the fields below fill it in"""


@dataclass(frozen=True)
class VrmOptions:
    """Permissions are the narrowest that VRM has unless others are given: an avatar is somebody's face."""

    name: str = ""
    """of the model; the file's name by default"""
    author: str = ""
    """who made or holds it"""
    avatar_permission: Literal["onlyAuthor", "onlySeparatelyLicensedPerson", "everyone"] = "onlyAuthor"
    commercial_usage: Literal["personalNonProfit", "personalProfit", "corporation"] = "personalNonProfit"
    credit: Literal["required", "unnecessary"] = "required"
    modification: Literal["prohibited", "allowModification", "allowModificationRedistribution"] = "prohibited"
    redistribution: bool = False
    texture: Literal["jpeg", "png"] = "jpeg"
    jpeg_quality: int = 92
    texture_px: int = 0
    """longest side of the texture; 0 is the avatar's own"""
    accessories: tuple[str, ...] = ()
    """what to wear, as in `GlbOptions`"""

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(VrmOptions).items():
            choices, found = get_args(kind), getattr(self, name)
            if get_origin(kind) is Literal and found not in choices:
                raise InputError(f"option '{name}'", found=repr(found), expected=f"one of {', '.join(choices)}",
                                 action="correct it")  # fmt: skip


def meta(avatar: Avatar, stem: str, options: VrmOptions, thumbnail: int | None) -> dict[str, Any]:
    """VRMC_vrm.meta; `thumbnail` is an image of the document."""
    head, consent = avatar.head, avatar.provenance.consent
    likeness = f"Consent of the person shown: {consent}" if consent else "The person shown gave no consent statement."
    found: dict[str, Any] = {
        "name": options.name.strip() or stem or "avatar",
        "version": avatar.provenance.created,
        "authors": [options.author.strip() or "not stated"],
        "copyrightInformation": likeness,
        "thirdPartyLicenses": f"Head model: {head.model_name}, {head.model_licence}",
        "licenseUrl": LICENCE_URL,
        "avatarPermission": options.avatar_permission,
        "allowExcessivelyViolentUsage": False,
        "allowExcessivelySexualUsage": False,
        "commercialUsage": options.commercial_usage,
        "allowPoliticalOrReligiousUsage": False,
        "allowAntisocialOrHateUsage": False,
        "creditNotation": options.credit,
        "allowRedistribution": options.redistribution,
        "modification": options.modification,
    }
    return found if thumbnail is None else found | {"thumbnailImage": thumbnail}
