"""A mask painted in JupyterLab, and filled with nano."""

from __future__ import annotations

MAKE = """
import fluxkit as fk, numpy as np
session = fk.Session({catalogue!r})
scene = fk.Scene(
    subject=fk.Subject(description="a woman", hair="short black hair", wardrobe="navy clothes"),
    environment=fk.Environment(place="grey studio"),
    lighting=fk.Lighting(key=fk.Light(direction="left", quality="soft")),
)
frame = session.shoot(scene, model="nano", seed=0)
painter = fk.MaskPainter(frame)
painter
"""
FILL = """
red = scene.with_("subject.wardrobe", "red clothes")
filled = session.fill(frame, mask=painter.mask, prompt=red, model="nano", strength=1.0, seed=3)
before, after = (np.asarray(one.image).astype(int) for one in (frame, filled))
white, black = (np.asarray(painter.mask.image) == value for value in (255, 0))
was, now = (picture[white].mean(axis=0) for picture in (before, after))
untouched = not (before != after)[black].any()
print("blue was", was[2] > was[0] + 20, "| red is", now[0] > now[2] + 20, "| kept", untouched, "|", painter)
filled
"""


def test_a_mask_is_painted_and_filled_with_nano(notebook, shots, tmp_path):
    page = notebook("paint", [MAKE.format(catalogue=str(tmp_path / "catalogue"))])
    page.wait_for_function("() => document.querySelector('.fk-under')?.naturalWidth === 128")
    page.get_by_role("button", name="Lasso").click()
    page.locator(".fk-canvas").scroll_into_view_if_needed()
    box = page.locator(".fk-canvas").bounding_box()
    outline = [(0.06, 0.99), (0.16, 0.93), (0.36, 0.85), (0.5, 0.87), (0.64, 0.84), (0.86, 0.93), (0.94, 0.99)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in outline]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()
    page.get_by_text("1 step").wait_for()
    page.screenshot(path=shots / "paint-in-lab.png")
    page.evaluate(
        """async (source) => {
            const panel = window.jupyterapp.shell.currentWidget;
            panel.content.model.sharedModel.insertCell(1, {cell_type: "code", source, metadata: {}, outputs: []});
            panel.content.activeCellIndex = 1;
            await window.jupyterapp.commands.execute("notebook:run-cell");
        }""",
        FILL,
    )
    page.wait_for_function("() => document.querySelectorAll('.jp-OutputArea-output img').length >= 1")
    said = page.locator(".jp-OutputArea-output pre").last.inner_text()
    assert said.startswith("blue was True | red is True | kept True | MaskPainter(128 x 128, "), said
    page.screenshot(path=shots / "filled-in-lab.png")
    assert not page.errors
