"""The bench in JupyterLab: the form changes the prompt, shooting fills the sheet beside it, and a job is cancelled."""

from __future__ import annotations

import time
from pathlib import Path

from accessible import serious

SETUP = """
import sys, time; sys.path.insert(0, {here!r})
from pictures import paint, sweep
from fluxkit.engines import FunctionEngine
from fluxkit.session import Session
from fluxkit.studio import explore
def slowly(shot):
    time.sleep({pause})
    return paint(shot)
session = Session({catalogue!r}, engine=FunctionEngine(slowly))
studio = explore(sweep(1).scene, session, model="flux.1-dev")
studio
"""
WORDS = "() => document.querySelector('.fk-words').textContent"


def cell(tmp_path, pause):
    return SETUP.format(here=str(Path(__file__).parent), catalogue=str(tmp_path / "catalogue"), pause=pause)


def test_the_form_changes_the_prompt_and_a_shot_fills_the_sheet(notebook, shots, tmp_path):
    page = notebook("bench", [cell(tmp_path, 0)])
    page.wait_for_selector(".fk-told h4")
    page.get_by_label("Description").first.fill("a pear on a plinth")
    page.wait_for_function(f"() => ({WORDS})().includes('a pear on a plinth')")
    page.wait_for_function("() => document.querySelector('mark')?.textContent.includes('pear')")

    page.get_by_text("Lens ·").click()
    aperture = page.get_by_label("F number").first
    aperture.fill("0")
    page.wait_for_selector(".fk-form-field [role=alert]")
    assert "0 was given; at least 0.5 is allowed" in page.locator(".fk-form-field [role=alert]").inner_text()
    page.get_by_text("⚠ Lens").wait_for()
    aperture.fill("8")
    page.wait_for_function(f"() => ({WORDS})().includes('f/8')")
    assert page.locator(".fk-form-field [role=alert]").count() == 0

    page.get_by_label("Vary").fill("lighting.key.direction")
    page.get_by_label("Vary").press("Tab")
    for name in ("left", "behind"):
        page.get_by_role("button", name=name, exact=True).click()
    page.get_by_role("button", name="Shoot 8 frames").click()
    page.wait_for_function("() => document.querySelectorAll('.fk-cell img').length === 8")
    page.wait_for_selector(".fk-bench-card img")
    assert serious(page, "document.querySelector('.fk-bench')") == []
    page.screenshot(path=shots / "studio.png")

    page.get_by_text("Lighting ·").click()
    handle = page.locator(".fk-rig-handle.fk-rig-key")
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('.fk-rig-key .fk-rig-words').textContent.startsWith('85°')")
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(f"() => ({WORDS})().includes('front left')")
    page.screenshot(path=shots / "studio-rig.png")
    assert not page.errors


def test_a_job_started_on_the_bench_is_cancelled_within_two_seconds(notebook, tmp_path):
    page = notebook("cancelled", [cell(tmp_path, 0.3)])
    page.wait_for_selector(".fk-told h4")
    page.get_by_label("Seeds").fill("0-99")
    page.get_by_role("button", name="Shoot 100 frames").click()
    page.wait_for_function("() => document.querySelectorAll('.fk-cell img').length >= 2")
    started = time.monotonic()
    page.locator(".fk-bench").get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelled:").wait_for()
    assert time.monotonic() - started < 2
    assert 2 <= page.locator(".fk-cell img").count() < 50
    page.get_by_label("Seeds").fill("200")
    page.get_by_role("button", name="Shoot 1 frame").click()
    page.get_by_text("Done: 1 of 1").wait_for()
    assert not page.errors
