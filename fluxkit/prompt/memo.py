"""`Memo`: finished pieces by the values they were made from, so that a sweep words each value once."""

from __future__ import annotations

from typing import Any

from jinja2 import Undefined

from fluxkit._base import Record
from fluxkit.prompt.marked import Piece

MAX_ENTRIES = 50_000
"""Values and pieces kept before both are forgotten; bounds the memory of an endless sweep to some tens of megabytes."""


class Memo:
    """What one template has already said: a piece for each block and each set of values that it read."""

    def __init__(self) -> None:
        self.pieces: dict[tuple[Any, ...], Piece] = {}
        self.roots: frozenset[str] = frozenset()
        self._number_of: dict[int, int] = {}
        self._equal: dict[Any, int] = {}
        self._kept: list[Any] = []

    def key(self, block: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """A short key for a block and the values it reads; equal values give equal keys."""
        return (block, *[self.number(value) if isinstance(value, Record) else _plain(value) for value in values])

    def number(self, value: Any) -> int:
        """The number of a record: looked up by identity first, so that an unchanged part costs no hashing."""
        known = self._number_of.get(id(value))
        if known is not None:
            return known
        try:
            number = self._equal.setdefault((type(value), value), len(self._kept))
        except TypeError:  # an unhashable value is only ever equal to itself here
            number = len(self._kept)
        self._kept.append(value)  # keeps the id taken, so that no other value can come to have it
        self._number_of[id(value)] = number
        return number

    def trim(self) -> None:
        """Forget everything once it has grown too large."""
        if len(self._kept) > MAX_ENTRIES or len(self.pieces) > MAX_ENTRIES:
            self.pieces.clear()
            self._number_of.clear()
            self._equal.clear()
            self._kept.clear()


def _plain(value: Any) -> Any:
    if isinstance(value, Undefined):
        return "?"
    try:
        hash(value)
    except TypeError:
        return (repr(value),)
    return (type(value), value)
