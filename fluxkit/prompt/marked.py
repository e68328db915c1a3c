"""Text that remembers which field made it: markers inside a string while a template runs, spans afterwards.

Unicode sets U+FDD0..U+FDEF aside as noncharacters for a program's internal use (The Unicode Standard, 23.7); they are
never part of a text. User text that holds one anyway loses it on the way in, so it can never pass for a marker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

OPEN, CLOSE, BLOCK = "\ufdd0", "\ufdd1", "\ufdd2"
_NONCHARACTERS = re.compile("[\ufdd0-\ufdef]")
_FIRST_INDEX = 0xF0000
_DECISION = "~"
_EDGES = " ,;:."
_TOKEN = re.compile(f"{OPEN}(?P<index>.)|{CLOSE}|[^{OPEN}{CLOSE}]+", re.DOTALL)


Letters = list[tuple[str, str]]
"""Characters, each with the path of the field that made it; "" for the template's own words."""


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
    """Each character of a marked text with the path of the innermost field that made it; "" for the template's own."""
    found: Letters = []
    stack = [""]
    for token in _TOKEN.finditer(text):
        index = token["index"]
        if index is not None:
            stack.append(paths[ord(index) - _FIRST_INDEX])
        elif token[0] == CLOSE:
            stack = stack[:-1] or stack  # a decision round a whole block leaves its end behind the block's placeholder
        else:
            found.extend((character, stack[-1]) for character in token[0])
    return found


def piece(found: Letters) -> Piece:
    """Characters with their paths as a text with runs; a run never starts or ends with a space or a comma."""
    text = "".join(character for character, _ in found)
    runs: list[Run] = []
    start = 0
    for path, group in groupby(found, key=lambda letter: letter[1].removeprefix(_DECISION)):
        end = start + len(list(group))
        words = text[start:end]
        left, right = end - len(words.lstrip(_EDGES)), start + len(words.rstrip(_EDGES))
        if path and left < right:
            runs.append(Run(left, right, path))
        start = end
    return Piece(text, tuple(runs))


def remark(found: Letters, index_of: dict[str, int]) -> str:
    """Letters as marked text again, for work that goes on with them; fills `index_of` with new paths."""
    out: list[str] = []
    for path, group in groupby(found, key=itemgetter(1)):
        words = "".join(character for character, _ in group)
        out.append(f"{opened(index_of.setdefault(path, len(index_of)))}{words}{CLOSE}" if path else words)
    return "".join(out)


def remarked(part: Piece, index_of: dict[str, int]) -> str:
    """A finished piece as marked text again."""
    paths = [""] * len(part.text)
    for run in part.runs:
        paths[run.start : run.end] = [run.path] * (run.end - run.start)
    return remark(list(zip(part.text, paths, strict=True)), index_of)
