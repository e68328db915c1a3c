"""`Program`: a compiled template that runs over records, and the errors it gives when it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, Template, TemplateNotFound, TemplateSyntaxError, meta
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.exceptions import TemplateError as JinjaError

from fluxkit._base import Record
from fluxkit.errors import TemplateError
from fluxkit.prompt import assembly, grammar, loader
from fluxkit.prompt.memo import Insight, Memo
from fluxkit.prompt.sandbox import PromptEnvironment
from fluxkit.prompt.trace import Trace

TEXT = "(given as text)"
"""The name of a template that was given as a text."""

EXTRAS = ("model", "wanted")
"""What a renderer adds to a record's fields: the model's id, and what is said in place of what must not be seen."""

_CHUNK = 1_000
"""Records looked up together; a property that looks further than before costs the rest of a chunk its shortcut."""

_FAULTS = (JinjaError, TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError)


class Program:
    """A template, the names it reads, and what it has already said."""

    def __init__(self, environment: PromptEnvironment, template: Template, name: str, source: str) -> None:
        self.name = name
        self._environment = environment
        self._template = template
        tree = environment.parse(source, template.name)
        self._names = tuple(sorted(meta.find_undeclared_variables(tree)))
        self._units = grammar.units(tree)
        self._is_whole = grammar.is_whole(tree)
        self._memo = Memo(self._names, self._units)
        self._insights: dict[type[Record], Insight] = {}
        self.extras = tuple(name for name in EXTRAS if name in self._names)

    def run(self, record: Record, extra: tuple[Any, ...]) -> assembly.Pieces:
        """The record's words: finished pieces, each with the kind of block that made it; `extra` holds `extras`.

        Raises `TemplateError` with the template's name and line.
        """
        shortcut = self._insight(type(record)).shortcut
        known = shortcut.recall(self._memo.numbers(shortcut.values(record, extra)))
        return known if known is not None else self._said(record, extra)

    def run_many(self, records: list[Record], extras: list[tuple[Any, ...]]) -> Iterator[assembly.Pieces]:
        """The words of many records of one kind, in order: as `run`, in half its time where parts repeat."""
        yield from map(self.run, records[:1], extras[:1])  # shows what the properties look at
        for start in range(1, len(records), _CHUNK):
            yield from self._run_chunk(records[start : start + _CHUNK], extras[start : start + _CHUNK])

    def _run_chunk(self, records: list[Record], extras: list[tuple[Any, ...]]) -> Iterator[assembly.Pieces]:
        shortcut = self._insight(type(records[0])).shortcut
        fields = [record.__dict__ for record in records]
        columns = [self._memo.column([values[name] for values in fields]) for name in shortcut.fields]
        columns += [self._memo.column(list(values)) for values in zip(*extras, strict=True)]
        for record, extra, row in zip(records, extras, shortcut.recall_many(columns), strict=False):
            yield self._said(record, extra) if None in row else tuple(chain.from_iterable(row))  # type: ignore[arg-type]

    def _said(self, record: Record, extra: tuple[Any, ...]) -> assembly.Pieces:
        with self._environment.lock:
            insight = self._insight(type(record))
            values = insight.fields_of(record) | dict(zip(self.extras, extra, strict=True))
            number = dict(zip(values, self._memo.numbers(values.values()), strict=True))
            try:
                derived = insight.derived(record, number)
                values |= derived
                number |= zip(derived, self._memo.numbers(derived.values()), strict=True)
                numbers = [number.get(name) for name in self._names]
                words = self._memo.all_said(numbers) if self._is_whole else None
                if words is None:
                    pieces = self._rendered(record, values, numbers)
                    if not self._is_whole:
                        return pieces
                    words = self._memo.all_said(numbers) or []
            except _FAULTS as error:
                name, line = place(error) or (self.name, None)
                raise fault(name, line, error, type(record)) from None
            insight.shortcut.learn(number, words)
            return tuple(chain.from_iterable(words))

    def _rendered(self, record: Record, values: dict[str, Any], numbers: list[Any]) -> assembly.Pieces:
        trace = self._environment.trace = Trace(self._memo, numbers)
        roots = {name: values[name] for name in self._names if name in values}
        context = self._template.new_context(vars=trace.entered(roots, getattr(record, "word_paths", {})))
        return trace.finished("".join(self._template.root_render_func(context)))

    def _insight(self, kind: type[Record]) -> Insight:
        if self._memo.is_full:
            with self._environment.lock:
                self._memo.forget()
                self._insights.clear()
        return self._insights.get(kind) or self._insights.setdefault(
            kind, Insight(kind, self._names, self._units, self.extras)
        )


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
