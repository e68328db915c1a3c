"""`Program`: a compiled template that runs over records, and the errors it gives when it cannot."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, Template, TemplateNotFound, TemplateSyntaxError, meta
from jinja2.exceptions import SecurityError
from jinja2.exceptions import TemplateError as JinjaError

from fluxkit._base import Record
from fluxkit.errors import TemplateError
from fluxkit.prompt import assembly, loader, marked
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
        self._memo = Memo()
        self._reads = meta.find_undeclared_variables(environment.parse(source))

    def run(self, record: Record, extra: dict[str, Any]) -> tuple[tuple[str, marked.Piece], ...]:
        """The record's words: finished pieces, each with the kind of block that made it."""
        roots = {name: value for name in self._reads if (value := self._root(record, name, extra)) is not _ABSENT}
        self._memo.roots = frozenset(roots)
        self._memo.trim()
        trace = self._environment.trace = Trace(self._memo)
        try:
            context = self._template.new_context(vars=trace.entered(roots, _PATHS))
            text = "".join(self._template.root_render_func(context))
        except _FAULTS as error:
            name, line = place(error) or (self.name, None)
            raise fault(name, line, error) from None
        return trace.finished(text)

    def _root(self, record: Record, name: str, extra: dict[str, Any]) -> Any:
        kind = type(record)
        if name in kind.model_fields or isinstance(getattr(kind, name, None), property):
            return getattr(record, name)
        return extra.get(name, _ABSENT)


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


_ABSENT = object()
_PATHS = {"wanted": "avoid"}


def fault(name: str, line: int | None, error: BaseException) -> TemplateError:
    """Our error for a template that cannot be loaded or rendered."""
    where = f"{name}, line {line}" if line else name
    reason = "it calls itself without end" if isinstance(error, RecursionError) else str(error) or type(error).__name__
    if isinstance(error, SecurityError):
        cure = "Templates are sandboxed: read fields, use the filters listed in docs/templates.md, and nothing else."
    elif isinstance(error, TemplateSyntaxError):
        cure = "Mend the template's syntax there."
    else:
        cure = "Mend the template there; docs/templates.md lists what a template may read."
    return TemplateError(f"The template {where} failed: {reason}. {cure}")


def program(template: str | None, family: str, folder: Path | None) -> Program:
    """The program for a template's name or source; one that has not changed on disk is kept, with what it has said."""
    if template is not None and loader.is_source(template):
        return _from_source(template, loader.folders(folder))
    return _from_file(loader.resolve(template, family, folder), loader.folders(folder))


@cache
def _environment(folders: tuple[Path, ...]) -> PromptEnvironment:
    return PromptEnvironment(FileSystemLoader([str(folder) for folder in folders]))


@cache
def _from_source(source: str, folders: tuple[Path, ...]) -> Program:
    environment = _environment(folders)
    try:
        return Program(environment, environment.from_string(source), TEXT, source)
    except TemplateSyntaxError as error:
        raise fault(TEXT, error.lineno, error) from None


_loaded: dict[tuple[str, tuple[Path, ...]], tuple[Template, Program]] = {}


def _from_file(name: str, folders: tuple[Path, ...]) -> Program:
    environment = _environment(folders)
    try:
        template = environment.get_template(f"{name}.j2")
        known = _loaded.get((name, folders))
        if known is None or known[0] is not template:
            source, _, _ = environment.loader.get_source(environment, f"{name}.j2")
            known = _loaded[(name, folders)] = (template, Program(environment, template, name, source))
    except TemplateSyntaxError as error:
        raise fault((error.name or name).removesuffix(".j2"), error.lineno, error) from None
    except TemplateNotFound as error:
        raise fault(name, None, error) from None
    return known[1]
