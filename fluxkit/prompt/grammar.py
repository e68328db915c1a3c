"""What fluxkit adds to Jinja: four block tags, and the wiring that lets every word know its field.

`{% sentence %}`  a capital first, a stop last; dropped when nothing in it is said.
`{% clause %}`    part of a sentence; dropped when a value printed in it is unset. Starts with its own joiner (", with").
`{% member "key" %}`  one key of a JSON object.
`{% line %}`      text on a line of its own.
"""

from __future__ import annotations

from typing import Any, TypeVar

from jinja2 import meta, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.visitor import NodeTransformer

_Node = TypeVar("_Node", bound=nodes.Node)


class BlockTags(Extension):
    """Parses the block tags into calls that know which names their body reads."""

    tags = {"sentence", "clause", "member", "line"}  # noqa: RUF012 - Jinja's own declaration

    def parse(self, parser: Parser) -> nodes.Node:
        """A call block `block(kind, key, (values of the names read in the body,))`."""
        tag = next(parser.stream)
        kind, line = tag.value, tag.lineno
        label = parser.parse_expression() if kind == "member" else nodes.Const("", lineno=line)
        if not isinstance(label, nodes.Const):
            parser.fail('a member needs its key as a text, such as {% member "lighting" %}', line)
        body = parser.parse_statements((f"name:end{kind}",), drop_needle=True)
        key = nodes.Const(f"{parser.name or ''}:{line}:{label.value}", lineno=line)
        call = _call("block", [nodes.Const(kind), key, nodes.Tuple([], "load")], line)
        return nodes.CallBlock(call, [], [], body, lineno=line)


def traced(template: nodes.Template) -> nodes.Template:
    """The template with its printed values, tests, loops and sets wired to the trace, and its blocks told what they read."""
    macros = {macro.name: macro for macro in template.find_all(nodes.Macro)}
    fixed = _fixed(template)
    for block in template.find_all(nodes.CallBlock):
        if _is_block(block):
            names = sorted(_names(template, block.body, macros) - fixed)
            block.call.args[2] = nodes.Tuple([nodes.Name(name, "load", lineno=block.lineno) for name in names], "load")
    return _Wiring().visit(template)  # type: ignore[no-any-return]


def _names(template: nodes.Template, body: list[nodes.Node], macros: dict[str, nodes.Macro]) -> set[str]:
    """Names read by a body and by the macros of the same template that it calls, directly or not."""
    found: set[str] = set()
    pending: list[list[nodes.Node]] = [body]
    done: set[str] = set()
    while pending:
        wrapped = nodes.Template(pending.pop(), lineno=1)
        wrapped.environment = template.environment
        names = meta.find_undeclared_variables(wrapped)
        found |= names
        for name in (names & macros.keys()) - done:
            done.add(name)
            pending.append([macros[name]])
    return found - macros.keys() - {"caller"}


def _fixed(template: nodes.Template) -> set[str]:
    """Names that never change what a block says: the template's own tables, and macros from another template."""
    tables = {
        node.target.name
        for node in template.body
        if isinstance(node, nodes.Assign)
        and isinstance(node.target, nodes.Name)
        and not list(node.node.find_all(nodes.Name))
    }
    imported = {
        name if isinstance(name, str) else name[1]
        for node in template.find_all(nodes.FromImport)
        if not node.with_context
        for name in node.names
    }
    return tables | imported | {node.target for node in template.find_all(nodes.Import) if not node.with_context}


def _is_block(node: nodes.CallBlock) -> bool:
    return isinstance(node.call.node, nodes.EnvironmentAttribute)


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
        node.iter = _call("bounded", [_mark(node.lineno), nodes.Const(name), node.iter], node.lineno)
        return node

    def visit_Assign(self, node: nodes.Assign) -> nodes.Assign:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.target, nodes.Name):
            arguments = [_mark(node.lineno), nodes.Const(node.target.name), node.node]
            node.node = _call("assigned", arguments, node.lineno)
        return node

    def _if(self, node: nodes.If, *, first: bool) -> nodes.If:
        line = node.lineno
        node.test = _call("tested", [_mark(line), nodes.Const(first), self.visit(node.test)], line)
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
        line = expression.lineno
        names = tuple(dict.fromkeys(name.name for name in expression.find_all(nodes.Name)))
        return _call("say", [_mark(line), nodes.Const(names), expression], line)


def _mark(line: int) -> nodes.Call:
    return _call("mark", [], line)
