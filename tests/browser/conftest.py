"""A real JupyterLab in a real Chromium. Skipped, with the reason, where either is absent."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from servers import ROOT, notebook_of, serve

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def _absent() -> str | None:
    if CHROMIUM is None:
        return "Chromium is not installed (Debian: apt-get install chromium)"
    for module in ("playwright", "jupyterlab"):
        if importlib.util.find_spec(module) is None:
            return f"{module} is not installed (extras test and docs)"
    return None


@pytest.fixture(scope="session")
def browser():
    if reason := _absent():
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(120_000)
    opened.errors = []
    opened.on("pageerror", lambda error: opened.errors.append(str(error)))
    yield opened
    context.close()


@pytest.fixture(scope="session")
def shots() -> Path:
    """Where screenshots are kept: `FLUXKIT_SCREENSHOTS`, or a folder that git ignores."""
    folder = Path(os.environ.get("FLUXKIT_SCREENSHOTS", ROOT / "build" / "screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A JupyterLab on loopback; gives its address and its folder."""
    if reason := _absent():
        pytest.skip(reason)
    home = tmp_path_factory.mktemp("lab")
    with serve(home) as address:
        yield address, home


@pytest.fixture
def notebook(lab, page):
    """Opens code as a notebook and runs it: `notebook("name", [cell, ...])`."""
    address, home = lab

    def run(name: str, cells: list[str]):
        (home / f"{name}.ipynb").write_text(notebook_of(cells))
        page.goto(f"{address}/lab/tree/{name}.ipynb?reset", wait_until="domcontentloaded")
        page.wait_for_selector(".jp-Notebook", timeout=240_000)
        page.wait_for_function(
            "() => window.jupyterapp && document.querySelector('.jp-Notebook .jp-Cell')", timeout=240_000
        )
        page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        page.wait_for_function(
            "() => { const w = window.jupyterapp.shell.currentWidget;"
            " return w?.sessionContext?.session?.kernel?.status === 'idle'; }",
            timeout=240_000,
        )
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        return page

    return run
