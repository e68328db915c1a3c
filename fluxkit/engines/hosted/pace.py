"""Waiting: how often a job is asked after, how long a host's own wait is honoured, and when to give up."""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """The rhythm of a job, in seconds."""

    first: float = 0.5
    """Before the first poll; each further wait is `growth` times as long, up to `most`."""
    growth: float = 1.3
    most: float = 3.0
    grace: float = 10.0
    """A job that the host does not know yet may appear this long after it was accepted (clusters take a moment)."""
    deadline: float = 600.0
    """A job that is not ready by then is left to `resume`."""
    longest_wait: float = 60.0
    """A host that asks for a longer pause than this is not waited for."""
    patience: float = 120.0
    """How long a submit that the host turned away (429) or that did not get through is tried again."""
    submit: float = 90.0
    """A submit that has no answer after this has an unknown outcome."""

    def waits(self) -> Iterator[float]:
        """Waits between polls, for ever, a tenth of them by chance."""
        wait = self.first
        while True:
            yield wait * random.uniform(0.9, 1.0)
            wait = min(self.most, wait * self.growth)


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """The pause in seconds that a host asks for: milliseconds, seconds or an HTTP date; None where it asks for none.

    >>> retry_after({"retry-after": "7"})
    7.0
    >>> retry_after({"retry-after-ms": "250"})
    0.25
    """
    fields = {name.lower(): value for name, value in headers.items()}
    milliseconds = _number(fields.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = fields.get("retry-after")
    seconds = _number(text)
    if seconds is not None or text is None:
        return seconds
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - (time.time() if now is None else now))


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value < float("inf") else None
