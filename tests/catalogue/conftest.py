"""A catalogue for each test."""

from __future__ import annotations

import pytest

from fluxkit.catalogue import Catalogue


@pytest.fixture
def catalogue(tmp_path):
    with Catalogue(tmp_path / "shoot") as opened:
        yield opened
