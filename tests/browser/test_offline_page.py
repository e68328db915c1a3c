"""The page that a client opens: offline, by keyboard, accessible, and its picks come back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pictures import paint, sweep

from fluxkit.engines import FunctionEngine
from fluxkit.session import Session
from fluxkit.sheets import ContactSheet

AXE = Path(os.environ.get("FLUXKIT_AXE", Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"))


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    with Session(tmp_path_factory.mktemp("c"), engine=FunctionEngine(paint)) as session:
        frames = session.shoot(sweep(4))
        yield ContactSheet(frames, rows="lighting.key.direction", columns="seed", title="Oranges")


@pytest.fixture
def opened(page, sheet, tmp_path):
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(sheet.save(tmp_path / "sheet.html").as_uri())
    page.wait_for_function("() => document.querySelectorAll('.fk-cell img').length === 12")
    return page


def test_a_client_rates_by_keyboard_and_sends_the_picks_back(opened, sheet, tmp_path, shots):
    opened.locator(".fk-grid").focus()
    for key in ("5", "p", "ArrowRight", "x"):
        opened.keyboard.press(key)
    opened.screenshot(path=shots / "offline.png")
    with opened.expect_download() as saved:
        opened.get_by_role("button", name="Save picks").click()
    path = tmp_path / "picks.json"
    saved.value.save_as(path)
    assert [frame.id for frame in sheet.merge_picks(path)] == [sheet.frames[0].id]
    assert sheet.marks[sheet.frames[0].id].rating == 5
    assert not opened.errors
    assert [url for url in opened.asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_nothing_is_clipped_at_400_pixels(opened, shots):
    opened.set_viewport_size({"width": 400, "height": 800})
    opened.get_by_role("button", name="Rows and columns").click()
    opened.wait_for_timeout(300)
    opened.screenshot(path=shots / "offline-400.png")
    assert opened.evaluate("() => document.documentElement.scrollWidth") <= 400
    widths = opened.eval_on_selector_all(".fk-cell", "all => all.map((one) => one.getBoundingClientRect().width)")
    assert min(widths) > 90


@pytest.mark.skipif(
    not AXE.is_file(), reason="axe-core is not installed (npm install axe-core, or FLUXKIT_AXE=axe.min.js)"
)
@pytest.mark.parametrize("looking", [False, True], ids=["grid", "compare"])
def test_axe_finds_no_serious_violation(opened, looking):
    opened.locator(".fk-grid").focus()
    if looking:
        opened.keyboard.press("c")
    # The page's own policy forbids added scripts; axe comes in through the debugger instead.
    found = opened.evaluate(AXE.read_text() + "; axe.run(document).then((result) => result.violations)")
    serious = [
        (one["id"], [node["html"][:120] for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []
