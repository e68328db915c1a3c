"""Text that remembers which field made it: markers inside a string while a template runs, spans afterwards.

Unicode sets U+FDD0..U+FDEF aside as noncharacters for a program's internal use (The Unicode Standard, 23.7); they are
never part of a text. User text that holds one anyway loses it on the way in, so it can never pass for a marker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

OPEN, CLOSE, BLOCK = "\ufdd0", "\ufdd1", "\ufdd2"
_NONCHARACTERS = re.compile("[\ufdd0-\ufdef]")
_FIRST_INDEX = 0xF0000
_DECISION = "~"
_EDGES = " ,;:."
_TOKEN = re.compile(f"{OPEN}(?P<index>.)|{CLOSE}|[^{OPEN}{CLOSE}]+", re.DOTALL)
_ONE_FIELD = re.compile(
    f"(?P<head>[^{OPEN}{CLOSE}{BLOCK}]*)(?P<words>{OPEN}(?P<index>.)[^{OPEN}{CLOSE}{BLOCK}]+{CLOSE})", re.DOTALL
)

Letters = list[tuple[str, str]]
"""Characters, or stretches of them, each with the path of the field that made it; "" for the template's own words."""


class Said(str):
    """A field's text that knows its path; equal to the plain text in every other way."""

    __slots__ = ("path",)
    path: str

    @classmethod
    def by(cls, text: str, path: str) -> Said:
        """The text, made by the field at `path`."""
        said = cls(text)
        said.path = path
        return said


class Finished(str):
    """What a macro made: its words know their fields already, or belong to none."""

    __slots__ = ()


class Run(NamedTuple):
    """Characters `start` to `end` of a text, made by the field at `path`."""

    start: int
    end: int
    path: str


class Piece(NamedTuple):
    """Finished words, and the fields that made them."""

    text: str
    runs: tuple[Run, ...] = ()


def clean(text: str) -> str:
    """The text without characters that could pass for a marker."""
    return _NONCHARACTERS.sub("", text) if _NONCHARACTERS.search(text) else text


@lru_cache(maxsize=65536)
def said(text: str, path: str) -> Said:
    """A field's own text, made fit to be marked."""
    return Said.by(clean(text), path)


def opened(index: int) -> str:
    """The marker that opens words made by path number `index`."""
    return OPEN + chr(_FIRST_INDEX + index)


def placeholder(index: int) -> str:
    """The marker that stands for finished block number `index`."""
    return BLOCK + chr(_FIRST_INDEX + index)


def decision(path: str) -> str:
    """The path for words of the template that a field decided, rather than the field's own value."""
    return path if path.startswith(_DECISION) else f"{_DECISION}{path}"


def is_data(path: str) -> bool:
    """Whether a character came from a field's value, and is not the template's to change."""
    return path != "" and path[0] != _DECISION


def is_marked(text: str) -> bool:
    """Whether words in it already know their field."""
    return OPEN in text or BLOCK in text


def one_field(text: str) -> tuple[str, int, str] | None:
    """The usual clause taken apart: the template's words, the number of the one field after them, and its marked words;
    None for any other text."""
    found = _ONE_FIELD.fullmatch(text)
    return (found["head"], ord(found["index"]) - _FIRST_INDEX, found["words"]) if found else None


def unmarked(text: str) -> str:
    """The words of a marked text."""
    return "".join(found[0] for found in _TOKEN.finditer(text) if found["index"] is None and found[0] != CLOSE)


def blocks(text: str) -> Iterator[str | int]:
    """The text split at its placeholders: plain strings, and block numbers."""
    first, *rest = text.split(BLOCK)
    yield first
    for part in rest:
        yield ord(part[0]) - _FIRST_INDEX
        yield part[1:]


def letters(text: str, paths: list[str]) -> Letters:
    """A marked text's stretches, each with the path of the innermost field that made it; "" for the template's own."""
    found: Letters = []
    stack = [""]
    for token in _TOKEN.finditer(text):
        index = token["index"]
        if index is not None:
            stack.append(paths[ord(index) - _FIRST_INDEX])
        elif token[0] == CLOSE:
            stack = stack[:-1] or stack  # a decision round a whole block leaves its end behind the block's placeholder
        else:
            found.append((token[0], stack[-1]))
    return found


def piece(found: Letters) -> Piece:
    """Letters as a text with runs; a run never starts or ends with a space or a comma."""
    text = "".join([part for part, _ in found])
    runs: list[Run] = []
    start = 0
    for path, group in groupby(found, key=lambda letter: letter[1].removeprefix(_DECISION)):
        end = start + sum(len(part) for part, _ in group)
        words = text[start:end]
        left, right = end - len(words.lstrip(_EDGES)), start + len(words.rstrip(_EDGES))
        if path and left < right:
            runs.append(Run(left, right, path))
        start = end
    return Piece(text, tuple(runs))


def stretches(found: Letters) -> Iterator[tuple[str, str]]:
    """Paths, each with all the words in a row that it made."""
    for path, group in groupby(found, key=itemgetter(1)):
        yield path, "".join([part for part, _ in group])


def remark(found: Letters, index_of: dict[str, int]) -> str:
    """Letters as marked text again, for work that goes on with them; fills `index_of` with new paths."""
    out: list[str] = []
    for path, words in stretches(found):
        out.append(f"{opened(index_of.setdefault(path, len(index_of)))}{words}{CLOSE}" if path else words)
    return "".join(out)


def remarked(part: Piece, index_of: dict[str, int]) -> str:
    """A finished piece as marked text again."""
    found: Letters = []
    at = 0
    for start, end, path in part.runs:
        found += (part.text[at:start], ""), (part.text[start:end], path)
        at = end
    return remark([*found, (part.text[at:], "")], index_of)
