"""`Later`: what changes part of the way through the making of a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import Field

from fluxkit._base import Record
from fluxkit.errors import InputError
from fluxkit.prompt import Diagnostic, Prompt
from fluxkit.scene import Scene


class Later(Record):
    """From a step on, other guidance or other words.

    The first steps decide where things are, the last ones how they look. So words that change late keep the
    composition: `Later(step=10, change={"film": fk.TRI_X_400})` develops the same picture on another film. Shots that
    differ only from some step on share the steps before it; those are computed once, and the pixels are those of
    computing each alone.

    >>> Later(step=10, guidance=2.0).label
    'from step 10: guidance 2'
    """

    step: int = Field(ge=1)
    """The first step, counted from 0, that is made the new way."""
    guidance: float | None = Field(None, ge=0)
    words: str | None = None
    """What the model reads from then on."""
    change: dict[str, Any] = Field(default_factory=dict, exclude=True)
    """Fields of the scene by dotted path: the plan renders the changed scene into `words`."""

    @property
    def label(self) -> str:
        """What captions say."""
        said = [f"guidance {self.guidance:g}"] if self.guidance is not None else []
        said += [f"{path.rpartition('.')[2].replace('_', ' ')} {_named(value)}" for path, value in self.change.items()]
        if self.words is not None and not self.change:
            said.append(f"“{self.words if len(self.words) <= 40 else self.words[:39] + '…'}”")
        return f"from step {self.step}: {', '.join(said) or 'no change'}"

    def worded(self, scene: Scene | None, render: Callable[[Scene], Prompt]) -> Later:
        """The same with the changed scene as words; raises `InputError` where there is no scene to change."""
        if not self.change or self.words is not None:
            return self
        if scene is None:
            raise InputError(
                f"Later(step={self.step}, change=...) was asked for in a shot that has no scene. A change belongs to "
                f"a scene. Plan a Scene or a Sweep, or give the words themselves: Later(step={self.step}, words=...)."
            )
        return self.with_(words=render(scene.with_(**self.change)).text)


def given(value: Any) -> tuple[Later, ...]:
    """One change, several or None, as a tuple in the order of their steps."""
    if value is None:
        return ()
    listed = (value,) if isinstance(value, Later) else tuple(value)
    return tuple(sorted(listed, key=lambda later: later.step))


def finding(later: tuple[Later, ...], steps: int | None) -> Diagnostic | None:
    """What is wrong with the changes of a shot of so many steps; None where nothing is."""
    late = next((one for one in later if steps is not None and one.step >= steps), None)
    if late is not None:
        return _diagnostic(
            f"a change from step {late.step} on was asked for in a shot of {steps} steps, which are numbered 0 to "
            f"{steps - 1 if steps else 0}, so it would do nothing",
            "Choose an earlier step, or more steps.",
        )
    idle = next((one for one in later if one.guidance is None and one.words is None), None)
    if idle is not None:
        return _diagnostic(f"{idle.label} was asked for", "Give guidance=, words= or change=.")
    return None


def _diagnostic(message: str, cure: str) -> Diagnostic:
    told = message[0].upper() + message[1:] + "."
    return Diagnostic(severity="error", path="later", rule="later", message=told, cure=cure)


def _named(value: Any) -> str:
    return str(getattr(value, "name", None) or value)
