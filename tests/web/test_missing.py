"""What is not there: one sentence each, and the page shows what it can."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from web.pictures import drawn
from web_browser import Browser

MESSAGE = "return avatar.shadowRoot.querySelector('.message').textContent;"
FRAMES = "avatar.viewer.stage.renderer.info.render.frame"
TRY = "await customElements.whenDefined('headsmith-avatar'); await avatar.ready.catch(() => {});"


def is_sentence(text: str) -> bool:
    return re.fullmatch(r"[A-Zh][^\n]+\.", text) is not None


def test_without_splats_the_mesh_is_shown(browser: Browser) -> None:
    browser.open("bare.html")
    browser.run(TRY)
    assert browser.run("return [avatar.show, avatar.hasSplats, avatar.motions]") == ["mesh", False, []]
    said = browser.run(MESSAGE)
    assert is_sentence(said)
    assert "no splats" in said
    assert (drawn(browser)[..., 3] == 255).mean() > 0.1
    assert browser.said() == []


def test_glasses_are_worn_with_and_without_the_head(browser: Browser) -> None:
    browser.open("bare.html")
    browser.run(f"{TRY} avatar.viewer.stage.stop();")
    worn = drawn(browser)
    browser.run("avatar.viewer.head.show(false);")
    alone = drawn(browser)
    frame = (alone[..., 3] == 255) & (alone[..., :3].max(-1) < 90)
    assert frame.sum() > 100
    assert (alone[..., 3] > 0).mean() < 0.2
    # all but the ends of the temples, which lie behind hair and ears
    assert (worn[frame] == alone[frame]).all(-1).mean() > 0.6


@pytest.mark.parametrize("webgpu", [True, False])
def test_without_webgl_it_says_so(browser: Browser, webgpu: bool) -> None:
    there = "" if webgpu else "delete Navigator.prototype.gpu;"
    gone = "HTMLCanvasElement.prototype.getContext = () => null;"
    if webgpu:
        gone += "Object.defineProperty(Navigator.prototype, 'gpu', { value: {}, configurable: true });"
    browser.open("ada.html", before=there + gone)
    browser.run(TRY)
    said = browser.run(MESSAGE)
    assert is_sentence(said)
    assert ("offers WebGPU but no WebGL 2" if webgpu else "neither WebGL 2 nor WebGPU") in said
    assert ("alert", "") in browser.names() or any(role == "alert" for role, _ in browser.names())


def test_a_lost_graphics_card_is_told(browser: Browser) -> None:
    browser.open("bare.html")
    browser.run(f"{TRY} avatar.viewer.stage.renderer.forceContextLoss();")
    browser.run("while (avatar.shadowRoot.querySelector('canvas')) await new Promise(requestAnimationFrame);")
    assert "reload the page" in browser.run(MESSAGE)


def test_what_is_off_the_screen_is_not_drawn(browser: Browser) -> None:
    browser.open("bare.html")
    away = f"{TRY} avatar.style.marginTop = '3000px'; avatar.idle = true;"
    there = browser.run(
        f"{away} await new Promise((resolve) => setTimeout(resolve, 300)); await avatar.settled(); return {FRAMES};"
    )
    assert browser.run(f"await new Promise((resolve) => setTimeout(resolve, 500)); return {FRAMES};") == there
    browser.run(f"scrollTo(0, 3000); while ({FRAMES} === {there}) await new Promise(requestAnimationFrame);")


@pytest.mark.parametrize("damage", ["no folder", "no splats.spz", "another json", "a newer format", "another head"])
def test_a_damaged_folder_is_one_sentence(browser: Browser, site: Path, damage: str) -> None:
    broken = site / "broken"
    shutil.rmtree(broken, ignore_errors=True)
    if damage != "no folder":
        shutil.copytree(site / "ada", broken)
        manifest = json.loads((broken / "avatar.json").read_text())
        if damage == "no splats.spz":
            (broken / "splats.spz").unlink()
        elif damage == "another json":
            manifest = {"format": "other"}
        elif damage == "a newer format":
            manifest["format_version"] = 99
        else:
            shutil.copy(site / "bare/head.glb", broken / "head.glb")
            manifest["head"]["vertices"] += 1
        (broken / "avatar.json").write_text(json.dumps(manifest))
    browser.open("ada.html")
    browser.run(TRY)
    browser.run("avatar.src = 0; avatar.setAttribute('src', 'broken/'); await avatar.ready.catch(() => {});")
    said = browser.run(MESSAGE)
    assert is_sentence(said)
    assert "http" in said or "belong" in said


@pytest.mark.parametrize(
    "call",
    [
        "avatar.setWeights({ jawopen: 1 })",
        "avatar.setWeights({ jawOpen: NaN })",
        "avatar.setJoints({ elbow: [0, 0, 1] })",
        "avatar.setExpression('glee')",
        "await avatar.play('salsa')",
    ],
)
def test_a_wrong_name_is_one_sentence(page: Browser, call: str) -> None:
    said = page.run(f"try {{ {call}; }} catch (error) {{ return [error.name, error.message]; }}")
    assert said is not None
    assert said[0] == "AvatarError"
    assert is_sentence(said[1])
