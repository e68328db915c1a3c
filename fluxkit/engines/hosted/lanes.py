"""How many jobs one key may have in flight: first come, first served, across every thread and engine."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr


class Lane:
    """At most `width` holders at a time; those who wait are let in in the order they came."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._held = 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def held(self, stop: threading.Event) -> Iterator[bool]:
        """Hold a place; yields False, without one, where `stop` was set while waiting."""
        entered = self._enter(stop)
        try:
            yield entered
        finally:
            if entered:
                self._leave()

    def _enter(self, stop: threading.Event) -> bool:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            while not stop.is_set():
                if self._waiting[0] is ticket and self._held < self.width:
                    self._waiting.popleft()
                    self._held += 1
                    self._changed.notify_all()
                    return True
                self._changed.wait(0.1)
            self._waiting.remove(ticket)
            self._changed.notify_all()
            return False

    def _leave(self) -> None:
        with self._changed:
            self._held -= 1
            self._changed.notify_all()


_lanes: dict[tuple[str, str, str], Lane] = {}
_lock = threading.Lock()


def lane(host: str, key: SecretStr, width: int, model: str = "") -> Lane:
    """The lane of a key at a host, or of one model there; the same object for everyone in this process."""
    digest = hashlib.sha256(key.get_secret_value().encode()).hexdigest()
    with _lock:
        return _lanes.setdefault((host, digest, model), Lane(width))
