"""`Trace`: what one render reads and writes, so that every word knows its field and every block its inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from jinja2 import Undefined
from jinja2.exceptions import SecurityError, TemplateRuntimeError

from fluxkit._base import Record
from fluxkit.prompt import assembly, marked
from fluxkit.prompt.memo import Memo

MAX_STEPS = 50_000
"""Loop turns, calls and printed values in one render; a long scene takes about two thousand."""

MAX_CHARACTERS = 200_000
"""Characters printed or joined in one render; a long prompt and all that it is built from have some twenty thousand."""

_PLAIN = frozenset((type(None), bool, str, int, float))
_DERIVED = ("_words", "_phrase", "_text", "_noun")


class Trace:
    """One render's reads, words and finished blocks. `silent` is set when an unset value was printed."""

    def __init__(self, memo: Memo, numbers: list[Any]) -> None:
        self.blocks: list[assembly.Pieces] = []
        self._memo = memo
        self._numbers = numbers
        self.silent = False
        self.is_json = False
        self._roots: frozenset[str] = frozenset()
        self._steps = 0
        self._characters = 0
        self._depth = 0
        self._reads: list[str] = []
        self._tested: list[str] = []
        self._index: dict[str, int] = {}
        self._aliases: dict[str, list[str]] = {}
        self._path_of: dict[int, str] = {}
        self._kept: list[Any] = []

    def entered(self, roots: dict[str, Any], paths: Mapping[str, str]) -> dict[str, Any]:
        """The values that a template starts from, known by their names, or by the fields in `paths` that they word."""
        self._roots = frozenset(roots)
        return {name: self._known(value, paths.get(name, name)) for name, value in roots.items()}

    def finished(self, text: str) -> assembly.Pieces:
        """Output as pieces with the kind of block that made each; text outside a block has kind ""."""
        found: list[tuple[str, marked.Piece]] = []
        for part in marked.blocks(text):
            if isinstance(part, int):
                found += self.blocks[part]
            elif part and not part.isspace():
                piece = marked.piece(assembly.owned(assembly.tidy(marked.letters(part, list(self._index)))))
                if piece.text:
                    found.append(("", piece))
        return tuple(found)

    def step(self) -> int:
        """Count one step of work; returns where the list of reads ends now."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise SecurityError(f"the template did more than {MAX_STEPS} steps of work")
        return len(self._reads)

    def wrote(self, text: str) -> str:
        """Count a text that was printed, joined or filtered, and pass it on."""
        self._characters += len(text)
        if self._characters > MAX_CHARACTERS:
            raise SecurityError(f"the template built more than {MAX_CHARACTERS} characters")
        return text

    def read(self, record: Record, name: str, value: Any) -> Any:
        """Note that a field was read, and pass its value on, freed of characters that could pass for a marker."""
        base, field = self._path_of.get(id(record), ""), field_of(type(record), name)
        path = f"{base}.{field}" if base and field else base or field or ""
        self._reads.append(path)
        return self._known(value, path)

    def passed(self, values: tuple[Any, ...]) -> None:
        """Note the records given to a function: its words are theirs."""
        self._reads.extend(path for value in values if (path := self._path_of.get(id(value))))

    def say(self, begin: int, names: tuple[str, ...], value: Any) -> str:
        """A value as marked words."""
        self.step()
        if isinstance(value, Undefined):
            return str(value)  # raises, naming what is undefined
        if value is None:
            self.silent = True
            return ""
        if isinstance(value, bool):
            raise TemplateRuntimeError(f"{value} was printed; a yes or no has no words, so choose them with an if")
        if isinstance(value, tuple | list | dict | Record):
            raise TemplateRuntimeError(f"a whole {type(value).__name__} was printed; print its fields, or use a filter")
        if isinstance(value, marked.Finished) or (isinstance(value, str) and marked.is_marked(value)):
            return self.wrote(value)
        text = self.wrote(assembly.phrase(value))
        if isinstance(value, marked.Said):
            return self._marked(text, value.path)
        path = self._leaf(self._reads[begin:]) or next((p for n in names for p in self._aliases.get(n, [])), "")
        path = path or next((n for n in names if n in self._roots), "")
        # A field's text is always `Said`: a bare text is the template's own, chosen by what it read.
        return self._marked(text, marked.decision(path) if path and isinstance(value, str) else path)

    def spoken(self, value: Any) -> str:
        """A value inside a list or a joined text, marked where it knows its field."""
        text = self.wrote(assembly.phrase(value))
        return self._marked(text, value.path) if isinstance(value, marked.Said) else text

    def items(self, values: Any) -> Iterator[Any]:
        """The items of a list; those of a field know their number."""
        path = self._path_of.get(id(values)) if isinstance(values, tuple) else None
        for i, value in enumerate(values):
            self.step()
            if path is not None:
                self._reads.append(f"{path}.{i}")
            yield value if path is None else self._known(value, f"{path}.{i}")

    def tested(self, begin: int, first: bool, names: tuple[str, ...], value: Any) -> Any:
        """Remember which fields an `if` looked at, itself or through the template's own names."""
        aliased = [path for name in names for path in self._aliases.get(name, [])]
        self._tested = ([] if first else self._tested) + self._reads[begin:] + aliased
        return value

    def opened(self) -> str:
        """The marker that opens the words which the last `if` decides."""
        return marked.opened(self._number(marked.decision(self._leaf(self._tested))))

    def joined(self, values: tuple[Any, ...]) -> str | None:
        """Texts as one, or None when one of them is unset."""
        if any(value is None for value in values):
            return None
        return "".join(
            self.spoken(value) if isinstance(value, marked.Said) else self.wrote(_joinable(value)) for value in values
        )

    def alias(self, begin: int, name: str, value: Any) -> Any:
        """A template's own name for something read."""
        self._aliases[name] = [leaf] if (leaf := self._leaf(self._reads[begin:])) else []
        return value

    def unit(self, number: int, caller: Callable[[], str]) -> str:
        """A placeholder for the words of a top-level statement: the remembered ones where it reads the same values."""
        known = self._memo.said(number, self._numbers)
        if known is None:
            known = self.finished(caller())
            self._memo.say(number, self._numbers, known)
        return self._kept_block(known)

    def block(self, kind: str, label: str, reads: tuple[Any, ...], caller: Callable[[], str]) -> str:
        """A block's words; a block inside no other comes back as a placeholder for its finished piece.

        `reads` are its number and the names and values that it reads; where they are the same its words are.
        """
        if self._depth:
            return self._inner(kind, caller)
        key = self._key(*reads) if reads else None  # a clause in no sentence has none
        known = self._memo.blocks.get(key) if key else None
        if known is None:
            self._depth = 1
            piece = self._finished(kind, label, caller)
            self._depth = 0
            known = ((kind, piece),) if piece.text else ()
            if key:
                self._memo.blocks[key] = known
        return self._kept_block(known)

    def _key(self, number: int, names: tuple[str, ...], values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """What a block's words follow from: the values that it reads, and the fields that they are known by; None
        where one is neither a record nor plain."""
        key: list[Any] = [number]
        for name, value in zip(names, values, strict=True):
            kind = type(value)
            if kind is marked.Said:
                key += (value, value.path)
            elif isinstance(value, Record):
                key += (*self._memo.numbers((value,)), self._path_of.get(id(value)))
            elif kind in _PLAIN:
                key += (value, *self._aliases.get(name, ()))
            else:
                return None
        return tuple(key)

    def resolved(self, text: str) -> str:
        """A marked text with its placeholders replaced by the words they stand for, spaced and punctuated."""
        whole = "".join(
            part if isinstance(part, str) else marked.remarked(assembly.joined(self.blocks[part]), self._index) + " "
            for part in marked.blocks(text)
        )
        letters = assembly.trimmed(assembly.unlead(assembly.tidy(marked.letters(whole, list(self._index)))))
        return marked.remark(assembly.owned(letters), self._index)

    def _kept_block(self, pieces: assembly.Pieces) -> str:
        self.blocks.append(pieces)
        return marked.placeholder(len(self.blocks) - 1)

    def _inner(self, kind: str, caller: Callable[[], str]) -> str:
        outer, self.silent = self.silent, False
        text = caller()
        dropped, self.silent = self.silent, outer
        if dropped:
            return ""
        if kind == "clause" and (simple := marked.one_field(text)):
            head, index, words = simple
            path = marked.decision(list(self._index)[index])
            return f"{marked.opened(self._number(path))}{head}{marked.CLOSE}{words}" if head else words
        letters = marked.letters(text, list(self._index))
        words = marked.remark(
            assembly.owned(assembly.sentence(letters) if kind == "sentence" else letters), self._index
        )
        return f" {words} " if kind == "sentence" else words

    def _finished(self, kind: str, label: str, caller: Callable[[], str]) -> marked.Piece:
        self.silent = self.is_json = False
        text = caller()
        dropped, self.silent = self.silent, False
        if dropped:
            return marked.Piece("")
        letters = marked.letters(text, list(self._index))
        if kind == "member":
            return marked.piece(assembly.member(label, assembly.owned(letters), self.is_json))
        tidied = assembly.sentence if kind == "sentence" else assembly.spaced if self.is_json else assembly.tidy
        return marked.piece(assembly.owned(tidied(letters)))

    def _known(self, value: Any, path: str) -> Any:
        if isinstance(value, str):
            return value if isinstance(value, marked.Said) else marked.said(value, path)
        if isinstance(value, Record) or (isinstance(value, tuple) and value):  # there is only one empty tuple
            self._path_of[id(value)] = path
            self._kept.append(value)
        return value

    def _marked(self, text: str, path: str) -> str:
        return f"{marked.opened(self._number(path))}{text}{marked.CLOSE}" if path and text else text

    def _leaf(self, reads: list[str]) -> str:
        if len(reads) < 2:
            return reads[0] if reads else ""
        leaves = [path for path in reads if path and not any(other.startswith(f"{path}.") for other in reads)]
        return leaves[0] if leaves else ""

    def _number(self, path: str) -> int:
        return self._index.setdefault(path, len(self._index))


@cache
def field_of(kind: type[Record], name: str) -> str | None:
    """The field that a name in a template stands for: itself, the one that a property words (`quality_words` is of
    `quality`), "" for a property of the whole record, None where a template may not read it."""
    fields = kind.model_fields
    if name in fields:
        return name
    if name.startswith("_") or not isinstance(getattr(kind, name, None), property):
        return None
    stem = next((name.removesuffix(end) for end in _DERIVED if name.endswith(end)), name)
    return stem if stem in fields else next((field for field in fields if field.startswith(f"{stem}_")), "")


def _joinable(value: Any) -> str:
    """A template's own text as it is written, spaces and all; anything else as in a sentence."""
    return value if isinstance(value, str) else assembly.phrase(value)
