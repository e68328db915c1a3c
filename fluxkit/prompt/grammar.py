"""What fluxkit adds to Jinja: four block tags, and the wiring that lets every word know its field.

`{% sentence %}`  a capital first, a stop last; dropped when nothing in it is said.
`{% clause %}`    part of a sentence, with its own joiner (", with"); dropped when a value printed in it is unset.
`{% member "key" %}`  one key of a JSON object.
`{% line %}`      text on a line of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, TypeVar, cast

from jinja2 import TemplateSyntaxError, meta, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.visitor import NodeTransformer

_Node = TypeVar("_Node", bound=nodes.Node)


class BlockTags(Extension):
    """Parses the block tags."""

    tags = {"sentence", "clause", "member", "line"}  # noqa: RUF012 - Jinja's own declaration

    def parse(self, parser: Parser) -> nodes.Node:
        """A call block `block(kind, label)` around the tag's body."""
        tag = next(parser.stream)
        kind, line = tag.value, tag.lineno
        label = parser.parse_expression() if kind == "member" else nodes.Const("", lineno=line)
        if not isinstance(label, nodes.Const):
            parser.fail('a member needs its key as a text, such as {% member "lighting" %}', line)
        body = parser.parse_statements((f"name:end{kind}",), drop_needle=True)
        return _call_block("block", [nodes.Const(kind), nodes.Const(str(label.value))], body, line)


def traced(template: nodes.Template) -> nodes.Template:
    """The template with what prints, tests, loops and sets wired to the trace, and each top-level statement as a unit.

    A unit is remembered by the values that it reads, so that a sweep words each value once.
    """
    _refuse_what_reads_unseen(template)
    names = _Names(template)
    _keyed(template, names)
    body: list[nodes.Node] = []
    for node in _statements(template):
        if _is_unit(node):
            number = nodes.Const(sum(isinstance(unit, nodes.CallBlock) for unit in body))
            reads = nodes.Const(tuple(sorted(names.read_by([node]))))
            body.append(_call_block("unit", [number, reads], [node], node.lineno))
        else:
            body.append(node)
    template.body = body
    return _Wiring().visit(template)  # type: ignore[no-any-return]


def _refuse_what_reads_unseen(template: nodes.Template) -> None:
    """A part that reads names which do not stand in the template: its words could not be remembered by them."""
    for node in template.find_all((nodes.Include, nodes.Import, nodes.FromImport)):
        if isinstance(node, nodes.Include) or getattr(node, "with_context", False):
            asked = "include" if isinstance(node, nodes.Include) else "import with context"
            raise TemplateSyntaxError(
                f"{asked} is not supported: put the words into a macro, import it, and give it the parts that it reads",
                node.lineno,
            )


_numbers = count()


def _keyed(template: nodes.Template, names: _Names) -> None:
    """Give every sentence, member and line a number of its own and the values that it reads, to be remembered by."""
    for node in template.find_all(nodes.CallBlock):
        kind = node.call.args[0] if isinstance(node.call.node, nodes.EnvironmentAttribute) else None
        if isinstance(kind, nodes.Const) and kind.value != "clause":
            reads = sorted(names.read_by(node.body) - names.constant)
            values = nodes.Tuple([nodes.Name(name, "load") for name in reads], "load")
            node.call.args += [nodes.Const(next(_numbers)), nodes.Const(tuple(reads)), values]


def units(template: nodes.Template) -> list[tuple[str, ...]]:
    """The names that each unit of a traced template reads."""
    return [node.call.args[1].value for node in template.body if isinstance(node, nodes.CallBlock)]  # type: ignore[attr-defined]


def is_whole(template: nodes.Template) -> bool:
    """Whether a traced template does nothing but what its units do."""
    return bool(units(template)) and all(
        isinstance(node, (nodes.CallBlock, *_SILENT)) or _is_space(node) for node in template.body
    )


def _statements(template: nodes.Template) -> Iterator[nodes.Node]:
    """The top-level statements; Jinja makes one of the values printed line by line, which is taken apart."""
    for node in template.body:
        if not isinstance(node, nodes.Output):
            yield node
            continue
        line: list[nodes.Node] = []
        for part in node.nodes:
            if isinstance(part, nodes.TemplateData) and part.data.isspace() and "\n" in part.data and line:
                yield nodes.Output(line, lineno=line[0].lineno)
                line = []
            line.append(part)
        yield nodes.Output(line, lineno=line[0].lineno)


_SILENT = (nodes.Assign, nodes.AssignBlock, nodes.Macro, nodes.Import, nodes.FromImport)


