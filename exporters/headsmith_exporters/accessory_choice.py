"""What to wear, as text: a kind that Headsmith makes to measure, or a .glb file and the place where it sits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headsmith.accessories import KINDS, SEATS
from headsmith.errors import InputError

OWN_SIZE = ":own"
PLACES = {
    "glasses": "bridge",
    "spectacles": "bridge",
    "goggles": "bridge",
    "hat": "crown",
    "cap": "crown",
    "helmet": "crown",
    "crown": "crown",
    "headband": "forehead",
    "tiara": "forehead",
}
"""word in a file's name -> where such things sit"""


@dataclass(frozen=True)
class Made:
    """An accessory that is generated for the head."""

    kind: str
    style: str = ""


@dataclass(frozen=True)
class Given:
    """An accessory of the user's."""

    path: Path
    anchor: str
    scale: bool
    """to the width of the anchor"""


def chosen_accessory(text: str) -> Made | Given:
    """`glasses`, `glasses:aviator`, `hat.glb@crown` (scaled to fit) or `hat.glb@crown:own` (in its own size).

    A file's place may be left out where its name says it (`red-hat.glb`). Raises InputError for anything else; kinds
    and styles are checked when the accessory is made.
    """
    path, at, place = text.rpartition("@")
    if not at:
        path, place = text, ""
    if not path.lower().endswith(".glb"):
        return _made(text)
    scale = not place.endswith(OWN_SIZE)
    anchor = place.removesuffix(OWN_SIZE) or _place_of(Path(path))
    if anchor not in SEATS:
        _refuse(text, f"the place '{anchor}'" if anchor else "a file without a place", f"{path}@PLACE with one of "
                f"{', '.join(SEATS)}", "say where it sits")  # fmt: skip
    return Given(Path(path), anchor, scale)


def _made(text: str) -> Made:
    kind, _, style = text.partition(":")
    if kind not in KINDS:
        _refuse(text, "no such accessory", f"{', '.join(KINDS)} or a .glb file", "choose one of these")
    return Made(kind, style)


def _place_of(path: Path) -> str:
    """Where the file's name says that it sits, or nothing."""
    name = path.stem.lower()
    return next((place for word, place in PLACES.items() if word in name), "")


def _refuse(text: str, found: str, expected: str, action: str) -> None:
    raise InputError(f"accessory '{text}'", found=found, expected=expected, action=action)
