"""A live sheet of 1,000 frames in a real JupyterLab and Chromium: opening, scrolling, bytes, appending.

PYTHONPATH=.:tests/browser python bench/live_sheet.py [frames]

Needs Chromium, playwright and jupyterlab. Thumbnails exist before the clock starts: the catalogue made them when it
kept the frames.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from fluxkit.widgets import Card, SheetView

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LONG_TASK_MS = 100

SETUP = """
import sys, time; sys.path.insert(0, {here!r})
from pictures import paint, sweep
from fluxkit.engines import FunctionEngine
from fluxkit.session import Session
from fluxkit.sheets import ContactSheet
session = Session({catalogue!r}, engine=FunctionEngine(paint))
sheet = ContactSheet(session.shoot(sweep({seeds}), confirm=True), title='Many', {axes})
sheet.explore()._repr_mimebundle_() and None
"""

SCROLL = """async () => {
  const grid = document.querySelector('.fk-grid');
  const long = [];
  new PerformanceObserver((list) => long.push(...list.getEntries().map((one) => one.duration)))
    .observe({ type: 'longtask' });
  const frame = () => new Promise(requestAnimationFrame);
  let frames = 0;
  const started = performance.now();
  for (let top = 0; top < grid.scrollHeight; top += 180) {
    grid.scrollTop = top;
    await frame();
    frames += 1;
  }
  const took = performance.now() - started;
  await new Promise((resolve) => setTimeout(resolve, 300));
  return { long, frames, took, height: grid.scrollHeight };
}"""


def main(count: int = 1000) -> None:
    """Write the figures, one a line, with the longest task of the page's main thread while scrolling."""
    from playwright.sync_api import sync_playwright
    from servers import notebook_of, serve

    seeds = -(-count // 3)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder)
        with serve(home) as address:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for name, axes in (("one flow", ""), ("rows and columns", "rows='seed', columns='lighting.key.direction'")):
                here, catalogue = str(Path(__file__).parents[1] / "tests" / "browser"), str(home / "catalogue")
                setup = SETUP.format(here=here, catalogue=catalogue, seeds=seeds, axes=axes)
                (home / "many.ipynb").write_text(notebook_of([setup, "sheet.explore()"]))
                figures = _opened(browser, address, seeds * 3)
                _say(f"{seeds * 3} frames, {name}", figures)
            browser.close()
    _say("appending a frame to a sheet of 1,000, in Python", _appending())


def _opened(browser: Any, address: str, count: int) -> dict[str, str]:
    page = browser.new_page(viewport={"width": 1360, "height": 900})
    page.set_default_timeout(90_000)
    received = [0]
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")

    def frame(event: dict[str, Any]) -> None:
        data, binary = event["response"]["payloadData"], event["response"]["opcode"] == 2
        received[0] += len(data) * 3 // 4 if binary else len(data)

    client.on("Network.webSocketFrameReceived", frame)
    page.goto(f"{address}/lab/tree/many.ipynb?reset", wait_until="domcontentloaded")
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
    )
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell-and-select-next')")
    page.wait_for_timeout(1500)
    received[0] = 0
    took, first, tasks = page.evaluate(OPEN, count)
    sent = received[0]
    scrolled = page.evaluate(SCROLL)
    page.close()
    worst = max(scrolled["long"], default=0)
    return {
        "first pictures on the page": f"{first / 1000:.2f} s",
        "all pictures on the page": f"{took / 1000:.2f} s (longest task while opening {max(tasks, default=0):.0f} ms)",
        "sent to the browser": f"{sent / 1e6:.1f} MB",
        "scrolled through": f"{scrolled['height']} px in {scrolled['took'] / 1000:.2f} s, "
        f"{scrolled['frames'] / scrolled['took'] * 1000:.0f} frames a second",
        f"tasks over {LONG_TASK_MS} ms while scrolling": f"{sum(t > LONG_TASK_MS for t in scrolled['long'])} "
        f"(longest over 50 ms: {worst:.0f} ms)",
    }


OPEN = """async (count) => {
  const long = [];
  new PerformanceObserver((list) => long.push(...list.getEntries().map((one) => one.duration)))
    .observe({ type: 'longtask' });
  const started = performance.now();
  let first = 0;
  window.jupyterapp.commands.execute('notebook:run-cell');
  for (;;) {
    const seen = document.querySelectorAll('.fk-cell img').length;
    if (seen && !first) first = performance.now() - started;
    if (seen >= count) break;
    if (performance.now() - started > 60000) throw new Error(`only ${seen} of ${count} pictures came`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  return [performance.now() - started, first, long];
}"""


def _appending() -> dict[str, str]:
    thumbnail = b"\xff\xd8" + bytes(16_000)
    cards = [Card({"id": str(i), "values": [], "alt": ""}) for i in range(1000)]
    view = SheetView(cards, original=lambda _id: b"")
    view._answer(view, {"kind": "ready"}, [])
    times = []
    for i in range(1000):
        start = time.perf_counter()
        view.append(i, Card(cards[i].data, lambda: thumbnail))
        times.append(time.perf_counter() - start)
    return {"median": f"{sorted(times)[500] * 1e3:.3f} ms", "99th of 100": f"{sorted(times)[990] * 1e3:.3f} ms"}


def _say(title: str, figures: dict[str, str]) -> None:
    sys.stdout.write("\n".join([title, *(f"  {name:<40} {figure}" for name, figure in figures.items())]) + "\n")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
