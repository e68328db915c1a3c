"""The bench in JupyterLab: the form changes the prompt, and shooting fills the sheet beside it."""

from __future__ import annotations

from pathlib import Path

CELL = """
import sys; sys.path.insert(0, {here!r})
from pictures import paint, sweep
from fluxkit.engines import FunctionEngine
from fluxkit.session import Session
from fluxkit.studio import explore
session = Session({catalogue!r}, engine=FunctionEngine(paint))
studio = explore(sweep(1).scene, session, model="flux.1-dev")
studio.vary.value, studio.values.value = "lighting.key.direction", "left, front, right"
studio
"""


def test_the_form_changes_the_prompt_and_a_shot_fills_the_sheet(notebook, shots, tmp_path):
    page = notebook("bench", [CELL.format(here=str(Path(__file__).parent), catalogue=str(tmp_path / "catalogue"))])
    page.wait_for_selector(".fk-told")
    description = page.get_by_label("Description").first
    description.fill("a pear on a plinth")
    page.wait_for_function("() => document.querySelector('.fk-told').textContent.includes('a pear on a plinth')")
    page.get_by_role("button", name="Shoot").click()
    page.wait_for_function("() => document.querySelectorAll('.fk-cell img').length === 12")
    page.screenshot(path=shots / "studio.png", full_page=True)
    page.get_by_text("Lighting", exact=True).first.click()
    handle = page.locator(".fk-rig-handle.fk-rig-key")
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => /azimuth|camera left|left/.test(document.querySelector('.fk-rig-words').textContent)")
    assert page.locator(".fk-rig-words").first.inner_text().startswith("85°")
    page.screenshot(path=shots / "rig.png")
    assert not page.errors
