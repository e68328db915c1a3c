"""What a template has said, by the values that it said it of, so that a sweep words each value once.

Two levels. `Memo` knows the words of each unit (a top-level statement) by the values that it reads, equal values alike.
`Shortcut` stands before it for one kind of record: it knows them by the record's own fields, and by identity first, so
that a scene whose parts were all seen before needs neither hashing nor the properties that words are derived from.
Both may be read by several threads; a `Program` writes to them under its lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count, repeat
from operator import is_, itemgetter
from types import FunctionType, MethodType
from typing import Any

from fluxkit._base import Record
from fluxkit.prompt.assembly import Pieces

MAX_RECORDS = 100_000
"""Records kept before all is forgotten; bounds the memory of an endless sweep to some hundred megabytes."""

Names = tuple[str, ...]
_PLAIN = frozenset((type(None), str, int, float, tuple))
"""Types that stand for themselves in a key."""


class Memo:
    """The words of each unit by the values that it reads."""

    def __init__(self, names: Names, units: Iterable[Names]) -> None:
        self.kept: list[Record] = []
        self.blocks: dict[Any, Pieces] = {}
        self._units: list[tuple[Callable[[list[Any]], Any], dict[Any, Pieces]]] = [
            (_picker(_places(names, reads)), {}) for reads in units
        ]
        self._count = count(1)  # numbers are never used again, not even after forgetting
        self._number_of: dict[int, int] = {}
        self._equal: dict[Record, int] = {}

    @property
    def is_full(self) -> bool:
        """Whether so much is kept that it should be forgotten."""
        return len(self.kept) > MAX_RECORDS

    def numbers(self, values: Iterable[Any]) -> list[Any]:
        """A small stand-in for each value, equal for equal values; a record is known by identity, without hashing."""
        known = self._number_of
        return [value if type(value) in _PLAIN else known.get(id(value)) or self._number(value) for value in values]

    def column(self, values: list[Any]) -> list[Any]:
        """The stand-ins for one field of many records, which in most columns of a sweep is the same."""
        if all(map(is_, values, repeat(values[0]))):
            return self.numbers(values[:1]) * len(values)
        return self.numbers(values)

    def said(self, unit: int, numbers: list[Any]) -> Pieces | None:
        """One unit's words for these values."""
        pick, said = self._units[unit]
        return said.get(pick(numbers))

    def all_said(self, numbers: list[Any]) -> list[Pieces] | None:
        """Every unit's words for these values; None where one was never said."""
        found = [said.get(pick(numbers)) for pick, said in self._units]
        return None if None in found else [pieces for pieces in found if pieces is not None]

    def say(self, unit: int, numbers: list[Any], pieces: Pieces) -> None:
        """Remember one unit's words for these values."""
        pick, said = self._units[unit]
        said[pick(numbers)] = pieces

    def forget(self) -> None:
        """Start again with nothing said."""
        self.kept.clear()
        self._number_of.clear()
        self._equal.clear()
        for _, said in self._units:
            said.clear()

    def _number(self, value: Any) -> Any:
        if not isinstance(value, Record):
            return repr(value)  # a list, a date: rare at the root of a record, and equal when it reads the same
        number = self._equal.setdefault(value, next(self._count))
        self.kept.append(value)  # before its number is known, so that no other value can come to have its id
        self._number_of[id(value)] = number
        return number


class Shortcut:
    """The words of each unit by the fields that it depends on, straight or through properties."""

    def __init__(self, fields: Names, extras: Names, units: Iterable[Names]) -> None:
        self.fields = fields
        order = self._order = (*fields, *extras)
        self._units: list[tuple[tuple[int, ...], Callable[[Any], Any], dict[Any, Pieces]]] = [
            (places, _picker(places), {}) for places in (_places(order, reads) for reads in units)
        ]

    def values(self, record: Record, extra: tuple[Any, ...]) -> list[Any]:
        """What the units depend on: fields, then what the renderer adds."""
        own = record.__dict__
        return [*[own[name] for name in self.fields], *extra]

    def recall(self, numbers: list[Any]) -> Pieces | None:
        """All words for these values; None where one unit was never said."""
        if not self._units:
            return None
        pieces: list[Any] = []
        for _, pick, said in self._units:
            found = said.get(pick(numbers))
            if found is None:
                return None
            pieces += found
        return tuple(pieces)

    def recall_many(self, columns: list[list[Any]]) -> Iterator[tuple[Pieces | None, ...]]:
        """The words of every unit for many records; a column holds the numbers of one value for all of them.

        Rows are looked up one by one as they are asked for, so what is learnt from one is known to the next.
        """
        if not self._units:
            return repeat((None,))
        return zip(*(map(said.get, _rows(columns, places)) for places, _, said in self._units), strict=True)

    def learn(self, number: Mapping[str, Any], words: Iterable[Pieces]) -> None:
        """Remember the words of every unit for these values, given by name."""
        numbers = [number[name] for name in self._order]
        for (_, pick, said), pieces in zip(self._units, words, strict=True):
            said[pick(numbers)] = pieces

    def drop(self) -> None:
        """Forget all words; a sweep under way may still look here."""
        for _, _, said in self._units:
            said.clear()


