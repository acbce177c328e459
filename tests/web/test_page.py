"""The page as a person uses it: labels, keys, fingers, motions, and what it says of itself."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from headsmith.asset import TextureNetwork, pose_parameters
from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import Avatar
from headsmith.asset.posing import pose_from
from web.conftest import NETWORK_RUNS, READY
from web_browser import Browser

ROOT = Path(__file__).parents[2]
PLACE = "return avatar.viewer.stage.camera.position.toArray();"


def test_nothing_is_asked_elsewhere_and_nothing_goes_wrong(browser: Browser) -> None:
    browser.open("ada/index.html", (256, 256))
    heard = browser.run(
        f"{READY} avatar.show = 'both'; await avatar.play('wave'); {NETWORK_RUNS}"
        "avatar.pause(); await avatar.settled(); return avatar.shadowRoot.querySelector('.message').textContent;"
    )
    assert heard == ""
    assert browser.said() == []


def test_the_documented_policy_is_enough(browser: Browser, site: Path) -> None:
    (policy,) = re.findall(r"^ +(script-src .+)$", (ROOT / "docs/web.md").read_text(), re.MULTILINE)
    meta = f'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; {policy}">'
    (site / "policy.html").write_text((site / "ada.html").read_text().replace("<meta", f"{meta}<meta", 1))
    browser.open("policy.html")
    browser.run(f"{READY} avatar.show = 'both'; {NETWORK_RUNS}")
    assert browser.said() == []


def test_progress_goes_from_nothing_to_all(browser: Browser) -> None:
    browser.open("ada.html", before=(
        "window.parts = []; window.addEventListener('progress', (event) => window.parts.push(event.detail), true);"
    ))  # fmt: skip
    browser.run(READY)
    parts = browser.run("return window.parts")
    assert parts == sorted(parts)
    assert parts[-1] == 1
    assert len(parts) > 2
    assert browser.run("return avatar.shadowRoot.querySelector('progress')") is None


def test_everything_has_a_name(whole: Browser) -> None:
    whole.run("for (const group of avatar.shadowRoot.querySelectorAll('details')) group.open = true;")
    found = whole.names()
    sliders = [name for role, name in found if role == "slider"]
    assert len(sliders) == len(set(sliders)) == 52
    assert "mouth smile left" in sliders
    assert all(name for role, name in found if role in ("slider", "checkbox", "radio", "button", "combobox", "image"))
    assert {"splats", "mesh", "both"} <= {name for role, name in found if role == "radio"}
    assert any("Arrow keys" in name for role, name in found if role == "image")


def test_sliders_move_the_face(whole: Browser) -> None:
    whole.run("avatar.shadowRoot.querySelector('[data-blendshape=jawOpen]').focus();")
    for _ in range(5):
        whole.press("ArrowRight")
    assert whole.run("return avatar.weights.jawOpen") == pytest.approx(0.05)
    whole.run("avatar.setWeights({ jawOpen: 0.4 })")
    assert whole.run("return avatar.shadowRoot.querySelector('[data-blendshape=jawOpen]').value") == "0.4"
    whole.run("avatar.setExpression('smile', 0.5)")
    assert whole.run("return avatar.weights.mouthSmileLeft") == pytest.approx(0.3)
    assert whole.run("return avatar.weights.jawOpen") == 0


def test_keys_turn_zoom_and_return(whole: Browser) -> None:
    whole.run("avatar.shadowRoot.querySelector('canvas').focus();")
    x, y, z = whole.run(PLACE)
    whole.press("ArrowRight")
    whole.press("ArrowUp")
    turned = whole.run(PLACE)
    assert turned[0] > x + 0.01
    assert turned[1] > y + 0.01
    whole.press("+")
    assert np.linalg.norm(whole.run(PLACE)) < np.linalg.norm(turned)
    whole.press("Home")
    np.testing.assert_allclose(whole.run(PLACE), [x, y, z], atol=1e-6)
    whole.press("Space")
    whole.run("while (!avatar.playing) await new Promise((resolve) => setTimeout(resolve, 10));")
    whole.press("Space")
    assert not whole.run("return avatar.playing")
    whole.run("avatar.stop()")


@pytest.mark.parametrize("touch", [False, True])
def test_mouse_and_finger_turn_it(whole: Browser, touch: bool) -> None:
    whole.run("await avatar.settled();")
    before = whole.run(PLACE)
    whole.drag((80, 150), (110, 150), (150, 150), touch=touch)
    whole.run("await new Promise(requestAnimationFrame); await avatar.settled();")
    assert whole.run(PLACE)[0] < before[0] - 0.02


def test_it_looks_where_the_cursor_is(whole: Browser) -> None:
    whole.run("avatar.lookAtCursor = true;")
    whole.drag((3, 150), (4, 150))
    # the viewer's left is the subject's right
    seen = whole.run(
        "await new Promise((resolve) => setTimeout(resolve, 1500));"
        "const pose = avatar.viewer.pose, at = (name) => pose.weights[pose.names.indexOf(name)];"
        "return [at('eyeLookOutRight'), at('eyeLookInLeft'), at('eyeLookOutLeft'), pose.turns[1].y];"
    )
    assert seen[0] > 0.1
    assert seen[1] == pytest.approx(seen[0])
    assert seen[2] == 0
    assert seen[3] < -0.05


def test_motions_are_those_of_the_bundle(page: Browser, shown: Avatar) -> None:
    motion, frame = shown.motions["wave"], 7
    page.run(f"await avatar.play('wave'); avatar.pause(); avatar.seek({frame / motion.fps}); await avatar.settled();")
    weights = page.run("return [...avatar.viewer.pose.weights]")
    np.testing.assert_allclose(weights, motion.weights[frame], atol=2e-5)
    x, y, z, w = page.run("return avatar.viewer.pose.turns[1].toArray()")
    turn = motion.joint_rotations_wxyz[frame, 1]
    assert abs(np.dot([w, x, y, z], turn)) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(
        page.run("return avatar.viewer.pose.translation.toArray()"), motion.head_translation_m[frame], atol=1e-6
    )


def test_the_network_paints_what_ours_does(page: Browser, shown: Avatar) -> None:
    weights, joints = {"jawOpen": 0.5, "mouthSmileLeft": 0.9}, {"neck": [0.1, -0.2, 0.05]}
    page.run(
        f"avatar.show = 'mesh'; avatar.setWeights({weights}); avatar.setJoints({joints});"
        f"{NETWORK_RUNS} await avatar.settled();"
    )
    pixels, width, height = page.run(
        "const { data, width, height } = avatar.viewer.uniforms.dynamic.value.image;return [[...data], width, height];"
    )
    view = np.array(page.run(PLACE))
    parameters = pose_parameters(shown, pose_from(shown, weights, joints), view / np.linalg.norm(view))
    ours = TextureNetwork(shown.dynamic_texture).texture(parameters)
    seen = np.array(pixels, np.uint8).reshape(height, width, 4)[..., :3] / 255
    np.testing.assert_allclose(seen, ours, atol=1.5 / 255)


def test_the_api_lists_what_it_knows(page: Browser) -> None:
    assert page.run("return avatar.blendshapes") == list(ARKIT_52)
    assert "viseme aa" in page.run("return avatar.expressions")
    assert page.run("return avatar.motions") == ["wave"]
    head = page.run("return [...new Uint8Array(await (await avatar.snapshot()).arrayBuffer())].slice(0, 8)")
    assert bytes(head) == b"\x89PNG\r\n\x1a\n"
