"""Pyramids and quilts: each view is where a spectator expects it, and shows what is seen from there."""

from __future__ import annotations

from math import atan2, degrees
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headsmith.errors import InputError

COLOURS = {"front": (1, 0, 0), "left": (0, 1, 0), "back": (0, 0, 1), "right": (1, 1, 0)}
DIRECTIONS = {"front": (0, -1, 0), "left": (1, 0, 0), "back": (0, 1, 0), "right": (-1, 0, 0)}


@pytest.fixture
def colours_around(scene: Any) -> Any:
    """Four coloured balls around the vertical axis, a white one above and a black one below."""
    for side, colour in COLOURS.items():
        ball(scene, side, [0.5 * c for c in DIRECTIONS[side]], 0.25, colour)
    ball(scene, "top", (0, 0, 0.7), 0.2, (1, 1, 1))
    # as far down as the top is up, so that the middle of all of it stays the axis
    ball(scene, "bottom", (0, 0, -0.7), 0.2, (0, 0, 0))
    view_from(scene, (0, -6, 0), (np.pi / 2, 0, 0), lens=85)
    return scene


def ball(scene: Any, name: str, location: Any, radius: float, colour: tuple[float, ...]) -> None:
    import bpy

    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=3, radius=radius, location=location)
    material = bpy.data.materials.new(name)
    material.diffuse_color = (*colour, 1)
    scene.view_layers[0].objects.active.data.materials.append(material)


def view_from(scene: Any, location: Any, rotation: Any, lens: float) -> Any:
    import bpy

    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    camera.location, camera.rotation_euler, camera.data.lens = location, rotation, lens
    scene.camera = camera
    # flat colours, and quicker than EEVEE
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.display.shading.light, scene.display.shading.color_type = "FLAT", "MATERIAL"
    scene.render.resolution_x, scene.render.resolution_y = 64, 48
    return camera


def rendered(scene: Any, layout: Any, path: Path, **job: Any) -> np.ndarray:
    from headsmith_blender.hologram_files import read_stored
    from headsmith_blender.hologram_render import HologramJob, render_layout

    files = render_layout(scene, None, HologramJob(layout, path, **job))
    return read_stored(files[0])


def set_up(scene: Any, **options: Any) -> None:
    from headsmith_blender.hologram import HologramOptions, setup_hologram

    setup_hologram(scene, HologramOptions("CLEAN", **options))


def place_of(picture: np.ndarray, colour: tuple[float, ...]) -> np.ndarray:
    """Where `colour` is in the mean, from the picture's centre: (to the right, upwards), as shares of the side."""
    is_it = (np.abs(picture[..., :3] - colour).max(-1) < 0.1) & (picture[..., 3] > 0.9)
    assert is_it.sum() > 4
    y, x = np.argwhere(is_it).mean(0)
    height, width = picture.shape[:2]
    return np.array([(x + 0.5) / width - 0.5, 0.5 - (y + 0.5) / height])


@pytest.mark.parametrize(("kind", "mirrored"), [("ON_SCREEN", True), ("ON_SCREEN", False), ("UNDER_SCREEN", True)])
def test_pyramid_shows_each_side_to_who_stands_there(
    colours_around: Any, kind: str, mirrored: bool, tmp_path: Path
) -> None:
    from headsmith_blender.hologram_layouts import Pyramid

    set_up(colours_around)
    side = 192
    picture = rendered(colours_around, Pyramid(side, kind, mirrored), tmp_path / "pyramid.png")
    assert picture.shape == (side, side, 4)
    # spectators of a face-up screen stand around it as its picture shows; a face-down one is seen from below
    front_deg, turn_deg = (-90, 90) if kind == "ON_SCREEN" else (90, -90)
    outwards = 1 if kind == "ON_SCREEN" else -1
    for step, side_name in enumerate(COLOURS):
        angle = np.radians(front_deg + step * turn_deg)
        direction = np.array([np.cos(angle), np.sin(angle)])
        tile = quarter(picture, direction)
        # nearest to the camera, and in the middle of the view
        middle = place_of(tile, COLOURS[side_name])
        assert middle @ direction == pytest.approx(1 / 3, abs=0.01)
        head = place_of(tile, (1, 1, 1)) - middle
        assert head @ direction * outwards > 0.05
        # the ball to the spectator's right; a face-up screen's right is the spectator's, turned with the view
        right_hand = place_of(tile, COLOURS[[*COLOURS][(step + 1) % 4]]) - middle
        spectators_right = np.array([-direction[1], direction[0]]) * (1 if kind == "ON_SCREEN" else -1)
        assert right_hand @ spectators_right * (1 if mirrored else -1) > 0.02


