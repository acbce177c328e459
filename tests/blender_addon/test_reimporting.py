"""What an artist made of an avatar stays when its bundle is imported again; what fails leaves nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from headsmith.asset import Avatar, read_avatar, write_avatar
from headsmith_blender.avatars import avatars
from headsmith_blender.importing import ImportOptions, import_avatar
from headsmith_blender.scene import from_blender, get_values, set_values


class Interrupted(Exception):
    pass


def interrupt(share: float) -> None:
    if share == 1.0:
        raise Interrupted


def datablocks() -> set[Any]:
    return set(bpy.data.user_map())


@pytest.fixture
def bundle(light_avatar: Path, tmp_path: Path) -> Path:
    """A copy of the light sample that a test may write to."""
    path = tmp_path / "ada.avatar.zip"
    write_avatar(read_avatar(light_avatar), path)
    return path


def wider(avatar: Avatar) -> Avatar:
    """The same person, ten per cent broader."""
    broad = np.array([1.1, 1, 1], np.float32)
    head = replace(avatar.head, vertices=avatar.head.vertices * broad)
    shapes = replace(avatar.blendshapes, deltas=avatar.blendshapes.deltas * broad)
    return replace(avatar, head=head, blendshapes=shapes)


def with_fewer_triangles(avatar: Avatar) -> Avatar:
    """The head without its last triangle, and without the splats on it."""
    last = len(avatar.head.faces) - 1
    kept = avatar.splats.binding.triangle != last
    head = avatar.head
    head = replace(head, faces=head.faces[:-1], uv_faces=head.uv_faces[:-1], face_part=head.face_part[:-1])
    splats = replace(
        avatar.splats,
        splats=type(avatar.splats.splats)(**{k: v[kept] for k, v in vars(avatar.splats.splats).items()}),
        binding=type(avatar.splats.binding)(**{k: v[kept] for k, v in vars(avatar.splats.binding).items()}),
    )
    return replace(avatar, head=head, splats=splats)


def work_on(collection: Any) -> dict[str, Any]:
    """What an artist might do to an avatar."""
    head, rig = collection.headsmith.head, collection.headsmith.rig
    keys = head.data.shape_keys
    keys.key_blocks["jawOpen"].value = 0.4
    keys.key_blocks["jawOpen"].keyframe_insert("value", frame=3)
    keys.key_blocks["mouthSmileLeft"].driver_add("value").driver.expression = "0.25"
    head.modifiers.new("Artist", "SMOOTH").factor = 0.25
    if not head.data.materials:
        head.data.materials.append(None)
    head.data.materials[0] = bpy.data.materials.new("Painted")
    rig.location = (1, 2, 3)
    rig.pose.bones["neck"].rotation_mode = "XYZ"
    rig.pose.bones["neck"].rotation_euler = (0.1, 0.2, 0.3)
    rig.pose.bones["neck"].keyframe_insert("rotation_euler", frame=3)
    rig.constraints.new("LIMIT_LOCATION").name = "Artist"
    return work_of(collection)


def work_of(collection: Any) -> dict[str, Any]:
    head, rig = collection.headsmith.head, collection.headsmith.rig
    keys = head.data.shape_keys
    return {
        "objects": (head, rig),
        "value": keys.key_blocks["jawOpen"].value,
        "action": keys.animation_data.action,
        "drivers": [(d.data_path, d.driver.expression) for d in keys.animation_data.drivers],
        "modifiers": [(m.name, m.type) for m in head.modifiers],
        "materials": list(head.data.materials),
        "place": tuple(rig.location),
        "turn": tuple(rig.pose.bones["neck"].rotation_euler),
        "rig action": rig.animation_data.action,
        "constraints": [c.name for c in rig.constraints],
    }


@pytest.mark.parametrize("change", [lambda avatar: avatar, wider, with_fewer_triangles])
def test_the_artists_work_stays(scene: Any, bundle: Path, change: Any) -> None:
    collection = import_avatar(bundle, scene)
    done = work_on(collection)
    changed = change(read_avatar(bundle))
    write_avatar(changed, bundle, force=True)
    count = len(datablocks())
    assert import_avatar(bundle, scene) == collection
    assert work_of(collection) == done
    assert len(datablocks()) == count
    head = collection.headsmith.head
    found = from_blender(get_values(head.data.vertices, "co", changed.head.vertices.shape))
    np.testing.assert_allclose(found, changed.head.vertices, atol=1e-6)
    # the animation still drives the slider
    scene.frame_set(3)
    assert head.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.4)
    assert len(head.vertex_groups) == 5


def test_an_artists_own_shape_key_moves_with_the_head(scene: Any, bundle: Path) -> None:
    collection = import_avatar(bundle, scene)
    head = collection.headsmith.head
    rest = get_values(head.data.vertices, "co", (len(head.data.vertices), 3))
    set_values(head.shape_key_add(name="Scar").data, "co", rest + np.float32(0.001))
    write_avatar(wider(read_avatar(bundle)), bundle, force=True)
    import_avatar(bundle, scene)
    moved = get_values(head.data.vertices, "co", rest.shape)
    assert np.abs(moved - rest).max() > 0.005
    scar = get_values(head.data.shape_keys.key_blocks["Scar"].data, "co", rest.shape)
    np.testing.assert_allclose(scar - moved, 0.001, atol=1e-6)


def test_a_failing_first_import_leaves_nothing(scene: Any, bundle: Path) -> None:
    before = datablocks()
    with pytest.raises(Interrupted):
        import_avatar(bundle, scene, interrupt)
    assert datablocks() == before


def test_a_failing_second_import_changes_nothing(scene: Any, bundle: Path) -> None:
    collection = import_avatar(bundle, scene)
    done, before = work_on(collection), datablocks()
    bundle.write_bytes(bundle.read_bytes()[:-1000])
    with pytest.raises(Exception, match=r"ada\.avatar\.zip"):
        import_avatar(bundle, scene)
    assert work_of(collection) == done
    assert datablocks() == before


def test_the_json_inside_stands_for_its_folder(scene: Any, bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bea.avatar"
    write_avatar(read_avatar(bundle), folder)
    collection = import_avatar(folder / "avatar.json", scene)
    assert collection.name == "bea"
    assert import_avatar(folder, scene) == collection


def test_copies_stand_side_by_side(scene: Any, bundle: Path) -> None:
    first = import_avatar(bundle, scene)
    second = import_avatar(bundle, scene, options=ImportOptions(as_copy=True))
    third = import_avatar(bundle, scene, options=ImportOptions(as_copy=True, side_by_side=False))
    assert avatars(scene) == [first, second, third]
    width = first.headsmith.half_width_m * 2
    places = [c.headsmith.rig.location.x for c in (first, second, third)]
    assert places[0] == places[2] == 0
    assert width < places[1] < width + 0.15
    # one head's data is not the other's
    assert first.headsmith.head.data != second.headsmith.head.data


def test_the_bundle_describes_itself(imported: Any, sample_avatar: Path) -> None:
    avatar = read_avatar(sample_avatar)
    settings = imported.headsmith
    assert settings.licence == avatar.head.model_licence
    assert settings.splat_count == len(avatar.splats.splats)
    assert settings.vertex_count == len(avatar.head.vertices)
    assert settings.warnings.splitlines() == list(avatar.report.warnings)
    assert settings.photos == ", ".join(name for name, _ in avatar.provenance.inputs)


def test_importing_keeps_selection_and_mode(scene: Any, bundle: Path) -> None:
    import_avatar(bundle, scene)
    rig = avatars(scene)[0].headsmith.rig
    bpy.context.view_layer.objects.active = rig
    rig.select_set(True)
    bpy.ops.object.mode_set(mode="POSE")
    import_avatar(bundle, scene, options=ImportOptions(as_copy=True))
    assert bpy.context.view_layer.objects.active == rig
    assert rig.mode == "POSE"
    assert [o.name for o in bpy.context.view_layer.objects.selected] == [rig.name]
