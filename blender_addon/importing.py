# SPDX-License-Identifier: GPL-3.0-or-later
"""From a bundle on disk to an avatar in the scene."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from headsmith.asset import Avatar, read_avatar
from headsmith.errors import InputError

from .accessories import refit
from .avatars import avatars
from .builders.materials import dress_head
from .builders.mesh import build_head
from .builders.rig import bind_to_rig, build_rig
from .builders.splats import build_splats
from .dynamic_texture import apply_mode, build_texture
from .eye_target import renew_eye_target
from .info import describe_avatar
from .look import LINEAR, SPLATS, apply_look
from .motion import import_motions
from .pictures import decode_png
from .state import all_or_nothing, kept_selection

Progress = Callable[[float], None]
"""called with the share done, 0..1"""
GAP_M = 0.06
"""between avatars that stand side by side"""
MANIFEST = "avatar.json"


@dataclass(frozen=True)
class ImportOptions:
    as_copy: bool = False
    """make another avatar even where the scene has one of this bundle"""
    side_by_side: bool = True
    """a new avatar stands to the right of those in the scene, rather than at the world's origin"""
    show: str = SPLATS
    """what a new avatar shows, one of look.SHOW"""
    colour_mode: str = LINEAR
    """of a new avatar's splats, one of look.COLOUR_MODES"""


def import_avatar(
    path: Path,
    scene: bpy.types.Scene,
    progress: Progress = lambda _: None,
    options: ImportOptions = ImportOptions(),
) -> bpy.types.Collection:
    """Reads the bundle at `path` and builds it in `scene`, as a collection of its own.

    `path` is the folder, the zip of it, or the avatar.json inside the folder. A bundle that is already in the scene
    (same path) is brought up to date in place: its objects stay, with their places, constraints and animation, and
    get the new data. Raises InputError for what `read_avatar` refuses; the scene is then as it was.
    """
    path = bundle_path(path)
    avatar = read_avatar(path, decode_png)
    progress(0.4)
    existing = None if options.as_copy else imported_from(path, scene)
    if existing is None:
        with all_or_nothing():
            return _build_new(avatar, path, scene, options, progress)
    return update_avatar(existing, avatar, path, scene, progress)


@dataclass(frozen=True)
class Outcome:
    """What became of one of several bundles."""

    path: Path
    collection: bpy.types.Collection | None = None
    problem: str = ""
    """one sentence, where there is no collection"""


def import_each(
    paths: Sequence[Path], scene: bpy.types.Scene, options: ImportOptions, progress: Progress = lambda _: None
) -> Iterator[Outcome]:
    """Imports one bundle after the other as it is iterated; a bad one does not stop the rest."""
    for done, path in enumerate(paths):
        # bound now: the lambda lives no longer than this round
        step: Progress = lambda share, done=done: progress((done + share) / len(paths))  # noqa: E731
        try:
            outcome = Outcome(path, import_avatar(path, scene, step, options))
        except InputError as error:
            outcome = Outcome(path, problem=str(error))
        yield outcome


def update_avatar(
    collection: bpy.types.Collection,
    avatar: Avatar,
    path: Path,
    scene: bpy.types.Scene,
    progress: Progress = lambda _: None,
) -> bpy.types.Collection:
    """Brings the avatar of `collection` up to date with `avatar`, read from `path`, keeping the artist's work.

    A build that failed half-way would leave a mixture, so it is tried on datablocks of its own before.
    """
    with all_or_nothing(keep=False):
        _build_new(avatar, path, scene, ImportOptions(side_by_side=False), lambda _: None)
    with kept_selection(scene):
        _build(avatar, path, collection, progress)
    import_motions(collection, avatar, scene)
    apply_look(collection, scene)
    renew_eye_target(collection)
    refit(collection)
    return collection


def bundle_path(path: Path) -> Path:
    """The bundle that a user means who picked the avatar.json inside its folder."""
    path = path.resolve()
    return path.parent if path.name == MANIFEST else path


def bundle_name(path: Path) -> str:
    """`ada` for ada.avatar and ada.avatar.zip."""
    return path.name.removesuffix(".zip").removesuffix(".avatar")


def imported_from(path: Path, scene: bpy.types.Scene) -> bpy.types.Collection | None:
    """The scene's first avatar that came from the bundle at `path`, and can be changed: not linked from a file."""
    own = (c for c in avatars(scene) if c.library is None and c.override_library is None)
    found = (c for c in own if c.headsmith.source == str(path))
    return next(found, None)


def _build_new(
    avatar: Avatar, path: Path, scene: bpy.types.Scene, options: ImportOptions, progress: Progress
) -> bpy.types.Collection:
    others = avatars(scene)
    collection = bpy.data.collections.new(bundle_name(path))
    scene.collection.children.link(collection)
    settings = collection.headsmith
    settings.is_avatar, settings.show, settings.colour_mode = True, options.show, options.colour_mode
    with kept_selection(scene):
        _build(avatar, path, collection, progress)
    import_motions(collection, avatar, scene)
    apply_look(collection, scene)
    if options.side_by_side and others:
        _place_beside(collection, others)
    return collection


def _build(avatar: Avatar, path: Path, collection: bpy.types.Collection, progress: Progress) -> None:
    """The objects of `avatar` in `collection`; those of an earlier import are used again."""
    settings = collection.headsmith
    settings.source = str(path)
    settings.rig = build_rig(avatar, settings.rig, collection)
    head = build_head(avatar, settings.head, f"{collection.name} Head")
    _link(head, collection)
    settings.head = head
    dress_head(avatar, head, build_texture(avatar, collection), collection.name)
    bind_to_rig(head, settings.rig)
    apply_mode(collection)
    splats = build_splats(avatar, head, settings.splats, f"{collection.name} Splats")
    _link(splats, collection)
    settings.splats = splats
    describe_avatar(settings, avatar)
    progress(1.0)


def _link(obj: bpy.types.Object, collection: bpy.types.Collection) -> None:
    """Puts it in `collection`, unless it is in one: new, or deleted from the scene but remembered by the avatar."""
    if not obj.users_collection:
        collection.objects.link(obj)


def _place_beside(collection: bpy.types.Collection, others: list[bpy.types.Collection]) -> None:
    """Puts the rig right of all `others`, by their half widths, in the world's x."""
    bpy.context.view_layer.update()
    edges = [_origin(other).x + other.headsmith.half_width_m for other in others]
    collection.headsmith.rig.location.x = max(edges) + GAP_M + collection.headsmith.half_width_m


def _origin(collection: bpy.types.Collection) -> bpy.types.Vector:
    placed = collection.headsmith.rig or collection.headsmith.head
    return placed.matrix_world.translation
