"""The live sheet in JupyterLab, driven as a person would."""

from __future__ import annotations

import time

import pytest

SETUP = """
import sys, time; sys.path.insert(0, {here!r})
from pictures import paint, sweep
from fluxkit.engines import FunctionEngine
from fluxkit.session import Session
from fluxkit.sheets import ContactSheet
session = Session({catalogue!r}, engine=FunctionEngine(paint))
"""


@pytest.fixture
def setup(tmp_path):
    from pathlib import Path

    return SETUP.format(here=str(Path(__file__).parent), catalogue=str(tmp_path / "catalogue"))


def output(page, timeout=90):
    """The text of the last cell's output, once it is there."""
    for _ in range(timeout * 10):
        found = page.locator(".jp-OutputArea-output pre").all_inner_texts()
        if found and found[-1].strip():
            return found[-1].strip()
        time.sleep(0.1)
    raise AssertionError("the cell gave no output")


def run_cell(page, source):
    """Run code in a new cell at the end; returns its text."""
    page.evaluate(
        """async (source) => {
            const panel = window.jupyterapp.shell.currentWidget;
            const model = panel.content.model.sharedModel;
            const at = model.cells.length;
            model.insertCell(at, {cell_type: 'code', source, metadata: {}, outputs: []});
            panel.content.activeCellIndex = at;
            await window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        source,
    )
    return output(page)


def test_sixty_frames_are_culled_by_keyboard_alone_and_compared(notebook, setup, shots):
    page = notebook(
        "cull",
        [setup, "sheet = ContactSheet(session.shoot(sweep(20)), title='Sixty oranges', theme='dark')\nsheet.explore()"],
    )
    page.wait_for_function("() => document.querySelectorAll('.fk-cell img').length === 60", timeout=240_000)
    grid = page.locator(".fk-grid")
    grid.focus()
    for key in ("4", "ArrowRight", "p", "ArrowRight", "x", "ArrowRight", "Shift+5", "3", "z"):
        page.keyboard.press(key)
    assert page.locator(".fk-stars", has_text="★★★★").count() == 2
    assert "1 picked · 1 rejected · 2 rated" in page.locator(".fk-status").inner_text()
    assert page.locator(".jp-Notebook .jp-Cell").count() == 2, (
        "Lab took a key (x cuts cells, Shift+5 and p are its own)"
    )
    page.screenshot(path=shots / "cull.png")
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("End")
    page.keyboard.press("Space")
    assert page.locator(".fk-order").all_inner_texts().count("2") == 1
    page.keyboard.press("c")
    page.wait_for_function("() => document.querySelectorAll('.fk-large').length === 2")
    page.keyboard.press("+")
    page.keyboard.press("+")
    transforms = page.eval_on_selector_all(".fk-large", "all => all.map(one => one.style.transform)")
    assert transforms[0] == transforms[1]
    assert "scale(2.25)" in transforms[0]
    page.screenshot(path=shots / "compare-side-by-side.png")
    page.keyboard.press("m")
    assert "inset" in page.eval_on_selector(".fk-large + .fk-large", "one => one.style.clipPath")
    page.screenshot(path=shots / "compare-slider.png")
    page.keyboard.press("m")
    page.keyboard.press("m")
    assert page.eval_on_selector(".fk-large + .fk-large", "one => getComputedStyle(one).mixBlendMode") == "difference"
    page.screenshot(path=shots / "compare-difference.png")
    page.keyboard.press("Escape")
    assert (
        run_cell(page, "print(len(sheet.picks), sorted(m.rating for m in sheet.marks.values() if m.rating))")
        == "1 [4, 5]"
    )
    assert not page.errors


def test_original_pictures_come_when_they_are_looked_at(notebook, setup):
    page = notebook("loupe", [setup, "ContactSheet(session.shoot(sweep(2))).explore()"])
    page.wait_for_function("() => document.querySelectorAll('.fk-cell img').length === 6", timeout=240_000)
    page.locator(".fk-grid").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.fk-large')?.naturalWidth === 256", timeout=90_000)
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('.fk-pane figcaption').textContent.includes('seed 1')")


def test_a_running_job_fills_the_sheet_and_is_cancelled_within_two_seconds_while_a_cell_runs(notebook, setup, shots):
    slow = "import fluxkit\ndef slowly(shot):\n    time.sleep(0.4)\n    return paint(shot)\n"
    page = notebook(
        "live",
        [
            setup + slow + "session = Session(session.catalogue, engine=FunctionEngine(slowly))",
            "job = session.submit(sweep(100))\n"
            "ContactSheet.live(job, rows='lighting.key.direction', columns='seed', title='Live')",
            "while not job.done: time.sleep(0.05)\nprint(job.status)",
        ],
    )
    page.wait_for_function("() => document.querySelectorAll('.fk-cell img').length >= 4", timeout=240_000)
    page.screenshot(path=shots / "live.png")
    started = time.monotonic()
    page.get_by_role("button", name="Cancel").click()
    said = output(page)
    assert time.monotonic() - started < 2.5
    assert said == "cancelled"
