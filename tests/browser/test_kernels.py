"""Cancelling while a cell runs, on every ipykernel that is supported: `make kernels` lays them out and runs this."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from servers import notebook_of, serve
from test_sheet_in_lab import SETUP

KERNELS = [Path(folder) for folder in os.environ.get("FLUXKIT_KERNELS", "").split(os.pathsep) if folder]
SLOW = "import fluxkit\ndef slowly(shot):\n    time.sleep(0.4)\n    return paint(shot)\n"


@pytest.mark.skipif(not KERNELS, reason="several ipykernels are tested by `make kernels` (FLUXKIT_KERNELS is not set)")
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda folder: folder.name)
@pytest.mark.parametrize("waiting", ["live.result()", "while not job.done: time.sleep(0.05)"], ids=["result", "loop"])
def test_the_cancel_button_works_while_a_cell_runs_and_the_sheet_fills(page, tmp_path, kernel, waiting):
    setup = SETUP.format(here=str(Path(__file__).parent), catalogue=str(tmp_path / "catalogue"))
    cells = [
        f"import ipykernel\nprint('ipykernel', ipykernel.__version__)\n{setup}{SLOW}"
        "session = Session(session.catalogue, engine=FunctionEngine(slowly))",
        "job = session.submit(sweep(100))\nlive = ContactSheet.live(job, title='Live')\nlive",
        waiting,
    ]
    home = tmp_path / "home"
    home.mkdir()
    with serve(home, before=[str(kernel)]) as address:
        (home / "live.ipynb").write_text(notebook_of(cells))
        page.goto(f"{address}/lab/tree/live.ipynb?reset", wait_until="domcontentloaded")
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        )
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        page.wait_for_function("() => document.querySelectorAll('.fk-cell img').length >= 3", timeout=90_000)
        assert kernel.name in page.locator(".jp-OutputArea-output pre").first.inner_text()
        assert page.locator(".jp-InputPrompt", has_text="[*]").count() == 1, "the cell has to be running"
        started = time.monotonic()
        page.get_by_role("button", name="Cancel", exact=True).click()
        page.get_by_text("Cancelled: ").wait_for(timeout=10_000)
        took = time.monotonic() - started
        page.wait_for_function(
            "() => ![...document.querySelectorAll('.jp-InputPrompt')].some(p => p.innerText.includes('*'))"
        )
        assert took < 2.0 + 0.5  # within two seconds; the half is for the browser of a busy machine
