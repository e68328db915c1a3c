"""A search in the words of a photographer, turned into SQL that reads postings instead of pictures."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from fluxkit._base import Record, record_type
from fluxkit.catalogue.index import Index
from fluxkit.catalogue.terms import flattened
from fluxkit.errors import InputError, did_you_mean
from fluxkit.scene import Scene
from fluxkit.shots.shot import Shot

_MARK_PATHS = ("rating", "pick", "tag", "project", "engine", "size")
_COMPARISON = re.compile(r"^(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)$")
_FEW = 2_000
"""A list of frames this short is walked through and looked up, whatever else was asked for."""
_LOOKUP = 180
"""Looking up a word for one frame takes as long as going on by so many frames in the word's list: 35 microseconds
against 0.2, in indexes of 10,000 and of 100,000 frames. Two words take 115, so the time grows with their square."""
_EARLIEST, _LATEST = -1e18, 1e18
_MERGED = 40
"""So many lists are read side by side, newest first; more are sorted together instead."""


@dataclass(frozen=True)
class Condition:
    """Frames that have any of these terms."""

    terms: tuple[int, ...]
    uses: int
    absent: bool = False
    """Frames that have none of them instead."""


@dataclass
class Query:
    """What was asked for, with every name checked."""

    conditions: list[Condition] = field(default_factory=list)
    words: str = ""
    since: float | None = None
    until: float | None = None
    span: tuple[int, int] | None = None
    """First and last number of the frames between the dates, where numbers and dates have the same order."""
    frames: int = 0
    """How many frames there are, where words and values are asked for."""
    few_in_time: bool = False
    """Whether the dates leave few frames, so that these are walked through."""

    def sql(self, columns: str, *, limit: int | None, newest_first: bool = True) -> tuple[str, list[Any]]:
        """One statement that gives `columns` of the frames that match, in order of adding."""
        order = "DESC" if newest_first else "ASC"
        inner, values = self._sequence(order, limit)
        sql = f"SELECT {columns} FROM ({inner}) AS found JOIN frames f ON f.seq = found.seq ORDER BY f.seq {order}"
        return sql, values

    def count_sql(self) -> tuple[str, list[Any]]:
        """One statement that gives how many frames match."""
        if not (self.conditions or self.words or self.has_dates):
            # Every frame has one model, and terms know how many frames have them.
            return "SELECT coalesce(sum(uses), 0) FROM terms WHERE path = 'model'", []
        inner, values = self._sequence("", None)
        return f"SELECT count(*) FROM ({inner})", values

    @property
    def has_dates(self) -> bool:
        """Whether a date was given."""
        return self.since is not None or self.until is not None

    def _sequence(self, order: str, limit: int | None) -> tuple[str, list[Any]]:
        """The numbers of the frames that match: one list is walked, the others are asked about each of its members."""
        rest = sorted(self.conditions, key=lambda condition: (condition.absent, condition.uses))
        shortest = rest[0] if rest and not rest[0].absent else None
        name, asks_words, by = "d.seq", bool(self.words), "seq"
        heads: list[list[Any]] = [[]]
        if self.few_in_time or (self.has_dates and not shortest and not self.words):
            lists, by = ["SELECT seq, made FROM frames d WHERE 1"], "made"
        elif self.words and not (shortest and self._looks_words_up(shortest.uses, limit)):
            lists, heads = ["SELECT rowid AS seq FROM words d WHERE words MATCH ?"], [[self.words]]
            name, asks_words = "d.rowid", False
        elif shortest:
            lists, heads = _lists(shortest)
            rest = rest[1:]
        else:
            lists = ["SELECT seq FROM frames d WHERE 1"]
        tests, test_values = self._tests(rest, name, asks_words=asks_words, dated=by == "made")
        sql = " UNION ALL ".join(text + tests for text in lists)
        values = [value for head in heads for value in head + test_values]
        if limit is not None or order:
            sql += f" ORDER BY {by} {order or 'DESC'} LIMIT {-1 if limit is None else int(limit)}"
        return sql, values

    def _looks_words_up(self, uses: int, limit: int | None) -> bool:
        """Whether to ask about each of the frames of a short list is quicker than to read the list of the words.

        That list is read until the limit is found: the rarer what is looked for, the further, at most to its end.
        """
        if "*" in self.words:
            return False
        read = self.frames if limit is None else min(self.frames, self.frames * limit / max(1, uses))
        return uses * _LOOKUP * len(self.words.split()) ** 2 <= read

    def _tests(self, rest: list[Condition], name: str, *, asks_words: bool, dated: bool) -> tuple[str, list[Any]]:
        tests = ""
        values: list[Any] = []
        for condition in rest:
            marks = ",".join(str(term) for term in condition.terms) or "NULL"
            verb = "NOT EXISTS" if condition.absent else "EXISTS"
            tests += f" AND {verb} (SELECT 1 FROM postings p WHERE p.term IN ({marks}) AND p.seq = {name})"
        if asks_words:
            tests += f" AND EXISTS (SELECT 1 FROM words w WHERE w.words MATCH ? AND w.rowid = {name})"
            values.append(self.words)
        if self.span is not None:
            tests += f" AND {name} BETWEEN ? AND ?"
            values += self.span
        elif self.has_dates:
            made = "d.made" if dated else f"(SELECT made FROM frames t WHERE t.seq = {name})"
            tests += f" AND {made} BETWEEN ? AND ?"
            values += [_EARLIEST if self.since is None else self.since, _LATEST if self.until is None else self.until]
        return tests, values


def query(
    index: Index,
    words: str,
    where: Mapping[str, Any],
    *,
    since: date | datetime | str | None = None,
    until: date | datetime | str | None = None,
) -> Query:
    """The query that these words and values ask for; raises `InputError` for a name that nothing is filed under."""
    asked = Query(words=_match(words), since=_moment(since, end=False), until=_moment(until, end=True))
    for path, value in where.items():
        check_path(path)
        asked.conditions += _conditions(index, path, value)
    if asked.words and asked.conditions:
        asked.frames = index.one("SELECT coalesce(sum(uses), 0) FROM terms WHERE path = 'model'")[0]
    if asked.has_dates and (asked.conditions or asked.words):
        between = (_EARLIEST if asked.since is None else asked.since, _LATEST if asked.until is None else asked.until)
        sql = "SELECT count(*) FROM (SELECT 1 FROM frames WHERE made BETWEEN ? AND ? LIMIT ?)"
        asked.few_in_time = index.one(sql, (*between, _FEW + 1))[0] <= _FEW
        asked.span = None if asked.few_in_time else _span(index, *between)
    return asked


def _span(index: Index, since: float, until: float) -> tuple[int, int] | None:
    """The numbers of the frames between two moments; None where a clock that went back has mixed up the order."""
    if index.one("SELECT 1 FROM state WHERE name = 'disordered'"):
        return None
    first = index.one("SELECT seq FROM frames WHERE made >= ? ORDER BY made, seq LIMIT 1", (since,))
    last = index.one("SELECT seq FROM frames WHERE made <= ? ORDER BY made DESC, seq DESC LIMIT 1", (until,))
    return (first[0], last[0]) if first and last else (1, 0)


def check_path(path: str) -> None:
    """Refuse a path that no frame can be filed under."""
    if path in _MARK_PATHS or path.startswith("options."):
        return
    if path.partition(".")[0] in Shot.model_fields and path not in ("prompt", "negative", "scene", "spec"):
        return
    owner: type[Record] = Scene
    for name in path.split("."):
        fields = owner.model_fields
        if name not in fields:
            known = [*fields, *(() if owner is not Scene else (*_MARK_PATHS, "model", "seed", "steps", "guidance"))]
            raise InputError(
                f"A search by {path!r} was asked for, but {owner.__name__} has no {name!r}."
                f"{did_you_mean(name, known)} Known are: {', '.join(known)}. Words are searched as search('words')."
            )
        owner = _inner(fields[name].annotation) or owner


def _inner(annotation: Any) -> type[Record] | None:
    found = record_type(annotation)
    if found is not None:
        return found
    for part in getattr(annotation, "__args__", ()):
        found = part if isinstance(part, type) and issubclass(part, Record) else _inner(part)
        if found is not None:
            return found
    return None


def _conditions(index: Index, path: str, value: Any) -> list[Condition]:
    if path in _MARK_PATHS and not value and not isinstance(value, list | tuple | set):
        # An unset mark is filed nowhere: rating=0, pick="", tag="" ask for frames without one.
        rows = index.rows("SELECT id, uses FROM terms WHERE path = ?", (path,))
        return [dataclasses.replace(_condition(rows), absent=True)]
    if path == "pick" and value is True:
        value = "pick"
    if isinstance(value, Record):
        return [_any_of(index, inner, [single]) for inner, single in flattened(path, value)]
    if isinstance(value, str) and (comparison := _COMPARISON.match(value)):
        return [_compared(index, path, comparison[1], float(comparison[2]))]
    if isinstance(value, str) and value.startswith((">", "<")):
        raise InputError(f"A search by {path}={value!r} was asked for. A comparison has a number: '>=4'. Write one.")
    if isinstance(value, list | tuple | set | frozenset | range):
        return [_any_of(index, path, value)]
    return [_any_of(index, path, [value])]


def _any_of(index: Index, path: str, values: Iterable[Any]) -> Condition:
    rows = []
    for value in values:
        rows += index.rows("SELECT id, uses FROM terms WHERE path = ? AND value = ?", (path, value))
    return _condition(rows)


def _compared(index: Index, path: str, sign: str, number: float) -> Condition:
    rows = index.rows(
        f"SELECT id, uses FROM terms WHERE path = ? AND value {sign} ? AND typeof(value) IN ('integer', 'real')",
        (path, number),
    )
    return _condition(rows)


def _condition(rows: list[tuple[int, int]]) -> Condition:
    return Condition(terms=tuple(term for term, _uses in rows), uses=sum(uses for _term, uses in rows))


def _lists(condition: Condition) -> tuple[list[str], list[list[Any]]]:
    terms = condition.terms
    if len(terms) > _MERGED or not terms:
        marks = ",".join(str(term) for term in terms) or "NULL"
        return [f"SELECT DISTINCT seq FROM postings d WHERE d.term IN ({marks})"], [[]]
    if len(terms) == 1:
        return ["SELECT seq FROM postings d WHERE d.term = ?"], [[terms[0]]]
    return ["SELECT seq FROM postings d WHERE d.term = ?"] * len(terms), [[term] for term in terms]


def _match(words: str) -> str:
    """The words for FTS5: each must occur; a star after one makes it a beginning. No operator gets through."""
    return " ".join(f'"{word}"{star}' for word, star in re.findall(r"(\w+)(\*?)", words))


def _moment(value: date | datetime | str | None, *, end: bool) -> float | None:
    if value is None:
        return None
    try:
        given = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise InputError(f"A search by date {value!r} was asked for. Give a date, or ISO text: '2026-11-23'.") from None
    whole_day = not isinstance(given, datetime) or (isinstance(value, str) and len(value) <= 10)
    if not isinstance(given, datetime):
        given = datetime(given.year, given.month, given.day)
    if given.tzinfo is None:
        given = given.replace(tzinfo=UTC)
    return given.timestamp() + (86_400 - 1e-3 if whole_day and end else 0)
