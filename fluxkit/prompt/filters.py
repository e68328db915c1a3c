"""The filters that a template may use; each takes an unset value and leaves it unset."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

from jinja2 import Environment, Undefined, pass_environment
from jinja2.exceptions import TemplateRuntimeError

from fluxkit.prompt import marked
from fluxkit.prompt.marked import Said
from fluxkit.prompt.trace import Trace

_VOWEL_SOUND = re.compile(r"^(?:[aeio]|u(?!ni|se|su|ti|k|r[aeiou])|8|11\b|18\b|11-|18-|hour|honest|heir)", re.IGNORECASE)
_ARTICLE = re.compile(
    r"^(?:a|an|the|one|two|three|four|five|six|seven|eight|nine|ten|some|several|many|few|no|his|her|their|its|my|your|our"
    r"|this|that|these|those|each|every|another|\d+(?!-))\b",
    re.IGNORECASE,
)


def article(text: str) -> str:
    """The noun phrase with "a" or "an" before it, unless it already has a determiner.

    >>> article("elderly fisherman"), article("a vase"), article("28-year-old woman")
    ('an elderly fisherman', 'a vase', 'a 28-year-old woman')
    """
    text = " ".join(str(text).split())
    if not text or _ARTICLE.match(text):
        return text
    return f"{'an' if _VOWEL_SOUND.match(text) else 'a'} {text}"


@pass_environment
def series(environment: Environment, values: Iterable[Any], last: str = "and") -> str | None:
    """The values that are set, as a list in a sentence: "oak, ash and elm"; None when none is.

    Items that hold a comma themselves are set apart by semicolons.
    """
    said = _spoken(environment, values)
    if len(said) < 2:
        return said[0] if said else None
    joiner = "; " if any("," in text for text in said) else ", "
    return f"{joiner.join(said[:-1])}{';' if joiner == '; ' else ''} {last} {said[-1]}"


@pass_environment
def listed(environment: Environment, values: Iterable[Any], joiner: str = ", ") -> str | None:
    """The values that are set, joined as they are; None when none is."""
    return joiner.join(_spoken(environment, values)) or None


def _spoken(environment: Environment, values: Iterable[Any]) -> list[str]:
    trace: Trace = environment.trace  # type: ignore[attr-defined]
    return [text for value in trace.items(values) if value is not None and (text := trace.spoken(value))]


def quoted(text: str) -> str:
    """Words that must appear in the picture, in double quotes; quotes inside become single ones.

    >>> quoted('OPEN "24/7"')
    '"OPEN \\'24/7\\'"'
    """
    return '"' + " ".join(str(text).split()).replace('"', "'") + '"'


def shutter(seconds: float) -> str:
    """An exposure time as photographers write it.

    >>> shutter(0.004), shutter(0.5), shutter(30)
    ('1/250 s', '1/2 s', '30 s')
    """
    if seconds >= 1 or abs(1 / seconds - round(1 / seconds)) > 0.05 / seconds:
        return f"{seconds:.3g} s"
    return f"1/{round(1 / seconds)} s"


def metres(value: float) -> str:
    """A distance as it is said: centimetres below one metre.

    >>> metres(1.5), metres(0.35)
    ('1.5 m', '35 cm')
    """
    return f"{value * 100:.3g} cm" if value < 1 else f"{value:.3g} m"


def number(value: float, digits: int = 3) -> str:
    """A number with so many significant digits and no trailing zeros."""
    return f"{round(value, digits - 1 - math.floor(math.log10(abs(value))))if value else 0:.10g}"


def without_article(text: str) -> str:
    """The phrase without a leading "a", "an" or "the"."""
    return re.sub(r"^(?:a|an|the)\s+", "", str(text), flags=re.IGNORECASE)


@pass_environment
def as_json(environment: Environment, value: Any, indent: int | None = None) -> str:
    """A value as JSON, without the keys and items that are unset; words keep their fields."""
    trace: Trace = environment.trace  # type: ignore[attr-defined]
    trace.is_json = True
    resolved = _pruned(value, trace.resolved)
    return json.dumps(resolved, ensure_ascii=False, indent=indent)


def _pruned(value: Any, resolve: Callable[[str], str]) -> Any:
    if isinstance(value, Undefined):
        return str(value)
    if isinstance(value, str):
        return " ".join(resolve(value).split()) or None
    if isinstance(value, Mapping):
        kept = {key: _pruned(item, resolve) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in (None, {}, [])} or None
    if isinstance(value, list | tuple):
        return [item for item in (_pruned(item, resolve) for item in value) if item not in (None, {}, [])] or None
    return value


def _lower_first(text: str) -> str:
    text = str(text)
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _unset_stays_unset(work: Callable[..., Any]) -> Callable[..., Any]:
    """The filter for use in templates: an unset value stays unset, and words keep their field."""

    @wraps(work)
    def filtered(value: Any, *args: Any, **kwargs: Any) -> Any:
        if value is None:
            return None
        found = work(value, *args, **kwargs)
        return Said.by(found, value.path) if isinstance(value, Said) and isinstance(found, str) else found

    return filtered


def _unset_list_stays_unset(work: Callable[..., Any]) -> Callable[..., Any]:
    @pass_environment
    @wraps(work)
    def filtered(environment: Environment, value: Any, *args: Any, **kwargs: Any) -> Any:
        return None if value is None else work(environment, value, *args, **kwargs)

    return filtered


def _first(values: Any) -> Any:
    return values[0] if len(values) else None


def _refuse_marked(text: Any) -> str:
    if marked.is_marked(str(text)):
        raise TemplateRuntimeError("a filter that changes letters works on a field, not on finished words")
    return str(text)


FILTERS: dict[str, Callable[..., Any]] = {
    "json": as_json,
    "series": _unset_list_stays_unset(series),
    "listed": _unset_list_stays_unset(listed),
    "default": lambda value, other="": other if value is None or value == "" else value,
    **{
        name: _unset_stays_unset(work)
        for name, work in {
            "article": article,
            "quoted": quoted,
            "shutter": shutter,
            "metres": metres,
            "number": number,
            "without_article": without_article,
            "lower": lambda text: _refuse_marked(text).lower(),
            "upper": lambda text: _refuse_marked(text).upper(),
            "lower_first": _lower_first,
            "replace": lambda text, old, new: _refuse_marked(text).replace(old, new),
            "round": lambda value, digits=0: round(value, digits) if digits else round(value),
            "first": _first,
            "length": len,
            "list": list,
        }.items()
    },
}
"""Filters by the name that templates use."""

TESTS: dict[str, Callable[..., bool]] = {
    "none": lambda value: value is None,
    "set": lambda value: value is not None and value not in ("", ()),
    "defined": lambda value: not isinstance(value, Undefined),
    "in": lambda value, values: value in values,
    "string": lambda value: isinstance(value, str),
    "starting": lambda text, head: text is not None and str(text).startswith(head),
}
"""Tests by the name that templates use."""
