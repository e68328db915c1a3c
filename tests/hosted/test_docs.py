"""Each host has a page that names every model of its table."""

from __future__ import annotations

from pathlib import Path

import pytest

import fluxkit
from fluxkit.engines.hosted.hosts import HOSTS
from fluxkit.engines.hosted.keys import VARIABLES
from fluxkit.engines.hosted.tables import table

DOCS = Path(fluxkit.__file__).parent.parent / "docs"


@pytest.mark.parametrize("host", HOSTS)
def test_every_host_has_a_page_with_its_models(host):
    page = (DOCS / f"hosted-{host}.md").read_text(encoding="utf-8")
    assert f"hosted-{host}.md" in (DOCS / "hosted.md").read_text(encoding="utf-8")
    if HOSTS[host].servers:
        assert [model for model in table(host).models if f"`{model}`" not in page] == []
        assert all(base in page for base in HOSTS[host].servers.values())
        assert VARIABLES[host] in page
