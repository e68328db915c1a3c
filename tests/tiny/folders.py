"""Tiny pipelines as folders, written once a session; a conftest imports the fixture `tiny` from here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Tiny = Callable[..., Path]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """`tiny("flux1", "FluxFillPipeline", seed=1)`: the folder of that pipeline, made on first use."""
    made: dict[tuple[object, ...], Path] = {}

    def folder(kind: str = "flux1", *args: object, **options: object) -> Path:
        from tests import tiny as builders

        key = (kind, *args, *sorted(options.items()))
        if key not in made:
            target = tmp_path_factory.mktemp("tiny") / "-".join(str(part) for part in (kind, *args))
            made[key] = builders.saved(getattr(builders, kind)(*args, **options), target)
        return made[key]

    return folder