def quarter(picture: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The picture with all but the quarter in `direction` cleared."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width]
    ahead = (x + 0.5 - width / 2) * direction[0] - (y + 0.5 - height / 2) * direction[1]
    aside = (x + 0.5 - width / 2) * direction[1] + (y + 0.5 - height / 2) * direction[0]
    return np.where((ahead > np.abs(aside))[..., None], picture, 0).astype(np.float32)


def test_pyramid_views_fit_whatever_the_gap() -> None:
    from headsmith_blender.hologram_layouts import Pyramid, pyramid_picture

    for side in (100, 101):
        for gap in (0.02, 0.1, 1 / 6, 0.3, 0.45):
            for kind in ("ON_SCREEN", "UNDER_SCREEN"):
                pyramid = Pyramid(side, kind, gap=gap)
                views = [np.ones((pyramid.view_px, pyramid.view_px, 4), np.float32)] * 4
                picture = pyramid_picture(views, pyramid)
                assert picture.max() == 1
                assert picture[..., 0].sum() == 4 * pyramid.view_px**2
    small, large = (Pyramid(100, size=size).view_px for size in (0.5, 1.0))
    assert small * 2 == pytest.approx(large, abs=1)


@pytest.fixture
def row_in_depth(scene: Any) -> Any:
    """A red ball in the plane that stays, a green one before it, a blue one behind it."""
    ball(scene, "middle", (0, 0, 0.35), 0.12, (1, 0, 0))
    ball(scene, "near", (0, -0.8, 0), 0.12, (0, 1, 0))
    ball(scene, "far", (0, 0.8, -0.4), 0.12, (0, 0, 1))
    view_from(scene, (0, -4, -0.025), (np.pi / 2, 0, 0), lens=70)
    return scene


@pytest.mark.parametrize("fit", ["AUTO", "HORIZONTAL", "VERTICAL"])
@pytest.mark.parametrize("aspect", [0.75, 1.5])
def test_quilt_turns_around_the_head(row_in_depth: Any, fit: str, aspect: float, tmp_path: Path) -> None:
    from headsmith_blender.hologram_layouts import Quilt

    row_in_depth.camera.data.sensor_fit = fit
    set_up(row_in_depth)
    quilt = Quilt(columns=3, rows=1, aspect=aspect, view_height_px=96, cone_deg=20.0)
    picture = rendered(row_in_depth, quilt, tmp_path / "quilt.png")
    width, height = quilt.view_size_px
    assert picture.shape == (height, 3 * width, 4)
    left, middle, right = (picture[:, i * width : (i + 1) * width] for i in range(3))
    places = {n: [place_of(v, c)[0] * width for v in (left, middle, right)] for n, c in PLANES.items()}
    # the plane through the middle of all stays within a pixel; from the left, what is near is farther to the right
    np.testing.assert_allclose(places["middle"], 0, atol=0.7)
    assert places["near"][0] > 3 > -3 > places["near"][2]
    assert places["far"][0] < -1.5 < 1.5 < places["far"][2]
    assert abs(places["near"][1]) < 0.7


PLANES = {"middle": (1, 0, 0), "near": (0, 1, 0), "far": (0, 0, 1)}


def test_quilt_begins_at_the_bottom_left_and_spans_its_cone() -> None:
    from headsmith_blender.hologram_layouts import Quilt, quilt_offsets, quilt_picture, quilt_suffix

    quilt = Quilt(columns=2, rows=2, aspect=0.75, view_height_px=4, cone_deg=40.0)
    views = [np.full((4, 3, 4), value, np.float32) for value in range(4)]
    picture = quilt_picture(views, quilt)
    assert [picture[-1, 0, 0], picture[-1, -1, 0], picture[0, 0, 0], picture[0, -1, 0]] == [0, 1, 2, 3]
    offsets = quilt_offsets(quilt, 2.0)
    assert degrees(atan2(offsets[-1], 2.0) - atan2(offsets[0], 2.0)) == pytest.approx(40.0, abs=1e-4)
    assert offsets[0] < 0 < offsets[-1]
    assert quilt_suffix(Quilt()) == "_qs8x6a0.75"


def test_a_still_a_sequence_and_names(colours_around: Any, tmp_path: Path) -> None:
    from headsmith_blender.hologram_layouts import Quilt, Single
    from headsmith_blender.hologram_render import HologramJob, render_layout

    set_up(colours_around)
    before = (colours_around.frame_current, colours_around.camera, len(colours_around.objects))
    shares: list[float] = []
    job = HologramJob(Single(), tmp_path / "single", frames=(3, 4))
    assert render_layout(colours_around, None, job, shares.append) == [tmp_path / f"single_000{i}.png" for i in (3, 4)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    job = HologramJob(Quilt(2, 1, 0.75, 16), tmp_path / "new" / "quilt.png")
    assert render_layout(colours_around, None, job) == [tmp_path / "new" / "quilt_qs2x1a0.75.png"]
    assert {p.name for p in tmp_path.rglob("*.png")} == {"single_0003.png", "single_0004.png", "quilt_qs2x1a0.75.png"}
    assert (colours_around.frame_current, colours_around.camera, len(colours_around.objects)) == before
    assert (colours_around.render.resolution_x, colours_around.render.resolution_y) == (64, 48)


def test_layout_on_black_and_in_linear_light(colours_around: Any, tmp_path: Path) -> None:
    from headsmith_blender.hologram_layouts import Pyramid

    set_up(colours_around, file_format="OPEN_EXR")
    linear = rendered(colours_around, Pyramid(96), tmp_path / "a")
    black = rendered(colours_around, Pyramid(96), tmp_path / "b", on_black=True)
    assert (black[..., 3] == 1).all()
    assert (linear[..., 3] == 0).mean() > 0.5
    np.testing.assert_array_equal(black[..., :3], linear[..., :3])
    assert (tmp_path / "a.exr").is_file()


def test_what_cannot_be_rendered_is_refused(colours_around: Any, tmp_path: Path) -> None:
    import bpy

    from headsmith_blender.hologram_layouts import Pyramid, Quilt, Single

    with pytest.raises(InputError, match="no hologram"):
        rendered(colours_around, Single(), tmp_path / "a")
    set_up(colours_around)
    camera = colours_around.camera
    camera.data.type = "ORTHO"
    with pytest.raises(InputError, match="perspective"):
        rendered(colours_around, Quilt(), tmp_path / "a")
    colours_around.camera = None
    with pytest.raises(InputError, match="no camera"):
        rendered(colours_around, Single(), tmp_path / "a")
    colours_around.camera = camera
    for obj in [obj for obj in bpy.data.objects if obj.type == "MESH"]:
        bpy.data.objects.remove(obj)
    with pytest.raises(InputError, match="nothing that renders"):
        rendered(colours_around, Pyramid(), tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_webm_keeps_alpha(colours_around: Any, tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    import bpy

    from headsmith_blender.hologram_layouts import Single
    from headsmith_blender.hologram_render import HologramJob, render_layout

    set_up(colours_around)
    straight = rendered(colours_around, Single(), tmp_path / "still")
    set_up(colours_around, file_format="WEBM")
    colours_around.frame_set(2)
    scenes = len(bpy.data.scenes)
    files = render_layout(colours_around, None, HologramJob(Single(), tmp_path / "video", frames=(1, 2, 3)))
    assert files == [tmp_path / "video.webm"]
    assert len(bpy.data.scenes) == scenes
    alphas = decoded_alpha(av, files[0])
    assert len(alphas) == 3
    for alpha in alphas:
        assert np.abs(alpha - straight[..., 3] * 255).mean() < 1.5
        # what is far from the figure is exactly 0
        assert (alpha[:, :8] == 0).all()
        assert alpha.max() == 255


def decoded_alpha(av: Any, path: Path) -> list[np.ndarray]:
    """Each frame's [H, W] 0..255; only libvpx, of FFmpeg's decoders, reads VP9's alpha."""
    decoder = av.CodecContext.create("libvpx-vp9", "r")
    alphas = []
    with av.open(str(path)) as container:
        for packet in container.demux(container.streams.video[0]):
            for frame in decoder.decode(packet):
                assert frame.format.name == "yuva420p"
                plane = frame.planes[3]
                alphas.append(np.frombuffer(plane, np.uint8).reshape(plane.height, -1)[:, : plane.width].astype(float))
    return alphas
