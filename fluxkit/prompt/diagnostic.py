"""`Diagnostic`: one finding about a request, with its reason and its cure."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fluxkit._base import Record

Severity = Literal["note", "warning", "error"]


class Diagnostic(Record):
    """A finding about a scene, a prompt or a plan: what is odd, where, why, and what to do.

    >>> print(Diagnostic(severity="note", path="avoid.0", rule="avoid-rewritten", message="Said otherwise.", cure="-"))
    note avoid.0 [avoid-rewritten]: Said otherwise. -
    """

    severity: Severity
    """`note` tells, `warning` says that the picture will probably not show what was asked, `error` refuses."""

    path: str = ""
    """Dotted path of the field that it is about; empty for the whole request."""

    rule: str = Field(min_length=1)
    """Stable id of the rule, by which it can be silenced."""

    message: str = Field(min_length=1)
    """What was found, with the value and the reason."""

    cure: str = ""
    """What to do about it."""

    def __str__(self) -> str:
        where = f" {self.path}" if self.path else ""
        return f"{self.severity}{where} [{self.rule}]: {self.message} {self.cure}".rstrip()
