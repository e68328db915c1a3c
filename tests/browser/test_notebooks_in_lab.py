"""The notebooks about widgets, opened in JupyterLab by a stranger who runs all cells."""

from __future__ import annotations

import json

import pytest
from servers import ROOT

WIDGETS = {"06_explore_and_cull": 4, "07_fill_and_edit": 1}
"""How many live views each shows: the sheet that fills, the sheet to cull, the bench, the rig; the painter."""

STATE = """() => {
  const cells = window.jupyterapp.shell.currentWidget.content.widgets;
  const code = cells.filter((one) => one.model.type === "code");
  const outputs = (one) => one.model.outputs.toJSON();
  const views = (one) => outputs(one).some((out) => out.data?.["application/vnd.jupyter.widget-view+json"]);
  return {
    left: code.filter((one) => !one.model.executionCount || one.prompt === "*").length,
    errors: code.flatMap(outputs).filter((one) => one.output_type === "error").map((one) => one.evalue),
    views: cells.flatMap((one, i) => (one.model.type === "code" && views(one) ? [i] : [])),
  };
}"""


def emptied(name: str) -> str:
    """A notebook of the repository as it is before anybody has run it."""
    notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text())
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    return json.dumps(notebook)


@pytest.mark.parametrize("name", WIDGETS)
def test_a_stranger_runs_all_cells_and_every_widget_is_alive(lab, page, name, shots):
    address, home = lab
    (home / f"{name}.ipynb").write_text(emptied(name))
    page.goto(f"{address}/lab/tree/{name}.ipynb?reset", wait_until="domcontentloaded")
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
        timeout=240_000,
    )
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    over = f"() => {{ const now = ({STATE})(); return now.errors.length > 0 || now.left === 0; }}"
    page.wait_for_function(over, timeout=280_000)
    state = page.evaluate(STATE)
    assert (state["left"], state["errors"]) == (0, [])
    assert len(state["views"]) == WIDGETS[name]
    panel = "window.jupyterapp.shell.currentWidget.content"
    for index in state["views"]:
        page.evaluate(f"() => {panel}.scrollToItem({index}, 'start')")
        page.wait_for_function(f"() => {panel}.widgets[{index}].node.querySelector('.fk, .fk-form')")
        assert page.locator(".fk-error").count() == 0
    page.screenshot(path=shots / f"{name}.png")
    assert not page.errors
