"""Every Python block of the README and the docs runs, in order, one namespace a page.

A block fenced as ```python hosted or ```python weights needs a key or real FLUX weights: it is compiled, and its names
are checked against the package, but it is not run.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import fluxkit

ROOT = Path(fluxkit.__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```python(?: (?P<needs>hosted|weights|gpu))?\n(?P<code>.*?)^```", re.S | re.M)


def _blocks(page: Path) -> list[re.Match[str]]:
    return list(FENCE.finditer(page.read_text()))


@pytest.mark.parametrize("page", [p for p in PAGES if p.exists() and _blocks(p)], ids=lambda p: p.name)
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "docs"}
    for block in _blocks(page):
        line = page.read_text()[: block.start()].count("\n") + 1
        code = compile("\n" * line + block["code"], str(page.name), "exec")
        if block["needs"]:
            _check_names(block["code"])
        else:
            exec(code, namespace)


def _check_names(code: str) -> None:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "fk":
            assert hasattr(fluxkit, node.attr), f"the docs name fk.{node.attr}, which does not exist"


@pytest.mark.parametrize("page", [p for p in PAGES if p.exists()], ids=lambda p: p.name)
def test_every_relative_link_of_a_page_leads_somewhere(page):
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}, which does not exist"
