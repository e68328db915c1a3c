"""What axe finds serious in part of a page."""

from __future__ import annotations

from typing import Any


def grave(page: Any, within: str = "body") -> list[str]:
    """Serious and critical violations inside the first element that matches, as `rule: where`."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=within).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
