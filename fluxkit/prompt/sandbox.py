"""The Jinja environment that templates run in: sandboxed, strict, bounded in work, and aware of which field it reads.

A template is untrusted text. It may read the fields and properties of records, use the filters listed in
`fluxkit.prompt.filters`, and loop a bounded number of times; everything else is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jinja2 import BaseLoader, StrictUndefined, Undefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.runtime import Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment

from fluxkit._base import Record
from fluxkit.prompt import marked
from fluxkit.prompt.filters import FILTERS, TESTS
from fluxkit.prompt.grammar import BlockTags, traced
from fluxkit.prompt.trace import Trace, field_of

MAX_NUMBER = 1e12
MAX_ITEMS = 1_000

_SAFE_METHODS = {
    str: frozenset(("lower", "upper", "strip", "startswith", "endswith")),
    dict: frozenset(("get", "items", "keys", "values")),
}
"""Methods that give back no more than they were given."""


class _Wired(CodeGenerator):
    """Compiles the calls that `fluxkit.prompt.grammar` wires in as plain calls: they are ours, and need no sandbox."""

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802
        if not isinstance(node.node, nodes.EnvironmentAttribute):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.write(f"environment.{node.node.name}(")
        for argument in node.args:
            self.visit(argument, frame)
            self.write(", ")
        self.write("caller=caller)" if forward_caller else ")")


class PromptEnvironment(ImmutableSandboxedEnvironment):
    """Jinja with the rules of a prompt: unset fields are no words, words know their field, work has a bound."""

    code_generator_class = _Wired
    intercepted_binops = frozenset(["*", "**", "+", "%", "//"])

    def __init__(self, loader: BaseLoader | None = None) -> None:
        super().__init__(
            loader=loader,
            undefined=StrictUndefined,
            extensions=[BlockTags],
            trim_blocks=True,
            lstrip_blocks=True,
            optimized=False,  # nothing of a template is worked out before the render that counts its work
        )
        self.filters = dict(FILTERS)
        self.tests = dict(TESTS)
        self.globals = {}
        self.lock = threading.RLock()
        """Held by whoever renders: there is one trace at a time."""
        self.trace: Trace
        """What the render under way has read and written so far."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return traced(super()._parse(source, name, filename))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A field or property of a record, noted as read; an unset part has only unset fields."""
        if obj is None:
            return None
        if isinstance(obj, Record):
            if field_of(type(obj), attribute) is None:
                return self.undefined(f"{type(obj).__name__} has no field {attribute!r}", obj=obj, name=attribute)
            return self.trace.read(obj, attribute, getattr(obj, attribute))
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        value = getattr(obj, attribute, _MISSING)
        if value is not _MISSING and not self.is_safe_attribute(obj, attribute, value):
            return self.unsafe_undefined(obj, attribute)
        return self.undefined(obj=obj, name=attribute) if value is _MISSING else value

    def getitem(self, obj: Any, argument: Any) -> Any:
        """An item of a tuple or table; an unset value has none."""
        if obj is None or argument is None:
            return None
        if isinstance(obj, Mapping | tuple | list):
            try:
                return obj[argument]
            except (KeyError, IndexError, TypeError):
                return self.undefined(obj=obj, name=argument)
        return self.getattr(obj, str(argument))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Values without an underscore, and the few methods that cannot make a text of any size."""
        if attr.startswith("_"):
            return False
        if isinstance(obj, Undefined | Macro) or not callable(value):
            return super().is_safe_attribute(obj, attr, value)
        return any(isinstance(obj, kind) and attr in names for kind, names in _SAFE_METHODS.items())

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - Jinja's own naming
        """Call a macro or a word function, counting the work."""
        __self.trace.step()
        __self.trace.passed(args)
        found = super().call(__context, __obj, *args, **kwargs)
        return marked.Finished(found) if isinstance(__obj, Macro) else found

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on numbers and joining of lists; what could grow without bound is refused."""
        self.trace.step()
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "**" or not (numbers or (operator == "+" and isinstance(left, list | tuple | str))):
            raise SecurityError(f"{operator} was used on {type(left).__name__} and {type(right).__name__}")
        value = super().call_binop(context, operator, left, right)
        if (numbers and abs(value) > MAX_NUMBER) or (not numbers and len(value) > MAX_ITEMS):
            raise SecurityError(f"{operator} made a value beyond any use in a prompt")
        return value

    def mark(self) -> int:
        """Where in the list of reads an expression begins."""
        return self.trace.step()

    def say(self, begin: int, names: tuple[str, ...], value: Any) -> str:
        """A value as words that know their field; an unset value silences the clause that it stands in."""
        return self.trace.say(begin, names, value)

    def tested(self, begin: int, first: bool, names: tuple[str, ...], value: Any) -> Any:
        """The value of an `if`, whose fields then own the words inside it."""
        return self.trace.tested(begin, first, names, value)

    def opened(self) -> str:
        """Opens the words that an `if` decides."""
        return self.trace.opened()

    def closed(self) -> str:
        """Closes the words that an `if` decides."""
        return marked.CLOSE

    def joined(self, *values: Any) -> str | None:
        """`a ~ b`: the texts as one, or unset when one of them is."""
        return self.trace.joined(values)

    def assigned(self, begin: int, name: str, value: Any) -> Any:
        """The value of a `set`, whose fields then own the words that the name makes."""
        return self.trace.alias(begin, name, value)

    def bounded(self, begin: int, name: str, values: Iterable[Any] | None) -> Iterator[Any]:
        """The items of a loop, counted; an unset list has none."""
        self.trace.alias(begin, name, None)
        return iter(()) if values is None else self.trace.items(values)

    def block(self, kind: str, label: str, *key: Any, caller: Callable[[], str]) -> str:
        """A sentence, clause, member or line."""
        return self.trace.block(kind, label, key, caller)

    def unit(self, number: int, _reads: tuple[str, ...], caller: Callable[[], str]) -> str:
        """A top-level statement, remembered by the values that it reads."""
        return self.trace.unit(number, caller)


_MISSING = object()