def _is_unit(node: nodes.Node) -> bool:
    """Whether a top-level statement may be set apart: it prints, and sets no name that later statements read."""
    if isinstance(node, (*_SILENT, nodes.Extends, nodes.Block, nodes.Include)) or _is_space(node):
        return False
    return not (isinstance(node, nodes.If) and any(node.find_all((nodes.Assign, nodes.AssignBlock))))


def _is_space(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Output) and all(
        isinstance(part, nodes.TemplateData) and part.data.isspace() for part in node.nodes
    )


class _Names:
    """Which names a part of a template reads: itself, through macros, and through names that were set before it."""

    def __init__(self, template: nodes.Template) -> None:
        self._environment = template.environment
        imported = (name for node in template.find_all(nodes.FromImport) for name in node.names)
        self.constant = {name if isinstance(name, str) else name[1] for name in imported}
        self.constant |= {macro.name for macro in template.find_all(nodes.Macro)}
        self._behind: dict[str, list[nodes.Node]] = {macro.name: [macro] for macro in template.find_all(nodes.Macro)}
        for node in template.body:
            if isinstance(node, nodes.Assign | nodes.AssignBlock):
                for name in (
                    node.target.find_all(nodes.Name) if not isinstance(node.target, nodes.Name) else [node.target]
                ):
                    self._behind.setdefault(name.name, []).append(node)

    def read_by(self, body: list[nodes.Node]) -> set[str]:
        found: set[str] = set()
        pending, done = [body], set[str]()
        while pending:
            part = nodes.Template(pending.pop(), lineno=1)
            part.environment = self._environment
            names = meta.find_undeclared_variables(part)
            found |= names
            pending += [self._behind[name] for name in names - done if name in self._behind]
            done |= names
        return found - {"caller"}


def _call_block(name: str, args: list[nodes.Expr], body: list[nodes.Node], line: int) -> nodes.CallBlock:
    return nodes.CallBlock(_call(name, args, line), [], [], body, lineno=line)


def _call(name: str, args: list[nodes.Expr], line: int) -> nodes.Call:
    return nodes.Call(nodes.EnvironmentAttribute(name), args, [], None, None, lineno=line)


class _Wiring(NodeTransformer):
    """Replaces what prints, tests, loops, joins or names a value by a call into the environment."""

    def visit_Output(self, node: nodes.Output) -> nodes.Output:  # noqa: N802 - Jinja's visitor naming
        self.generic_visit(node)
        node.nodes = [item if isinstance(item, nodes.TemplateData) else self._said(item) for item in node.nodes]
        return node

    def visit_If(self, node: nodes.If) -> nodes.If:  # noqa: N802
        return self._if(node, first=True)

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.CondExpr:  # noqa: N802
        self.generic_visit(node)
        node.expr2 = node.expr2 or nodes.Const("", lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Call:  # noqa: N802
        self.generic_visit(node)
        return _call("joined", node.nodes, node.lineno)

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802
        self.generic_visit(node)
        name = node.target.name if isinstance(node.target, nodes.Name) else ""
        node.iter = _call("bounded", [_mark(node.lineno), nodes.Const(name), cast(nodes.Expr, node.iter)], node.lineno)
        return node

    def visit_Assign(self, node: nodes.Assign) -> nodes.Assign:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.target, nodes.Name):
            arguments = [_mark(node.lineno), nodes.Const(node.target.name), cast(nodes.Expr, node.node)]
            node.node = _call("assigned", arguments, node.lineno)
        return node

    def _if(self, node: nodes.If, *, first: bool) -> nodes.If:
        line = node.lineno
        names = _names_in(cast(nodes.Expr, node.test))
        node.test = _call("tested", [_mark(line), nodes.Const(first), names, self.visit(node.test)], line)
        node.body = self._scope(self._visited(node.body), line)
        node.elif_ = [self._if(branch, first=False) for branch in node.elif_]
        node.else_ = self._scope(self._visited(node.else_), line) if node.else_ else []
        return node

    def _visited(self, body: list[_Node]) -> list[_Node]:
        return [self.visit(node) for node in body]

    def _scope(self, body: list[Any], line: int) -> list[Any]:
        opened = nodes.Output([_call("opened", [], line)], lineno=line)
        closed = nodes.Output([_call("closed", [], line)], lineno=line)
        return [opened, *body, closed]

    def _said(self, expression: nodes.Expr) -> nodes.Call:
        return _call("say", [_mark(expression.lineno), _names_in(expression), expression], expression.lineno)


def _names_in(expression: nodes.Expr) -> nodes.Const:
    found = [expression] if isinstance(expression, nodes.Name) else expression.find_all(nodes.Name)
    return nodes.Const(tuple(dict.fromkeys(name.name for name in found)))


def _mark(line: int) -> nodes.Call:
    return _call("mark", [], line)
