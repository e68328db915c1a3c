"""`Memo`: what a template has said, by the values that it said it of, so that a sweep words each value once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fluxkit._base import Record
from fluxkit.prompt.assembly import Pieces

MAX_RECORDS = 100_000
"""Records kept before all is forgotten; bounds the memory of an endless sweep to some hundred megabytes."""

_PLAIN = frozenset((type(None), str, int, float, tuple))
"""Types that stand for themselves in a key."""


class Memo:
    """The words of each unit of a template, by the values that it read; `getters` pick those out of all values."""

    def __init__(self, getters: Iterable[Callable[[list[Any]], Any]]) -> None:
        self._units: list[tuple[Callable[[list[Any]], Any], dict[Any, Pieces]]] = [(get, {}) for get in getters]
        self._number_of: dict[int, int] = {}
        self._equal: dict[Record, int] = {}
        self._kept: list[Record] = []

    def numbers(self, values: list[Any]) -> list[Any]:
        """A small stand-in for each value, equal for equal values; a record is known by identity, without hashing."""
        if len(self._kept) > MAX_RECORDS:
            self._forget()
        known = self._number_of
        return [value if type(value) in _PLAIN else known.get(id(value)) or self._number(value) for value in values]

    def recall(self, numbers: list[Any]) -> Pieces | None:
        """All units' words for these values; None where one was never said."""
        pieces: list[Any] = []
        for get, said in self._units:
            found = said.get(get(numbers))
            if found is None:
                return None
            pieces += found
        return tuple(pieces)

    def said(self, unit: int, numbers: list[Any]) -> Pieces | None:
        """One unit's words for these values."""
        get, said = self._units[unit]
        return said.get(get(numbers))

    def say(self, unit: int, numbers: list[Any], pieces: Pieces) -> None:
        """Remember one unit's words for these values."""
        get, said = self._units[unit]
        said[get(numbers)] = pieces

    def _number(self, value: Any) -> Any:
        if not isinstance(value, Record):
            return repr(value)  # a list, a date: rare at the root of a record, and equal when it reads the same
        number = self._number_of[id(value)] = self._equal.setdefault(value, len(self._kept) + 1)
        self._kept.append(value)  # so that no other value can come to have its id
        return number

    def _forget(self) -> None:
        self._number_of.clear()
        self._equal.clear()
        self._kept.clear()
        for _, said in self._units:
            said.clear()
