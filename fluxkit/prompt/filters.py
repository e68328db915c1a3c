"""The filters that a template may use; each takes an unset value and leaves it unset."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

from jinja2 import Environment, Undefined, pass_environment
from jinja2.exceptions import SecurityError, TemplateRuntimeError

from fluxkit.optics import figures
from fluxkit.prompt import english, layout, marked
from fluxkit.prompt.marked import Finished, Said
from fluxkit.prompt.taught import taught
from fluxkit.prompt.trace import Trace


@pass_environment
def series(environment: Environment, values: Iterable[Any], last: str = "and") -> Finished | None:
    """The values that are set, as a list in a sentence: "oak, ash and elm"; None when none is.

    Items that hold a comma themselves are set apart by semicolons.
    """
    said = _spoken(environment, values)
    if len(said) < 2:
        return Finished(said[0]) if said else None
    joiner = "; " if any("," in text for text in said) else ", "
    return Finished(f"{joiner.join(said[:-1])}{';' if joiner == '; ' else ''} {last} {said[-1]}")


@pass_environment
def listed(environment: Environment, values: Iterable[Any], joiner: str = ", ") -> Finished | None:
    """The values that are set, joined as they are; None when none is."""
    said = joiner.join(_spoken(environment, values))
    return Finished(said) if said else None


@pass_environment
def as_list(environment: Environment, values: Iterable[Any]) -> list[Any]:
    """The values as a list that can be added to another; words keep their fields."""
    trace: Trace = environment.trace  # type: ignore[attr-defined]
    return list(trace.items(values))


def _spoken(environment: Environment, values: Iterable[Any]) -> list[str]:
    trace: Trace = environment.trace  # type: ignore[attr-defined]
    return [text for value in trace.items(values) if value is not None and (text := trace.spoken(value))]


def quoted(text: str) -> str:
    """Words that must appear in the picture, in double quotes; quotes inside become single ones.

    >>> quoted('OPEN "24/7"')
    '"OPEN \\'24/7\\'"'
    """
    return '"' + " ".join(str(text).split()).replace('"', "'") + '"'


def by(text: Any, path: str) -> Said:
    """Words that follow from a field by physics or by a rule, with that field named as their maker."""
    return Said.by(str(text), path)


@pass_environment
def each(environment: Environment, records: Iterable[Any], field: str) -> list[Any]:
    """One field of every record, where it is set."""
    trace: Trace = environment.trace  # type: ignore[attr-defined]
    found = [environment.getattr(record, field) for record in trace.items(records)]
    return [value for value in found if value is not None]


@pass_environment
def as_json(environment: Environment, value: Any) -> Finished | None:
    """A value as JSON without what is unset in it; words keep their fields. Unset when nothing is left."""
    trace: Trace = environment.trace  # type: ignore[attr-defined]
    trace.is_json = True
    said = _said(value, trace)
    return None if said is None else Finished(json.dumps(said, ensure_ascii=False))


def _said(value: Any, trace: Trace) -> Any:
    """A value for JSON: texts marked and tidied, unset and empty parts left out."""
    if isinstance(value, Undefined):
        return str(value)  # raises, naming what is undefined
    if isinstance(value, str):
        return trace.resolved(trace.spoken(value)) or None
    if isinstance(value, Mapping):
        return {key: said for key, item in value.items() if (said := _said(item, trace)) is not None} or None
    if isinstance(value, list | tuple):
        return [said for item in value if (said := _said(item, trace)) is not None] or None
    return value


def _lower_first(text: str) -> str:
    text = str(text)
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _unset_stays_unset(work: Callable[..., Any]) -> Callable[..., Any]:
    """The filter for use in templates: an unset value stays unset, and words keep their field."""

    @pass_environment
    @wraps(work)
    def filtered(environment: Environment, value: Any, *args: Any, **kwargs: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, str):
            trace: Trace = environment.trace  # type: ignore[attr-defined]
            trace.wrote(value)
        if isinstance(value, str) and (isinstance(value, Finished) or marked.is_marked(value)):
            return Finished(_around(value, lambda text: str(work(text, *args, **kwargs))))
        found = work(value, *args, **kwargs)
        kept = isinstance(value, Said) and isinstance(found, str) and not isinstance(found, Said)
        return Said.by(found, value.path) if kept else found

    return filtered


def _unset_list_stays_unset(work: Callable[..., Any]) -> Callable[..., Any]:
    @pass_environment
    @wraps(work)
    def filtered(environment: Environment, value: Any, *args: Any, **kwargs: Any) -> Any:
        return None if value is None else work(environment, value, *args, **kwargs)

    return filtered


def _replaced(text: str, old: str, new: str) -> str:
    """The text with one phrase for another, at most twice as long, so that nothing can be blown up."""
    if not old or len(new) > 2 * len(old):
        raise SecurityError(f"replace({old!r}, {new!r}) was asked for; the new text may be at most twice as long")
    return str(text).replace(old, new)


def _first(values: Any) -> Any:
    return values[0] if len(values) else None


def _around(finished: str, work: Callable[[str], str]) -> str:
    """A filter that puts words before finished ones (an article, a preposition); it may not change them."""
    plain = marked.unmarked(finished).strip()
    found = work(plain)
    if not found.endswith(plain):
        raise TemplateRuntimeError("a filter that changes words works on a field, not on finished words")
    return found.removesuffix(plain) + finished.strip()


_OF_ONE_VALUE: dict[str, Callable[..., Any]] = {
    "aged": english.aged,
    "article": english.article,
    "by": by,
    "cited": layout.cited,
    "framed_at": english.framed_at,
    "looking": english.looking,
    "manner": english.manner,
    "named": english.named,
    "placed": english.placed,
    "wearing": english.wearing,
    "without_article": english.without_article,
    "quoted": quoted,
    "shutter": figures.shutter,
    "metres": figures.metres,
    "number": figures.number,
    "lower": lambda text: str(text).lower(),
    "upper": lambda text: str(text).upper(),
    "lower_first": _lower_first,
    "taught": taught,
    "replace": _replaced,
    "round": lambda value, digits=0: round(value, digits) if digits else round(value),
    "first": _first,
    "length": len,
    "count": lambda values: sum(value is not None and value not in ("", ()) for value in values),
    "abs": abs,
}

FILTERS: dict[str, Callable[..., Any]] = {
    "json": as_json,
    "series": _unset_list_stays_unset(series),
    "each": _unset_list_stays_unset(each),
    "listed": _unset_list_stays_unset(listed),
    "list": _unset_list_stays_unset(as_list),
    "needed": lambda text: text if text is not None and marked.unmarked(str(text)).strip() else None,
    "default": lambda value, other="": other if value is None or value == "" else value,
    **{name: _unset_stays_unset(work) for name, work in _OF_ONE_VALUE.items()},
}
"""Filters by the name that templates use."""

TESTS: dict[str, Callable[..., bool]] = {
    "none": lambda value: value is None,
    "set": lambda value: value is not None and value not in ("", ()),
    "defined": lambda value: not isinstance(value, Undefined),
    "in": lambda value, values: value in values,
    "posture": english.is_posture,
    "string": lambda value: isinstance(value, str),
    "starting": lambda text, head: text is not None and str(text).startswith(head),
    "containing": lambda text, part: text is not None and part in str(text),
    "ending": lambda text, tail: text is not None and str(text).endswith(tail),
}
"""Tests by the name that templates use."""
