"""`ProgressLine`: one line of text that tells how a blocking call gets on."""

from __future__ import annotations

import os
import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from fluxkit.session.job import Job
    from fluxkit.session.training import TrainingJob

_EVERY_SECONDS = 0.25


class ProgressLine:
    """Rewrites one line on standard error, at most four times a second.

    Silent where `FLUXKIT_QUIET=1` is set, and where standard error is neither a terminal nor a notebook.
    """

    def __init__(self) -> None:
        self._shown = ""
        self._last = 0.0
        self._lock = threading.RLock()
        self._on = os.environ.get("FLUXKIT_QUIET", "") != "1" and (sys.stderr.isatty() or _in_notebook())

    def show(self, job: Job) -> None:
        """Tell the job's stage, frames and time left."""
        now = time.monotonic()
        if not self._on or now - self._last < _EVERY_SECONDS:
            return
        self._last = now
        at, left = job.progress, job.seconds_left
        step = f", step {at.step} of {at.steps}" if at.steps and at.stage == "denoise" else ""
        eta = "" if left is None else f", about {left:.0f} s left"
        self._write(f"{at.done} of {at.shots} frames ({at.stage}{step}{eta})")

    def show_training(self, job: TrainingJob) -> None:
        """Tell a training's stage, step, loss and time left."""
        now, at = time.monotonic(), job.progress
        if not self._on or at is None or now - self._last < _EVERY_SECONDS:
            return
        self._last = now
        loss = "" if at.loss is None else f", loss {at.loss:.4f}"
        eta = "" if at.seconds_left is None else f", about {at.seconds_left:.0f} s left"
        self._write(f"step {at.step} of {at.steps} ({at.stage}{loss}{eta})")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if self._shown:
                self._write("")
            self._on = False

    def _write(self, text: str) -> None:
        with self._lock:
            if not self._on:  # the worker's last report may come when the line is cleared already
                return
            sys.stderr.write("\r" + text.ljust(len(self._shown)) + ("\r" if not text else ""))
            sys.stderr.flush()
            self._shown = text


def duration(seconds: float) -> str:
    """A time left as a person says it.

    >>> duration(42.3), duration(400), duration(9000)
    ('42 s', '7 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"
