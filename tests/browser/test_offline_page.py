"""The page that a client opens: offline, by keyboard, accessible, and its picks come back."""

from __future__ import annotations

import pytest
from accessible import serious
from pictures import paint, sweep

from fluxkit.engines import FunctionEngine
from fluxkit.session import Session
from fluxkit.sheets import ContactSheet


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
    opened.get_by_role("radio", name="One flow").click()
    opened.wait_for_timeout(300)
    opened.screenshot(path=shots / "offline-400.png")
    assert opened.evaluate("() => document.documentElement.scrollWidth") <= 400
    widths = opened.eval_on_selector_all(".fk-cell", "all => all.map((one) => one.getBoundingClientRect().width)")
    assert min(widths) > 90


def test_a_finger_can_do_what_the_keys_do(browser, sheet, tmp_path):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(sheet.save(tmp_path / "sheet.html").as_uri())
    page.locator(".fk-cell").nth(2).tap()
    foot = page.locator(".fk-foot")
    foot.get_by_role("button", name="Rate 4").tap()
    foot.get_by_role("button", name="Pick").tap()
    cell = page.locator(".fk-cell").nth(2)
    assert cell.get_attribute("aria-label").endswith("rated 4, picked")
    foot.get_by_role("button", name="Undo").tap()
    assert cell.get_attribute("aria-label").endswith("rated 4")
    foot.get_by_role("button", name="Choose for comparing").tap()
    page.locator(".fk-cell").nth(0).tap()
    foot.get_by_role("button", name="Choose for comparing").tap()
    page.get_by_role("button", name="Compare", exact=True).tap()
    assert page.locator(".fk-large").count() == 2
    context.close()


def test_a_comparison_steps_its_second_side_and_keeps_its_way(opened):
    opened.locator(".fk-grid").focus()
    opened.keyboard.press("c")
    opened.keyboard.press("m")
    names = opened.locator(".fk-pane figcaption span")
    first, second = names.all_inner_texts()
    opened.keyboard.press("ArrowRight")
    assert names.all_inner_texts()[0] == first
    assert names.all_inner_texts()[1] != second
    assert "inset" in opened.eval_on_selector(".fk-large + .fk-large", "one => one.style.clipPath")
    share = "one => getComputedStyle(one).getPropertyValue('--fk-share')"
    opened.keyboard.press("ArrowUp")
    assert opened.eval_on_selector(".fk-window", share).strip() == "55%"


def test_blind_pairs_hide_the_words_and_come_back_with_the_picks(opened, sheet, tmp_path):
    before = len(sheet.votes), len(sheet.ties)
    opened.locator(".fk-grid").focus()
    opened.keyboard.press("b")
    assert "Which is better?" in opened.locator(".fk-loupe-title").inner_text()
    assert not opened.locator(".fk-pane figcaption").first.is_visible()
    assert opened.locator(".fk-legend").is_hidden()
    opened.keyboard.press("ArrowLeft")
    opened.get_by_role("button", name="Right is better").click()
    opened.keyboard.press("ArrowDown")
    opened.keyboard.press("Escape")
    assert "After 3 pairs" in opened.locator(".fk-status").inner_text()
    with opened.expect_download() as saved:
        opened.get_by_role("button", name="Save picks").click()
    path = tmp_path / "picks.json"
    saved.value.save_as(path)
    sheet.merge_picks(path)
    assert (len(sheet.votes), len(sheet.ties)) == (before[0] + 2, before[1] + 1)
    assert sheet.frames[0].catalogue.votes()[0][-2:] == sheet.votes[-2:]


@pytest.mark.parametrize("keys", [[], ["c"], ["c", "m"], ["b"], ["Enter"], ["?"]], ids=str)
def test_axe_finds_no_serious_violation(opened, keys):
    opened.locator(".fk-grid").focus()
    for key in keys:
        opened.keyboard.press(key)
    assert serious(opened) == []


@pytest.mark.parametrize("keys", [[], ["Tab"], ["Enter"], ["c"]], ids=str)
def test_the_focused_element_itself_keeps_the_keys_from_the_notebook(opened, keys):
    """Notebook 7 takes arrows, and `x` cuts a cell, where only an ancestor carries the attribute."""
    opened.locator(".fk-grid").focus()
    for key in keys:
        opened.keyboard.press(key)
    assert opened.evaluate("() => document.activeElement.hasAttribute('data-lm-suppress-shortcuts')")
