"""Captions typed in JupyterLab: by keys from photograph to photograph, a bad value kept, and saved when asked."""

from __future__ import annotations

from accessible import serious
from pictures import paint, sweep
from PIL import Image

import fluxkit as fk
from fluxkit.shots import make_plan

CELL = """
import fluxkit as fk
form = fk.CaptionForm(fk.TrainingSet.from_folder({folder!r}, trigger="zwirl"))
form
"""
LATE = """
import time
place = form.form._parts["environment"].controls["place"].control
handle = place.comm._msg_callback
def late(message):
    place.comm.on_msg(handle)
    time.sleep(1.5)
    handle(message)
place.comm.on_msg(late)
print("the first words will be late")
"""
"""The first words that are typed are handled late, as where the kernel's main thread is at work. JupyterLab sends a
page's first messages there and later ones to another thread, which would turn to the next photograph meanwhile."""


def test_captions_are_typed_from_photograph_to_photograph(notebook, shots, tmp_path):
    for number, shot in enumerate(make_plan(sweep(2))):
        picture = paint(shot).resize((640, 640), Image.Resampling.BICUBIC)
        picture.crop((0, 0, 640, 640 if number % 2 else 520)).save(tmp_path / f"orange-{number}.jpg")
    page = notebook("captions", [CELL.format(folder=str(tmp_path)), LATE])
    page.get_by_text("1 of 6").wait_for()
    page.locator(".jp-OutputArea-output", has_text="will be late").wait_for()
    place = page.get_by_label("Place").first
    place.fill("on a plinth")
    page.keyboard.press("PageDown")
    page.get_by_text("2 of 6").wait_for()
    page.wait_for_function("() => document.activeElement.value === '' && !document.querySelector('[inert]')")
    page.keyboard.type("by a window")
    page.get_by_text("Lens", exact=True).click()
    page.get_by_label("F number").first.fill("wide open")
    page.locator(".fk-form-field [role=alert]").first.wait_for()
    page.screenshot(path=shots / "captions-wrong.png")

    page.keyboard.press("PageUp")
    page.get_by_text("1 of 6").wait_for()
    page.get_by_text("Environment · on a plinth").wait_for()
    page.locator(".fk-photo-small").first.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("2 of 6").wait_for()
    assert page.get_by_label("F number").first.input_value() == "wide open"
    page.get_by_label("F number").first.fill("2")
    page.get_by_label("Focal length").first.fill("85")
    page.get_by_text("2 of 6 captioned").wait_for()
    assert serious(page, "document.querySelector('.fk-captions')") == []
    page.screenshot(path=shots / "captions.png")

    page.get_by_role("button", name="Save 2 captions").click()
    page.get_by_text("2 files written beside the pictures.").wait_for()
    saved = fk.TrainingSet.from_folder(tmp_path, trigger="zwirl")
    assert saved[0].caption.environment.place == "on a plinth"
    assert saved[1].caption.lens == fk.Lens(focal_length_mm=85, f_number=2)
    assert not page.errors
