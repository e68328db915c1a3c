"""`Program`: a compiled template that runs over records, and the errors it gives when it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, Template, TemplateNotFound, TemplateSyntaxError, meta
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.exceptions import TemplateError as JinjaError

from fluxkit._base import Record
from fluxkit.errors import TemplateError
from fluxkit.prompt import assembly, grammar, loader
from fluxkit.prompt.memo import Memo
from fluxkit.prompt.sandbox import PromptEnvironment
from fluxkit.prompt.trace import Trace

TEXT = "(given as text)"
"""The name of a template that was given as a text."""

_FAULTS = (JinjaError, TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError)


class Program:
    """A template, the names it reads, and what it has already said."""

    def __init__(self, environment: PromptEnvironment, template: Template, name: str, source: str) -> None:
        self.name = name
        self._environment = environment
        self._template = template
        tree = environment.parse(source, template.name)
        self._names = tuple(sorted(meta.find_undeclared_variables(tree)))
        self._is_whole = grammar.is_whole(tree)
        self._memo = Memo(_getter(self._names, reads) for reads in grammar.units(tree))

    def run(self, record: Record, extra: dict[str, Any]) -> assembly.Pieces:
        """The record's words: finished pieces, each with the kind of block that made it.

        Raises `TemplateError` with the template's name and line.
        """
        own = _own(type(record), self._names)
        values = [getattr(record, name) if name in own else extra.get(name) for name in self._names]
        numbers = self._memo.numbers(values)
        known = self._memo.recall(numbers) if self._is_whole else None
        return known if known is not None else self._rendered(record, extra, numbers)

    def _rendered(self, record: Record, extra: dict[str, Any], numbers: list[Any]) -> assembly.Pieces:
        roots = {name: getattr(record, name) for name in _own(type(record), self._names)}
        roots.update((name, extra[name]) for name in self._names if name in extra)
        trace = self._environment.trace = Trace(self._memo, numbers)
        try:
            context = self._template.new_context(vars=trace.entered(roots))
            return trace.finished("".join(self._template.root_render_func(context)))
        except _FAULTS as error:
            name, line = place(error) or (self.name, None)
            raise fault(name, line, error, type(record)) from None


@cache
def _own(kind: type[Record], names: tuple[str, ...]) -> frozenset[str]:
    """Those of the names that are fields or properties of a record."""
    return frozenset(
        name
        for name in names
        if not name.startswith("_") and (name in kind.model_fields or isinstance(getattr(kind, name, None), property))
    )


def _getter(names: tuple[str, ...], reads: tuple[str, ...]) -> Callable[[list[Any]], Any]:
    """Picks what a unit reads out of the values of all names, as the key that the unit is remembered by."""
    places = [names.index(name) for name in reads if name in names]
    return itemgetter(*places) if places else lambda _: ()


def place(error: BaseException) -> tuple[str, int] | None:
    """Name and line of the template that raised, from the innermost frame of compiled template code."""
    found, step = None, error.__traceback__
    while step is not None:
        scope = step.tb_frame.f_globals
        if "debug_info" in scope and "blocks" in scope:  # what Jinja's compiler puts into every template's module
            lines = [pair.split("=") for pair in scope["debug_info"].split("&") if pair]
            before = [int(line) for line, code in lines if int(code) <= step.tb_lineno]
            found = (str(scope["name"] or TEXT).removesuffix(".j2"), before[-1] if before else 1)
        step = step.tb_next
    return found


def fault(name: str, line: int | None, error: BaseException, kind: type[Record] | None = None) -> TemplateError:
    """Our error for a template that cannot be loaded or rendered; `kind` is what it was rendered for."""
    where = f"{name}, line {line}" if line else name
    reason = "it calls itself without end" if isinstance(error, RecursionError) else str(error) or type(error).__name__
    if isinstance(error, SecurityError):
        cure = "Templates are sandboxed: read fields, use the filters listed in docs/templates.md, and nothing else."
    elif isinstance(error, TemplateSyntaxError):
        cure = "Mend the template's syntax there."
    elif isinstance(error, UndefinedError) and kind is not None:
        cure = f"It was rendered for a {kind.__name__}, which has: {', '.join(kind.model_fields)}."
    else:
        cure = "Mend the template there; docs/templates.md lists what a template may read."
    return TemplateError(f"The template {where} failed: {reason.rstrip('.')}. {cure}")


def program(template: str | None, family: str, folder: Path | None) -> Program:
    """The program for a template's name or source; one that has not changed on disk is kept, with what it has said."""
    if template is not None and loader.is_source(template):
        return _from_source(template, loader.folders(folder))
    return _from_file(loader.resolve(template, family, folder), loader.folders(folder))


@cache
def _environment(folders: tuple[Path, ...]) -> PromptEnvironment:
    return PromptEnvironment(FileSystemLoader([str(folder) for folder in folders]))


@lru_cache(maxsize=64)
def _from_source(source: str, folders: tuple[Path, ...]) -> Program:
    environment = _environment(folders)
    try:
        return Program(environment, environment.from_string(source), TEXT, source)
    except TemplateSyntaxError as error:
        raise fault(TEXT, error.lineno, error) from None


_loaded: dict[tuple[str, tuple[Path, ...]], tuple[tuple[Template, ...], Program]] = {}


def _from_file(name: str, folders: tuple[Path, ...]) -> Program:
    environment = _environment(folders)
    try:
        used = tuple(_used(environment, f"{name}.j2"))
        known = _loaded.get((name, folders))
        if known is None or known[0] != used:
            source = _source(environment, f"{name}.j2")
            known = _loaded[(name, folders)] = (used, Program(environment, used[0], name, source))
    except TemplateSyntaxError as error:
        raise fault((error.name or name).removesuffix(".j2"), error.lineno, error) from None
    except TemplateNotFound as error:
        raise fault(name, None, error) from None
    return known[1]


def _used(environment: PromptEnvironment, name: str) -> Iterator[Template]:
    """A template and those that it imports, each compiled anew when its file has changed."""
    template = environment.get_template(name)
    yield template
    for part in _parts_of(environment, template):
        yield from _used(environment, part)


@lru_cache(maxsize=512)
def _parts_of(environment: PromptEnvironment, template: Template) -> tuple[str, ...]:
    tree = environment.parse(_source(environment, str(template.name)))
    return tuple(dict.fromkeys(part for part in meta.find_referenced_templates(tree) if part is not None))


def _source(environment: PromptEnvironment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]
