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
            raise self._fault(error) from None
        return trace.finished(text)

    def _root(self, record: Record, name: str, extra: dict[str, Any]) -> Any:
        kind = type(record)
        if name in kind.model_fields or isinstance(getattr(kind, name, None), property):
            return getattr(record, name)
        return extra.get(name, _ABSENT)

    def _fault(self, error: BaseException) -> TemplateError:
        return fault(self.name, error, self._line(error))

    def _line(self, error: BaseException) -> int | None:
        """The template's line, from the innermost frame of compiled template code."""
        line, step = None, error.__traceback__
        while step is not None:
            template = step.tb_frame.f_globals.get("__jinja_template__", step.tb_frame.f_globals.get("name"))
            if step.tb_frame.f_code.co_filename == self._template.root_render_func.__code__.co_filename:
                line = self._template.get_corresponding_lineno(step.tb_lineno)
            del template
            step = step.tb_next
        return line


_ABSENT = object()
_PATHS = {"wanted": "avoid"}


def fault(name: str, error: BaseException, line: int | None) -> TemplateError:
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
        return Program(environment, environment.from_string(source), "(given as text)", source)
    except TemplateSyntaxError as error:
        raise fault("(given as text)", error, error.lineno) from None


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
        raise fault((error.name or name).removesuffix(".j2"), error, error.lineno) from None
    except TemplateNotFound as error:
        raise fault(name, error, None) from None
    return known[1]
