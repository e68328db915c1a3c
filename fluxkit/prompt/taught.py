"""Words for a model that was taught only some: the `taught` filter, and a report of what made no words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from fluxkit._base import Record
from fluxkit.prompt.diagnostic import Diagnostic

_SILENT = {"aspect_ratio", "keep"}
"""Fields that need no words: one decides the size, the other says what an editing model keeps anyway."""


def taught(text: str, table: Mapping[str, str]) -> str | None:
    """The taught word that a text means: the longest phrase of `table` found in it, as whole words; else None.

    >>> taught("a 28-year-old woman", {"woman": "woman", "man": "man"})
    'woman'
    >>> taught("a teapot", {"pot": "clay pot"}) is None
    True
    """
    found = _finder(tuple(table)).findall(text.lower())
    return str(table[max(found, key=len)]) if found else None


@lru_cache(maxsize=64)
def _finder(phrases: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
    return re.compile(rf"(?<![\w])(?:{longest_first})(?![\w])")


def untaught(record: Record, said: Mapping[str, str], model: str) -> tuple[Diagnostic, ...]:
    """What a taught model leaves out of a record: a warning for a field without words, a note for one said in part.

    `said` maps the path of each field that made words to those words. Fields that are read together (angles, kelvin)
    count as said when the part that holds them was; a thing that has a name is known by its name alone.
    """
    found = []
    for path, value in _leaves(record, ""):
        words = said.get(path) or next((said[whole] for whole in said if _covers(whole, path)), None)
        if words is None:
            found.append(_left_out(path, value, model))
        elif isinstance(value, str) and path in said and not _holds(words, value):
            found.append(_in_part(path, value, words, model))
    return tuple(found)


def _left_out(path: str, value: Any, model: str) -> Diagnostic:
    return Diagnostic(
        severity="warning",
        path=path,
        rule="never-taught",
        message=f"{model} was never taught {path}={value!r}: it adds no words, and the picture will not show it.",
        cure=f"Use a word of the table in docs/{model.partition('-')[0]}.md, or a larger model.",
    )


def _in_part(path: str, value: str, words: str, model: str) -> Diagnostic:
    return Diagnostic(
        severity="note",
        path=path,
        rule="taught-in-part",
        message=f"Of {path}={value!r} {model} is given {words.strip(' ,.')!r}; it was taught no more.",
        cure=f"The words that {model} knows are in docs/{model.partition('-')[0]}.md.",
    )


def _covers(whole: str, path: str) -> bool:
    if path == whole or path.startswith(f"{whole}.") or whole.startswith(f"{path}."):
        return True
    owner = path.rpartition(".")[0]  # a property such as `lighting.key_angles` reads the fields of `lighting.key`
    return bool(owner) and whole.startswith(f"{owner}_")


def _holds(words: str, value: str) -> bool:
    bare = re.sub(r"^(?:a|an|the)\s+", "", value.strip().lower())
    return bare in words.lower() or words.strip(" ,.").lower() in (bare, f"{bare} light")


def _leaves(value: Any, path: str) -> list[tuple[str, Any]]:
    """Every field below a record that was set to other than its default, with its dotted path."""
    if isinstance(value, Record):
        names = list(value.canonical())
        return [
            leaf
            for name in (["name"] if "name" in names else names)
            if path or name not in _SILENT
            for leaf in _leaves(getattr(value, name), f"{path}.{name}".lstrip("."))
        ]
    if isinstance(value, tuple):
        return [leaf for i, item in enumerate(value) for leaf in _leaves(item, f"{path}.{i}")]
    return [(path, value)]
