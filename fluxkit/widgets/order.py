"""`Order`: what is done in a form is handled one after the other, whichever thread its messages come on."""

from __future__ import annotations

from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

import traitlets

from fluxkit.widgets import bundle
from fluxkit.widgets.base import View

Control = TypeVar("Control")


class Order(View):
    """Nothing that is seen: it stands in a form and keeps its messages apart and in order.

    JupyterLab sends the first messages of a page to the kernel's main thread and later ones to another, so two may be
    handled at the same time, and the later one first. Python handles those of the controls that were given to `take`
    one at a time; `with order:` holds them off. In the browser, a button of the box given to `cover` is pressed only
    once Python has handled what was typed before.
    """

    _esm = bundle.module("order.js")

    whole = traitlets.Unicode().tag(sync=True)
    """The id of the box whose controls are kept in order."""

    def cover(self, box: Any) -> None:
        """Let the buttons of a box wait for what was typed in it; an outer box replaces an inner one."""
        box.add_class("fk-in-order")
        self.whole = box.model_id

    def take(self, control: Control) -> Control:
        """The same control, whose messages are from now on handled one at a time with those of the others."""
        control.comm.on_msg(partial(self._handle, control))  # type: ignore[attr-defined]  # ipywidgets has no types
        return control

    def __enter__(self) -> Self:
        self._lock.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def _handle(self, control: Any, message: Any) -> None:
        with self._lock:
            control._handle_msg(message)
