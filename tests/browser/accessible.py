"""What axe-core finds on a page; the PyPI package axe-playwright-python (MIT) carries axe-core (MPL-2.0)."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


def serious(page, root: str = "document") -> list[tuple[str, list[str]]]:
    """The serious and critical violations below `root` (a JavaScript expression), each with its first places."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("axe-core is not installed (extra test)")
    axe = (Path(found.origin).parent / "axe.min.js").read_text()
    # A page's own policy may forbid added scripts; axe comes in through the debugger instead.
    violations = page.evaluate(f"{axe}; axe.run({root}).then((result) => result.violations)")
    return [
        (one["id"], [node["html"][:160] for node in one["nodes"][:3]])
        for one in violations
        if one["impact"] in ("serious", "critical")
    ]
