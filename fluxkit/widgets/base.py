"""`View`: what every widget of fluxkit is: an anywidget that refuses unknown options and has a stable text."""

from __future__ import annotations

import contextvars
import threading
from typing import Any, ClassVar

import anywidget

from fluxkit.errors import did_you_mean


class View(anywidget.AnyWidget):  # type: ignore[misc]  # anywidget has no types for mypy to follow
    """An anywidget with a static twin: where no kernel answers, its picture and its text are shown instead."""

    _options: ClassVar[tuple[str, ...]] = ()
    """The keywords that the constructor takes beside those of `layout`."""

    def __init__(self, **options: Any) -> None:
        allowed = (*self._options, "layout")
        for name, value in options.items():
            if name not in allowed:
                raise TypeError(
                    f"{type(self).__name__} was given {name}={value!r}, which it does not take."
                    f"{did_you_mean(name, allowed)} It takes: {', '.join(allowed)}."
                )
        self._lock = threading.RLock()
        self._made_in = contextvars.copy_context()
        super().__init__(**options)
        _answer_where_asked(self.comm)

    def _send(self, msg: Any, buffers: Any = None) -> None:
        """Send to the browser from any thread.

        ipykernel 7.0 knows the cell that a message belongs to only on the thread of the cell; elsewhere the message
        goes with the cell in which the widget was made.
        """
        try:
            super()._send(msg, buffers=buffers)
        except LookupError:
            self._made_in.copy().run(super()._send, msg, buffers=buffers)

    def describe(self) -> str:
        """One line for `repr`, without addresses, times or paths."""
        return type(self).__name__

    def still(self) -> bytes | None:
        """A PNG that stands for the widget where it cannot run; None where there is none."""
        return None

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None:
            return None
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        still = self.still()
        shown = {**data, "text/plain": repr(self), **({"image/png": still} if still else {})}
        return shown, {**metadata, **({"image/png": {"alt": self.describe()}} if still else {})}

    def __repr__(self) -> str:
        return self.describe()


def _answer_where_asked(comm: Any) -> None:
    """Let messages be handled on the subshell that the front end chose, also while a cell runs.

    ipykernel 7.0 to 7.3 do so; 7.4 sends them back to the loop that last published on the comm, which is busy with the
    cell, so that a cancel button would wait for the cell to end. Handlers here are made for other threads: they take a
    lock, and set flags.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, default: default
