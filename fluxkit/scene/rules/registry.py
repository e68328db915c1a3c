"""The registry of rules, and how a scene is held against them."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from fluxkit.errors import InputError, did_you_mean
from fluxkit.prompt.diagnostic import Diagnostic, Severity

if TYPE_CHECKING:
    from fluxkit.models import ModelSpec
    from fluxkit.scene.optical import Optics
    from fluxkit.scene.scene import Scene


class Case(NamedTuple):
    """What a rule looks at: the scene, its optics, and the model where one was named."""

    scene: Scene
    seen: Optics
    model: ModelSpec | None
    guidance: float | None

    said: tuple[tuple[str, str], ...]

    def texts(self) -> tuple[tuple[str, str], ...]:
        """The scene's own words with their paths, without film data, exact texts and what it avoids."""
        return self.said


class Found(NamedTuple):
    """One finding of a rule: the field, what is odd with its value, and what to do."""

    path: str
    message: str
    cure: str


class Rule(NamedTuple):
    """A rule: its id, how grave it is, what it checks, and the source or physical reason behind it."""

    id: str
    severity: Severity
    title: str
    reason: str
    find: Callable[[Case], Iterator[Found]]


RULES: dict[str, Rule] = {}
"""Every rule by its id, in the order in which they are tried."""


def rule(id: str, severity: Severity, *, reason: str) -> Callable[[Callable[[Case], Iterator[Found]]], Any]:
    """Register a function as a rule; its docstring's first line is the rule's title."""

    def register(find: Callable[[Case], Iterator[Found]]) -> Callable[[Case], Iterator[Found]]:
        title = (find.__doc__ or id).strip().splitlines()[0]
        RULES[id] = Rule(id, severity, title, reason, find)
        return find

    return register


class Findings(tuple[Diagnostic, ...]):
    """What a check found, gravest first; it shows as a list, and is empty when all is well."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "\n".join(str(finding) for finding in self) or "No findings."

    def _repr_html_(self) -> str:
        if not self:
            return "<p>No findings.</p>"
        cells = ("severity", "path", "message", "cure", "rule")
        head = "".join(f'<th scope="col">{name}</th>' for name in ("", "field", "finding", "cure", "rule"))
        rows = ("".join(f"<td>{html.escape(getattr(item, name))}</td>" for name in cells) for item in self)
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


_GRAVITY = ("error", "warning", "note")


def check(
    scene: Scene, model: ModelSpec | None = None, *, guidance: float | None = None, silence: Iterable[str] = ()
) -> Findings:
    """What is odd about a scene, gravest first; see `Scene.check`."""
    silenced = _known(silence)
    if guidance is None and model is not None:
        guidance = model.guidance.default
    said = tuple(item for item in scene.texts() if not item[0].startswith(("film.", "avoid.", "text.")))
    case = Case(scene, scene.optics(), model, guidance, said)
    found = [
        Diagnostic(severity=rule.severity, path=item.path, rule=rule.id, message=item.message, cure=item.cure)
        for rule in RULES.values()
        if rule.id not in silenced
        for item in rule.find(case)
    ]
    return Findings(sorted(found, key=lambda item: _GRAVITY.index(item.severity)))


def _known(silence: Iterable[str]) -> frozenset[str]:
    names = frozenset([silence] if isinstance(silence, str) else silence)
    for name in sorted(names - RULES.keys()):
        raise InputError(
            f"The rule {name!r} was to be silenced, but there is none.{did_you_mean(name, RULES)} "
            f"Rules are: {', '.join(RULES)}. Take the id from a finding's `.rule`."
        )
    return names
