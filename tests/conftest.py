"""What holds for every test: no network but loopback, no paid request, no hub, quiet progress."""

from __future__ import annotations

import gc
import os
import socket

os.environ.update(
    FLUXKIT_HOSTED="0",
    FLUXKIT_QUIET="1",
    HF_HUB_OFFLINE="1",
    TOKENIZERS_PARALLELISM="false",
)

import pytest

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_connect = socket.socket.connect


def _connect_to_loopback_only(self, address):
    if isinstance(address, tuple) and address[0] not in _LOOPBACK:
        raise AssertionError(f"A test tried to reach {address[0]!r}; only loopback is allowed.")
    return _connect(self, address)


@pytest.fixture(scope="module", autouse=True)
def what_is_old_is_not_collected_again():
    """Leave what is there before a module's tests out of garbage collections.

    Engines collect whenever they let a part go, and look at every object each time: half a million modules and tests
    take a quarter of a second.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Connections to anything but loopback fail the test."""
    monkeypatch.setattr(socket.socket, "connect", _connect_to_loopback_only)
