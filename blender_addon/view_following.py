# SPDX-License-Identifier: GPL-3.0-or-later
"""Splats face whoever orbits around them in the viewport.

Nodes know the scene's camera, but not the viewport's view. So while Blender's window is open, each redraw of the 3D
view notes where it is seen from, and a timer writes that to the splats' modifiers. Without it (the option off, or the
add-on missing) the splats go on facing the camera, and look thin from the side; renders are the same either way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
from mathutils import Matrix

from .avatars import avatars
from .builders.splats import set_splat_input

FAR_M = 100.0
"""how far behind an orthographic view, which is everywhere along its axis, its eye is put"""
SLOPE_MARGIN = 1.3


@dataclass(frozen=True)
class View:
    """Who looks, in the world."""

    pose: Matrix
    """4 x 4, as of an object that looks along its -z"""
    focal_px: float
    """pixels per metre where it is orthographic"""
    orthographic: bool
    width_px: float

    @property
    def slope_limit(self) -> float:
        """Half the picture's width, and a little more, at depth 1."""
        return 10.0 if self.orthographic else SLOPE_MARGIN * self.width_px / 2 / self.focal_px


def view_of(region: Any, space: Any) -> View | None:
    """The view of a region with its RegionView3D; None where it looks through the camera."""
    if space.view_perspective == "CAMERA":
        return None
    flat = space.view_perspective == "ORTHO"
    pose = space.view_matrix.inverted()
    if flat:
        pose = pose @ Matrix.Translation((0.0, 0.0, FAR_M))
    return View(pose, space.window_matrix[0][0] * region.width / 2, flat, region.width)


def face_view(scene: bpy.types.Scene, view: View | None) -> None:
    """Turns the viewport's splats of all avatars to `view`; back to the camera where it is None."""
    for collection in avatars(scene):
        obj = collection.headsmith.splats
        if obj is None:
            continue
        if view is not None:
            set_splat_input(obj, "View Location", tuple(view.pose.translation))
            set_splat_input(obj, "View Rotation", tuple(view.pose.to_euler()))
            set_splat_input(obj, "View Focal Length", view.focal_px)
            set_splat_input(obj, "View Orthographic", float(view.orthographic))
            set_splat_input(obj, "View Slope Limit", view.slope_limit)
        set_splat_input(obj, "Follow View", view is not None)


_NOTHING = object()
"""written yet: not even that the view is the camera's"""


class _Follower:
    """What the draw callback saw last, until the timer has written it."""

    def __init__(self) -> None:
        self.handle: Any = None
        self.seen: View | None = None
        self.written: Any = _NOTHING

    def note(self) -> None:
        """The draw callback: data must not be changed while Blender draws."""
        context = bpy.context
        if not context.window_manager.headsmith_follow_view or context.area != _followed(context):
            return
        self.seen = view_of(context.region, context.region_data)
        if self._key() != self.written and not bpy.app.timers.is_registered(self.write):
            bpy.app.timers.register(self.write, first_interval=0.0)

    def write(self) -> None:
        """The timer."""
        self.written = self._key()
        face_view(bpy.context.scene, self.seen)

    def _key(self) -> Any:
        view, scene = self.seen, bpy.context.scene
        known = (scene.name, *(collection.name for collection in avatars(scene)))
        if view is None:
            return known
        numbers = [number for row in view.pose for number in row] + [view.focal_px]
        return (*known, view.orthographic, *(round(number, 5) for number in numbers))


def _followed(context: bpy.types.Context) -> Any:
    """With several 3D views open only the largest is followed: splats can face but one."""
    areas = [area for area in context.window.screen.areas if area.type == "VIEW_3D"]
    return max(areas, key=lambda area: area.width * area.height)


_follower = _Follower()


def _switched(manager: Any, context: bpy.types.Context) -> None:
    _follower.written = _NOTHING
    if not manager.headsmith_follow_view:
        for scene in bpy.data.scenes:
            face_view(scene, None)


CLASSES = ()


def register() -> None:
    """Adds the option, and where there is a window the draw callback."""
    bpy.types.WindowManager.headsmith_follow_view = bpy.props.BoolProperty(
        name="Face the View",
        description="In the viewport, splats face the view instead of the scene's camera; renders do not change",
        default=True,
        update=_switched,
    )
    if not bpy.app.background:
        _follower.handle = bpy.types.SpaceView3D.draw_handler_add(_follower.note, (), "WINDOW", "PRE_VIEW")


def unregister() -> None:
    """Removes both."""
    if _follower.handle is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_follower.handle, "WINDOW")
        _follower.handle = None
    if bpy.app.timers.is_registered(_follower.write):
        bpy.app.timers.unregister(_follower.write)
    del bpy.types.WindowManager.headsmith_follow_view
