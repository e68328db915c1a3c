from __future__ import annotations

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

from tests.tiny.folders import tiny

__all__ = ["tiny"]


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Tiny models are fastest on one thread, and their pixels do not depend on how many cores the machine has."""
    import torch

    torch.set_num_threads(1)
