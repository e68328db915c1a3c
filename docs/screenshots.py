"""Make the screenshots of docs/widgets.md: a real JupyterLab in a real Chromium, frames from nano.

    python docs/screenshots.py            # all of them
    python docs/screenshots.py bench rig  # some of them

Needs the extras `local` and `test`, and Chromium. Pictures are kept in `docs/images/widgets` with 256 colours each.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images" / "widgets"
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]
WIDEST_PX = 1000
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu"]

START = """
import fluxkit as fk
session = fk.Session("shoot")
scene = fk.Scene(
    subject=fk.Subject(description="a woman", hair="short black hair", wardrobe="green clothes"),
    environment=fk.Environment(place="grey studio"),
    lighting=fk.Lighting(key=fk.Light(direction="left", quality="soft")),
    lens=fk.Lens(focal_length_mm=85, f_number=2.8),
)
directions = {"lighting.key.direction": ["left", "upper left", "right", "behind"]}
sixty = fk.Sweep(scene, model="nano", steps=8).over(**directions, seed=range(15))
"""
SHEET = "sheet = fk.ContactSheet(session.shoot(sixty), title='Sixty frames')\nsheet.explore()"
FRAME = "frame = session.shoot(scene, model='nano', seed=2)\nfk.MaskPainter(frame)"
CAPTIONS = f"""
import fluxkit as fk, pathlib, shutil
folder = pathlib.Path(shutil.copytree({str(ROOT / "examples" / "hourglass")!r}, "hourglass"))
(folder / "05.yaml").unlink(), (folder / "09.yaml").unlink()
fk.CaptionForm(fk.TrainingSet.from_folder(folder, trigger="zwirl"), model="nano")
"""
OUTPUT = ".jp-Cell:last-child .jp-OutputArea-output"


def cull(page: Any) -> None:
    """The sheet, half culled."""
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_function("() => document.querySelectorAll('.fk-cell img').length === 60")
    page.locator(".fk-grid").focus()
    for key in ("4", "ArrowRight", "x", "ArrowRight", "5", "p", "ArrowRight", "x", "ArrowRight", "3", "ArrowRight"):
        page.keyboard.press(key)
    save(page, "cull")


def compare(page: Any) -> None:
    """Two frames of one seed under two lights, by slider and by difference, zoomed together."""
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_function("() => document.querySelectorAll('.fk-cell img').length === 60")
    page.locator(".fk-grid").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("c")
    page.wait_for_function("() => document.querySelectorAll('.fk-large').length === 2")
    page.keyboard.press("m")
    page.wait_for_timeout(1500)
    save(page, "compare-slider")
    page.keyboard.press("m")
    page.keyboard.press("m")
    page.wait_for_timeout(500)
    save(page, "compare-difference")


def painter(page: Any) -> None:
    """A mask painted by lasso and brush."""
    page.wait_for_function("() => document.querySelector('.fk-under')?.naturalWidth === 128")
    page.get_by_text("Keys").click()
    page.get_by_role("button", name="Lasso").click()
    box = page.locator(".fk-canvas").bounding_box()
    outline = [(0.06, 0.99), (0.16, 0.93), (0.36, 0.85), (0.5, 0.87), (0.64, 0.84), (0.86, 0.93), (0.94, 0.99)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in outline]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()
    page.keyboard.press("b")
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.2 * box["height"])
    page.get_by_text("1 step").wait_for()
    save(page, "painter")


def form(page: Any) -> None:
    """The form with its lights, after a change."""
    page.wait_for_selector(".fk-told h4")
    page.get_by_text("Lens ·").click()
    page.get_by_label("F number").first.fill("1.4")
    page.wait_for_selector("mark")
    page.wait_for_timeout(500)
    save(page, "form")


def captions(page: Any) -> None:
    """The third of twelve photographs, its place being told."""
    page.set_viewport_size({"width": 1280, "height": 1100})
    page.get_by_text("1 of 12").wait_for()
    page.get_by_label("Place").first.focus()
    page.keyboard.press("PageDown")
    page.get_by_text("2 of 12").wait_for()
    page.keyboard.press("PageDown")
    page.get_by_text("3 of 12").wait_for()
    page.get_by_label("Background").first.fill("bookshelf")
    page.get_by_role("button", name="Save 1 caption").wait_for()
    page.wait_for_timeout(800)
    save(page, "captions")


def rig(page: Any) -> None:
    """Rembrandt light with a rim."""
    page.wait_for_selector(".fk-rig-handle")
    page.wait_for_timeout(500)
    save(page, "rig")


def bench(page: Any) -> None:
    """The bench with a sheet, in a window 1440 pixels wide."""
    page.set_viewport_size({"width": 1440, "height": 1560})
    page.wait_for_selector(".fk-told h4")
    page.get_by_label("Vary").fill("lighting.key.direction")
    page.get_by_label("Vary").press("Tab")
    for name in ("left", "right"):
        page.get_by_role("button", name=name, exact=True).click()
    page.get_by_role("button", name="Shoot 8 frames").click()
    page.wait_for_function("() => document.querySelectorAll('.fk-cell img').length === 8")
    page.wait_for_selector(".fk-bench-card img")
    page.wait_for_timeout(800)
    save(page, "bench")


def live(page: Any) -> None:
    """A sheet that fills, with its progress and the button to cancel."""
    page.wait_for_function("() => document.querySelectorAll('.fk-cell img').length >= 7")
    save(page, "live")


VIEWS: dict[str, tuple[Callable[[Any], None], list[str]]] = {
    "cull": (cull, [START, SHEET]),
    "compare": (compare, [START, SHEET]),
    "painter": (painter, [START, FRAME]),
    "form": (form, ["import fluxkit as fk\nfk.SceneForm(fk.HEADSHOT, model='flux.1-dev')"]),
    "captions": (captions, [CAPTIONS]),
    "rig": (rig, ["import fluxkit as fk\nfk.LightRig(fk.REMBRANDT.with_('rim', fk.Light(direction='behind right')))"]),
    "bench": (bench, ["import fluxkit as fk\nfk.explore(session=fk.Session('bench'))"]),
    "live": (
        live,
        [
            START,
            "more = fk.Sweep(scene, model='nano', steps=30).over(seed=range(40, 64))\n"
            "fk.ContactSheet.live(session.submit(more), title='A job under way')",
        ],
    ),
}


def save(page: Any, name: str) -> None:
    """The output of the last cell as a PNG of 256 colours."""
    data = page.locator(OUTPUT).last.screenshot()
    with Image.open(io.BytesIO(data)) as shot:
        full = shot.convert("RGB")
    full.thumbnail((WIDEST_PX, full.height), Image.Resampling.LANCZOS)
    colours = full.quantize(256, method=Image.Quantize.MEDIANCUT, kmeans=2)
    few = full.quantize(palette=colours, dither=Image.Dither.FLOYDSTEINBERG)
    path = IMAGES / f"{name}.png"
    few.save(path, optimize=True)
    sys.stdout.write(f"{path.relative_to(ROOT)}  {few.width} x {few.height}  {path.stat().st_size / 1000:.0f} kB\n")


def run(names: list[str]) -> None:
    """Open one notebook for each view in a JupyterLab of its own, and save what it shows."""
    from playwright.sync_api import sync_playwright
    from servers import notebook_of, serve

    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name in names:
            look, cells = VIEWS[name]
            (Path(folder) / f"{name}.ipynb").write_text(notebook_of(cells))
            page = browser.new_page(viewport={"width": 1280, "height": 1340})
            page.set_default_timeout(240_000)
            page.goto(f"{address}/lab/tree/{name}.ipynb?reset", wait_until="domcontentloaded")
            page.wait_for_function(
                "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
            )
            page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
            page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
            look(page)
            page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
            page.close()
        browser.close()


if __name__ == "__main__":
    run(sys.argv[1:] or list(VIEWS))
