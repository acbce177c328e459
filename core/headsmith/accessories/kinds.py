"""All kinds of accessories by name: their parameters and generators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from headsmith.accessories.anchors import Anchors, anchors
from headsmith.accessories.cap import CapParams, build_cap
from headsmith.accessories.earrings import EarringParams, build_earrings
from headsmith.accessories.glasses import GlassesParams, build_glasses
from headsmith.accessories.headband import HeadbandParams, build_headband
from headsmith.accessories.mesh import AccessoryMesh
from headsmith.asset import Avatar
from headsmith.errors import InputError

Params = GlassesParams | CapParams | HeadbandParams | EarringParams


@dataclass(frozen=True)
class Kind:
    params: Callable[[str], Params]
    """default parameters of a style"""
    styles: tuple[str, ...]
    """the first is the default"""
    build: Callable[[Anchors, Any], AccessoryMesh]


KINDS: Mapping[str, Kind] = {
    "glasses": Kind(GlassesParams.of_shape, ("rounded", "round", "aviator"), build_glasses),
    "cap": Kind(lambda _style: CapParams(), ("baseball",), build_cap),
    "headband": Kind(HeadbandParams.of_style, ("sport", "arc"), build_headband),
    "earrings": Kind(EarringParams.of_style, ("stud", "hoop"), build_earrings),
}


def default_params(kind: str, style: str = "", **changes: Any) -> Params:
    """Parameters that go with a kind and style ("" is its first), with some changed.

    Raises InputError for a kind, style or field that does not exist.
    """
    entry = _one_of(KINDS, kind, "accessory")
    chosen = _one_of({name: name for name in entry.styles}, style or entry.styles[0], f"style of {kind}")
    params = entry.params(chosen)
    for name in changes:
        _one_of(vars(params), name, f"setting of {kind}")
    return replace(params, **changes)


def make_accessory(avatar: Avatar, kind: str, params: Params | None = None) -> AccessoryMesh:
    """An accessory fitted to `avatar`; for several on one head, keep its `anchors` and use `fit_accessory`."""
    return fit_accessory(anchors(avatar), kind, params)


def fit_accessory(head: Anchors, kind: str, params: Params | None = None) -> AccessoryMesh:
    """An accessory fitted to the head that `head` was measured on. Raises InputError for an unknown kind."""
    return _one_of(KINDS, kind, "accessory").build(head, params or default_params(kind))


def _one_of(known: Mapping[str, Any], name: str, what: str) -> Any:
    if name not in known:
        raise InputError(f"{what} '{name}'", found="no such name", expected=f"one of {', '.join(known)}",
                         action="choose one of these")  # fmt: skip
    return known[name]
