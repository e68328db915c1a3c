"""Painting a mask in a real browser, with the widget's own module and a stand-in for the kernel's model."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from PIL import Image
from standin import page_of, to_view

from fluxkit.shots import Mask
from fluxkit.widgets import MaskPainter

SIZE = (200, 100)


@pytest.fixture
def painter():
    return MaskPainter(Image.new("RGB", SIZE, "#3a5a40"))


@pytest.fixture
def painting(page, painter):
    page.set_default_timeout(20_000)
    page.set_content(page_of("mask.js", painter))
    page.wait_for_selector(".fk-canvas")
    return page


def painted(page, painter: MaskPainter) -> Image.Image:
    """Hand the next mask that the page sends to the Python side."""
    page.wait_for_function("() => window.sent.some((one) => one.bytes)")
    last = page.evaluate("() => window.sent.splice(0).filter((one) => one.bytes).at(-1)")
    painter._answer(painter, last["message"], [base64.b64decode(last["bytes"])])
    return painter._raw


def drag(page, *points):
    box = page.locator(".fk-canvas").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def test_a_stroke_a_rectangle_a_lasso_and_undo_reach_python_as_they_look(painting, painter, shots):
    drag(painting, (0.25, 0.5), (0.75, 0.5))
    stroke = painted(painting, painter)
    assert stroke.getpixel((100, 50)) == 255
    assert stroke.getpixel((100, 5)) == 0
    assert stroke.getpixel((10, 50)) == 0
    painting.keyboard.press("r")
    drag(painting, (0.1, 0.1), (0.2, 0.9))
    both = painted(painting, painter)
    assert both.getpixel((30, 20)) == 255
    assert both.getpixel((100, 50)) == 255
    painting.keyboard.press("l")
    drag(painting, (0.8, 0.1), (0.95, 0.1), (0.95, 0.5))
    assert painted(painting, painter).getpixel((185, 20)) == 255
    painting.screenshot(path=shots / "mask.png")
    painting.keyboard.press("z")
    assert painted(painting, painter).getpixel((185, 20)) == 0
    painting.keyboard.press("z")
    undone = painted(painting, painter)
    assert undone.getpixel((30, 20)) == 0
    painting.keyboard.press("Shift+Z")
    assert painted(painting, painter).getpixel((30, 20)) == 255
    painting.keyboard.press("i")
    inverted = painted(painting, painter)
    assert inverted.getpixel((100, 50)) == 0
    assert inverted.getpixel((5, 5)) == 255
    assert painter.mask.share == pytest.approx(painter.share)
    assert not painting.errors


def test_the_eraser_and_shapes_that_take_away(painting, painter):
    painting.locator(".fk-canvas").focus()
    painting.keyboard.press("i")
    assert painted(painting, painter).getpixel((100, 50)) == 255
    painting.keyboard.press("e")
    drag(painting, (0.5, 0.2), (0.5, 0.8))
    erased = painted(painting, painter)
    assert erased.getpixel((100, 50)) == 0
    assert erased.getpixel((5, 5)) == 255
    painting.keyboard.press("r")
    painting.keyboard.press("x")
    drag(painting, (0.01, 0.02), (0.1, 1))
    assert painted(painting, painter).getpixel((5, 5)) == 0
    painting.keyboard.press("x")
    painting.keyboard.down("Alt")
    drag(painting, (0.9, 0.02), (1, 0.98))
    painting.keyboard.up("Alt")
    assert painted(painting, painter).getpixel((195, 50)) == 0
    assert not painting.errors


def test_a_soft_brush_stays_soft_however_often_it_passes_within_a_stroke(painting, painter):
    painting.evaluate("() => { state.size = 40; state.softness = 1; }")
    there, back = (0.25, 0.5), (0.75, 0.5)
    drag(painting, there, back, there, back, there, back)
    profile = np.asarray(painted(painting, painter))[:, 100].astype(int)
    assert profile[50] > 240
    assert 90 < profile[40] < 165, "half way out it is about half"
    assert (np.diff(profile[20:50]) >= 0).all()


def test_the_mask_is_painted_by_keyboard_alone(painting, painter):
    painting.keyboard.press("Tab")
    assert painting.evaluate("() => document.activeElement.className") == "fk-canvas"
    for key in ("ArrowLeft", "ArrowLeft", "Space", *("ArrowRight",) * 4, "Space"):
        painting.keyboard.press(key)
    stroke = painted(painting, painter)
    assert stroke.getpixel((100, 50)) == 255
    assert 0.008 < painter.share < 0.02
    for key in ("r", "Space", *("ArrowDown",) * 3, *("ArrowRight",) * 3, "Space"):
        painting.keyboard.press(key)
    assert painted(painting, painter).getpixel((112, 56)) == 255
    for key in ("Space", "ArrowDown", "Escape"):
        painting.keyboard.press(key)
    assert painting.locator(".fk-status").inner_text().startswith("2 steps")


def test_only_a_finished_stroke_travels(painting):
    drag(painting, (0.1, 0.5), (0.9, 0.5), (0.1, 0.2))
    painting.wait_for_function("() => window.sent.some((one) => one.bytes)")
    assert painting.evaluate("() => window.sent.filter((one) => one.bytes).length") == 1


def test_a_touch_and_a_pen_paint_too(browser, painter):
    context = browser.new_context(has_touch=True, viewport={"width": 800, "height": 600})
    page = context.new_page()
    page.set_content(page_of("mask.js", painter))
    box = page.locator(".fk-canvas").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert painted(page, painter).getpixel((100, 50)) == 255
    page.evaluate(
        """([x, y]) => {
            const pane = document.querySelector(".fk-canvas");
            pane.setPointerCapture = () => {};
            const make = (type, pressure) =>
              pane.dispatchEvent(new PointerEvent(type, { pointerType: "pen", pressure, clientX: x, clientY: y }));
            state.softness = 0;
            make("pointerdown", 0.02); make("pointerup", 0);
        }""",
        [box["x"] + box["width"] * 0.1, box["y"] + box["height"] / 2],
    )
    light = np.asarray(painted(page, painter))[:, :60]
    assert 2 <= (light[:, 20] > 127).sum() <= 5, "a pen that barely touches makes a quarter of the brush's width"
    context.close()


def test_the_edge_that_python_moved_is_shown_and_a_mask_may_be_given_to_start_from(painting, painter):
    half = Mask.rectangle(*SIZE, right=0.5)
    sent = []
    painter.send = lambda message, buffers=None: sent.append((message, buffers))
    painter.start_from(half)
    to_view(painting, sent[-1][0], *sent[-1][1])
    assert painted(painting, painter).tobytes() == half.image.tobytes()
    painting.locator('[data-name="grow"]').fill("20")
    painter.grow = painting.evaluate("() => state.grow")
    assert painter.grow == 20
    to_view(painting, sent[-1][0], *sent[-1][1])
    shown = "() => document.querySelector('.fk-layer').getContext('2d').getImageData(115, 50, 1, 1).data[3]"
    painting.wait_for_function(f"() => ({shown})() === 255")
    drag(painting, (0.9, 0.5), (0.95, 0.5))
    assert painting.evaluate(shown) == 255, "what is shown keeps its moved edge while Python answers"
    assert painted(painting, painter).getpixel((115, 50)) == 0, "the painting itself stays as it was painted"
    assert painter.mask.image.getpixel((115, 50)) == 255


def test_colour_density_and_zoom_are_the_reader_s_and_strokes_land_where_they_look(painting, painter):
    painting.get_by_role("button", name="Green").click()
    assert painting.evaluate("() => state.colour") == "#20c997"
    painting.locator(".fk-canvas").focus()
    for _ in range(4):
        painting.keyboard.press("+")
    assert painting.evaluate("() => document.querySelector('.fk-sight').style.transform").endswith("scale(5.0625)")
    drag(painting, (0.5, 0.5), (0.5, 0.5))
    assert painted(painting, painter).getpixel((100, 50)) == 255
    painting.keyboard.press("v")
    assert painting.locator(".fk-layer").is_hidden()
    assert "mask hidden" in painting.locator(".fk-status").inner_text()
    assert not painting.errors


MANY_STROKES = """() => {
  const pane = document.querySelector(".fk-canvas");
  const box = pane.getBoundingClientRect();
  pane.setPointerCapture = () => {};
  const fire = (type, x, y) =>
    pane.dispatchEvent(new PointerEvent(type, { clientX: box.left + x, clientY: box.top + y, bubbles: true }));
  const moved = (y) => {
    const start = performance.now();
    for (let i = 0; i < 40; i++) fire("pointermove", 20 + i * 4, y);
    return performance.now() - start;
  };
  return Array.from({ length: 60 }, (_, k) => {
    fire("pointerdown", 20, 20 + k);
    const took = moved(20 + k);
    fire("pointerup", 20, 20 + k);
    return took;
  });
}"""


def test_painting_on_stays_as_quick_as_it_began(painting):
    """Moves of the last strokes cost about what those of the first did: a ratio within one run."""
    times = painting.evaluate(MANY_STROKES)
    assert sorted(times[-15:])[7] < 3 * sorted(times[3:18])[7] + 5
