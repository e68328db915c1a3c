from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from fluxkit.engines.hosted import FakeHost, HostedEngine, tables
from fluxkit.shots.shot import Shot

MODELS = {"bfl": "flux-pro-1.1", "replicate": "flux-pro-1.1", "fal": "flux-pro-1.1"}


@pytest.fixture(autouse=True)
def only_the_tables_themselves(monkeypatch):
    """Rows that a page of the docs added in this process are no part of the tables."""
    monkeypatch.setattr(tables, "_added", {})


@pytest.fixture
def shots():
    """Makes shots of a hosted model, each with a seed of its own."""
    seeds = itertools.count()

    def make(count=1, *, model="flux-pro-1.1", host=None, **fields):
        options = {**fields.pop("options", {}), **({"host": host} if host else {})}
        size = {"width": 256, "height": 256} | fields
        return [
            Shot(model=model, prompt="A pear on a table.", seed=next(seeds), options=options, **size)
            for _ in range(count)
        ]

    return make


@pytest.fixture
def hosted(tmp_path):
    """Starts a fake host with a script and gives it with an engine that sends from this process."""
    started = []

    def start(*script, detached=False, budget_usd=10.0, folder=tmp_path / "catalogue", **settings):
        if "silence" in script:  # the answer never comes, so nobody should wait long for it
            settings["pace"] = replace(FakeHost().pace, submit=1.5)
        fake = FakeHost(script, **settings).start()
        engine = HostedEngine(folder, budget_usd=budget_usd, server=fake, detached=detached)
        started.append((fake, engine))
        return fake, engine

    yield start
    for fake, engine in started:
        engine.close()
        fake.stop()
