"""Painting a mask in a real browser, with the widget's own module and a stand-in for the kernel's model."""

from __future__ import annotations

import base64

import pytest
from PIL import Image

from fluxkit.widgets import MaskPainter, bundle

PAGE = """<!doctype html><meta charset="utf-8"><style>body {{ margin: 0 }} {css}</style><div id="root"></div>
<script type="module">
{module}
const state = {{ width: 200, height: 100, colour: "#ff3b6b", grow: 0, feather: 0, alt: "a picture" }};
const handlers = [];
window.sent = [];
window.toView = (message, buffers) => handlers.forEach((handler) => handler(message, buffers));
const model = {{
  get: (name) => state[name],
  set: (name, value) => (state[name] = value),
  save_changes: () => window.sent.push({{ state: {{ ...state }} }}),
  on: (_name, handler) => handlers.push(handler),
  off: () => {{}},
  send: (message, _callbacks, buffers) =>
    window.sent.push({{ message, bytes: buffers ? btoa(String.fromCharCode(...new Uint8Array(buffers[0]))) : null }}),
}};
widget.render({{ model, el: document.getElementById("root") }});
</script>"""


@pytest.fixture
def painting(page):
    page.set_content(PAGE.format(css=bundle.text("sheet.css"), module=bundle.script("mask.js")))
    page.wait_for_selector(".fk-canvas")
    return page


def painted(page, painter: MaskPainter) -> Image.Image:
    """Hand the next mask that the page sends to the Python side."""
    page.wait_for_function("() => window.sent.some((one) => one.bytes)")
    last = page.evaluate("() => window.sent.splice(0).filter((one) => one.bytes).at(-1).bytes")
    painter._answer(painter, {"kind": "mask"}, [base64.b64decode(last)])
    return painter._raw


def drag(page, start, end):
    box = page.locator(".fk-canvas").bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move(*points[1], steps=6)
    page.mouse.up()


def test_a_stroke_a_rectangle_and_an_undo_reach_python_as_they_look(painting, shots):
    painter = MaskPainter(Image.new("RGB", (200, 100)))
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
    painting.screenshot(path=shots / "mask.png")
    painting.keyboard.press("z")
    undone = painted(painting, painter)
    assert undone.getpixel((30, 20)) == 0
    painting.keyboard.press("i")
    inverted = painted(painting, painter)
    assert inverted.getpixel((100, 50)) == 0
    assert inverted.getpixel((5, 5)) == 255
    assert painter.mask.share == pytest.approx(painter.share)
    assert not painting.errors


def test_the_eraser_and_the_lasso_work(painting):
    painter = MaskPainter(Image.new("RGB", (200, 100)))
    painting.keyboard.press("Tab")
    painting.locator(".fk-canvas").focus()
    painting.keyboard.press("i")
    assert painted(painting, painter).getpixel((100, 50)) == 255
    painting.keyboard.press("e")
    drag(painting, (0.5, 0.2), (0.5, 0.8))
    erased = painted(painting, painter)
    assert erased.getpixel((100, 50)) == 0
    assert erased.getpixel((5, 5)) == 255
    assert not painting.errors


def test_a_touch_paints_too(browser):
    context = browser.new_context(has_touch=True, viewport={"width": 800, "height": 600})
    page = context.new_page()
    page.set_content(PAGE.format(css=bundle.text("sheet.css"), module=bundle.script("mask.js")))
    box = page.locator(".fk-canvas").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    painter = MaskPainter(Image.new("RGB", (200, 100)))
    assert painted(page, painter).getpixel((100, 50)) == 255
    context.close()
