"""Each host has a page that names every model of its table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import fluxkit
from fluxkit.engines.hosted import trainers
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


def test_the_contract_names_tests_that_exist():
    page = (DOCS / "hosted.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    sources = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")]
    assert len(named) > 20
    assert [name for name in sorted(named) if not any(f"def {name}(" in source for source in sources)] == []


def test_every_trainer_is_on_the_page_with_its_forecast():
    page = (DOCS / "hosted.md").read_text(encoding="utf-8")
    for trainer in trainers().values():
        assert f"| `{trainer.id}`" in page
        assert f"| ${trainer.forecast_usd(1000):.2f} |" in next(
            line for line in page.splitlines() if f"| `{trainer.id}`" in line
        )
