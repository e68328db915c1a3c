"""`Filing`: frames on their way into the catalogue, on a thread of their own; the next picture need not wait."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from fluxkit.catalogue import Catalogue
from fluxkit.frames import Frame
from fluxkit.session.spool import Spool

_AHEAD = 4
"""Frames that may wait to be written: enough to smooth a slow disk, few enough to hold in memory."""


class Filing:
    """Keeps frames in the order in which they are given; `kept` is told of each once it is on the disk.

    Use it in a `with` block: at its end everything given is on the disk, or the first failure is raised.
    """

    def __init__(self, catalogue: Catalogue, kept: Callable[[Frame], None]) -> None:
        self._catalogue = catalogue
        self._kept = kept
        self._spool = Spool(catalogue)
        self._waiting: queue.Queue[tuple[Frame, Path] | None] = queue.Queue(_AHEAD)
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def file(self, frame: Frame) -> None:
        """Take a frame; waits where too many are under way. Raises what went wrong with an earlier one."""
        self.check()
        put = self._spool.put(frame)
        if put is None:
            self._kept(self._catalogue.add(frame, receipt=frame.receipt or None))
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="fluxkit-filing", daemon=True)
            self._thread.start()
        self._waiting.put((frame, put))

    def check(self) -> None:
        """Raise what went wrong with an earlier frame, so that no picture is made which cannot be kept."""
        if self._failure is not None:
            raise self._failure

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
        self._spool.close()
        if error is None:
            self.check()
        elif self._failure is not None and self._failure is not error:
            error.add_note(f"Frames that were made before could not be kept: {self._failure}")

    def _loop(self) -> None:
        while (waiting := self._waiting.get()) is not None:
            frame, put = waiting
            if self._failure is None:
                try:
                    kept = self._catalogue.add(frame, receipt=frame.receipt or None)
                    self._spool.clear(put)
                    self._kept(kept)
                    continue
                except BaseException as failure:
                    self._failure = failure
            self._spool.leave(put)
