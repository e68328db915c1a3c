"""The light rig in a real browser: dragged, moved by keys, typed, and what the clay head shows."""

from __future__ import annotations

import pytest
from accessible import serious
from standin import page_of

from fluxkit.scene.light import Light
from fluxkit.scene.lighting import Lighting
from fluxkit.widgets import LightRig, MaskPainter

FACE = """() => {
  const canvas = document.querySelector(".fk-rig-seen");
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const mean = (from, to) => {
    let [sum, count] = [0, 0];
    for (let y = 50; y < 110; y++)
      for (let x = from; x < to; x++) [sum, count] = [sum + pixels[4 * (y * canvas.width + x)], count + 1];
    return sum / count;
  };
  return mean(30, 60) / mean(72, 102);
}"""


@pytest.fixture
def rig(page):
    page.set_default_timeout(20_000)
    page.set_viewport_size({"width": 760, "height": 560})
    page.set_content(page_of("rig.js", LightRig(Lighting(key=Light(direction="left", quality="soft")))))
    page.wait_for_selector(".fk-rig-key.fk-rig-handle")
    return page


def test_a_light_is_dragged_around_the_head_and_the_head_is_lit_from_there(rig, shots):
    rig.wait_for_function(f"() => ({FACE})() > 1.3")
    circle = rig.locator(".fk-rig-ring").first.bounding_box()
    middle = circle["x"] + circle["width"] / 2, circle["y"] + circle["height"] / 2
    handle = rig.locator(".fk-rig-key.fk-rig-handle circle").last.bounding_box()
    rig.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    rig.mouse.down()
    rig.mouse.move(middle[0], middle[1] + circle["height"] / 2, steps=8)
    rig.mouse.move(middle[0] + circle["width"] / 2, middle[1], steps=8)
    rig.mouse.up()
    assert rig.evaluate("() => Math.abs(state.lights.key.azimuth - 90)") <= 2
    rig.wait_for_function(f"() => ({FACE})() < 0.77")
    rig.screenshot(path=shots / "rig.png")
    rig.mouse.move(*middle)
    assert rig.evaluate("() => state.lights.key.azimuth") > 85, "a light that was let go stays"
    assert not rig.errors


def test_keys_numbers_and_switches_do_what_the_pointer_does(rig):
    rig.locator(".fk-rig-key.fk-rig-handle").focus()
    rig.keyboard.press("ArrowRight")
    rig.keyboard.press("Shift+ArrowUp")
    assert rig.evaluate("() => state.lights.key") == {"azimuth": -85, "elevation": 16}
    assert rig.locator(".fk-rig-key.fk-rig-handle").get_attribute("aria-valuetext") == "85° camera left, 16° up"
    rig.get_by_role("checkbox", name="rim light").check()
    assert rig.evaluate("() => state.lights.rim") == {"azimuth": 150, "elevation": 30}
    height = rig.get_by_label("rim: height in degrees")
    height.fill("200")
    height.press("Enter")
    assert rig.evaluate("() => state.lights.rim.elevation") == 90
    rig.get_by_role("checkbox", name="rim light").uncheck()
    assert rig.evaluate("() => state.lights.rim") is None
    assert "key 85° camera left" in rig.locator(".fk-rig-seen").get_attribute("aria-label")


def test_axe_finds_nothing_serious_in_the_rig_or_the_painter(rig, page):
    assert serious(rig) == []
    from PIL import Image

    page.set_content(page_of("mask.js", MaskPainter(Image.new("RGB", (64, 64), "grey"))))
    page.wait_for_selector(".fk-canvas")
    page.get_by_text("Keys").click()
    assert serious(page) == []