class Insight:
    """Which fields of one kind of record the properties look at that a template reads; `shortcut` follows from it.

    A property that looks further than before may have been taken for equal too soon: then the shortcut is made anew.
    """

    def __init__(self, kind: type[Record], names: Names, units: list[Names], extras: Names) -> None:
        self._kind, self._names, self._units, self._extras = kind, names, units, extras
        self._fields = frozenset(kind.model_fields)
        self._behind: dict[str, frozenset[str]] = {
            name: frozenset() for name in names if isinstance(getattr(kind, name, None), property)
        }
        self._derived: dict[str, dict[Any, Any]] = {name: {} for name in self._behind}
        self.shortcut = self._made()

    def fields_of(self, record: Record) -> dict[str, Any]:
        """The record's fields, without what it keeps beside them."""
        own = record.__dict__
        return {name: own[name] for name in self._fields}

    def derived(self, record: Record, number: Mapping[str, Any]) -> dict[str, Any]:
        """The record's properties that the template reads, each worked out once for the fields that it looks at.

        `number` holds the stand-in of every field.
        """
        found, looked_further = {}, False
        for name, known in self._derived.items():
            key = tuple(map(number.__getitem__, self._behind[name]))
            if key not in known:
                look = _Look(record, self._fields)
                value = getattr(self._kind, name).fget(look)
                if not look.fluxkit_seen <= self._behind[name]:
                    self._behind[name] |= look.fluxkit_seen
                    looked_further = True
                    known.clear()
                    key = tuple(map(number.__getitem__, self._behind[name]))
                known[key] = value
            found[name] = known[key]
        if looked_further:
            self.shortcut.drop()
            self.shortcut = self._made()
        return found

    def _made(self) -> Shortcut:
        read = {name for name in self._names if name in self._fields}
        fields = tuple(sorted(read.union(*self._behind.values())))
        return Shortcut(fields, self._extras, [self._seen_by(reads) for reads in self._units])

    def _seen_by(self, reads: Names) -> Names:
        return tuple({field for name in reads for field in self._behind.get(name, (name,))})


class _Look:
    """A record that notes which of its fields a property looks at, through its own methods and other properties too.

    Whatever else is asked of it (Pydantic's own methods) counts as a look at all fields.
    """

    def __init__(self, record: Record, fields: frozenset[str]) -> None:
        self.fluxkit_record, self.fluxkit_fields = record, fields
        self.fluxkit_seen: frozenset[str] = frozenset()

    def __getattr__(self, name: str) -> Any:
        if name in self.fluxkit_fields:
            self.fluxkit_seen |= {name}
            return getattr(self.fluxkit_record, name)
        own = getattr(type(self.fluxkit_record), name, None)
        if isinstance(own, property) and own.fget is not None:
            return own.fget(self)
        if isinstance(own, FunctionType) and not own.__module__.startswith("pydantic"):
            return MethodType(own, self)
        self.fluxkit_seen |= self.fluxkit_fields
        return getattr(self.fluxkit_record, name)


def _places(order: Names, reads: Names) -> tuple[int, ...]:
    return tuple(sorted(order.index(name) for name in reads if name in order))


def _picker(places: tuple[int, ...]) -> Callable[[list[Any]], Any]:
    """Picks what a unit reads out of all values, as the key that the unit is remembered by."""
    return itemgetter(*places) if places else lambda _: ()


def _rows(columns: list[list[Any]], places: tuple[int, ...]) -> Iterable[Any]:
    """The keys that `_picker` would make, for all records."""
    if not places:
        return repeat(())
    return columns[places[0]] if len(places) == 1 else zip(*(columns[place] for place in places), strict=True)
