"""`Task`: work on a session's thread that can be watched, waited for and stopped; and `Worker`, the thread itself."""

from __future__ import annotations

import logging
import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Literal, Self, TypeVar

from fluxkit.errors import Cancelled
from fluxkit.frames import Frame
from fluxkit.shots import Shot

Status = Literal["waiting", "running", "done", "cancelled", "failed"]

_log = logging.getLogger(__name__)


class Task(ABC):
    """Work under way that makes frames. Widgets and notebooks hold it: they read what it tells and set flags."""

    def __init__(self) -> None:
        self._telling = threading.RLock()
        self._listeners: list[Callable[[Any], None]] = []
        self._blamed: list[Callable[[Any], None]] = []
        self._cancel = threading.Event()
        self._finished = threading.Event()
        self._failure: BaseException | None = None
        self._status: Status = "waiting"
        self._frames: dict[Any, Frame] = {}
        """What was made, in the order in which it was made."""

    @property
    @abstractmethod
    def places(self) -> tuple[Shot, ...]:
        """Every different shot that a frame is made of, in order."""

    def since(self, count: int) -> list[Frame]:
        """The frames added after the first `count`, in the order in which they were made."""
        with self._telling:
            return list(self._frames.values())[count:]

    @property
    def made(self) -> int:
        """How many different frames exist so far."""
        return len(self._frames)

    @property
    def wanted(self) -> int:
        """How many different frames there will be, where the work goes on to its end."""
        return len(self.places)

    @property
    def status(self) -> Status:
        """`waiting`, `running`, `done`, `cancelled` or `failed`."""
        return self._status

    @property
    def done(self) -> bool:
        """Whether nothing more will happen."""
        return self._finished.is_set()

    def cancel(self) -> None:
        """Ask it to stop within one step; what exists by then is kept."""
        self._cancel.set()

    def watch(self, listener: Callable[[Self], None]) -> None:
        """Call `listener(task)` after each report, each frame and each change of status.

        The call comes from one of the session's threads, never from two at once. A listener that raises `Cancelled`
        cancels; one that raises anything else is told of once, in the log, and the work goes on.
        """
        self._listeners.append(listener)

    def run(self) -> None:
        """Do the work; called once, on the worker thread. Never raises."""
        self._status = "running"
        try:
            self._do()
            self._status = "done"
        except Cancelled as stopped:
            self._status, self._failure = "cancelled", stopped
        except BaseException as failure:
            self._status, self._failure = "failed", failure
        finally:
            self._finished.set()
            self._tell()

    @abstractmethod
    def _do(self) -> None:
        """The work; raises `Cancelled` where it was stopped."""

    def _wait(self, timeout: float | None) -> None:
        """Wait for the end; raises what stopped the work, or `TimeoutError`. Ctrl-C cancels first, and is passed on."""
        try:
            finished = self._finished.wait(timeout)
        except KeyboardInterrupt as interrupt:
            self.cancel()
            self._finished.wait()
            if isinstance(self._failure, Cancelled):
                # Says what is kept, which paid jobs go on at a host, and how to go on.
                interrupt.add_note(str(self._failure))
            raise
        if not finished:
            raise TimeoutError(
                f"{type(self).__name__} was not done after {timeout:g} s; it goes on. Call result() again or cancel()."
            )
        if self._failure is not None:
            raise self._failure

    def _tell(self) -> None:
        with self._telling:
            for listener in tuple(self._listeners):
                try:
                    listener(self)
                except Cancelled:
                    self.cancel()
                except BaseException:  # also SystemExit: whatever it is, it is the listener's own
                    self._blame(listener)

    def _blame(self, listener: Callable[[Any], None]) -> None:
        """Say once that a listener fails: an error in what looks on must not end what is looked at."""
        if listener in self._blamed:
            return
        self._blamed.append(listener)
        name = getattr(listener, "__qualname__", type(listener).__qualname__)
        place = getattr(listener, "__module__", "")
        _log.warning("%s.%s, which listens to %r, failed; the work goes on.", place, name, self, exc_info=True)


AnyTask = TypeVar("AnyTask", bound=Task)


class Worker:
    """One thread that runs tasks in the order in which they were submitted."""

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._running: Task | None = None
        self._waiting: list[Task] = []

    def submit(self, task: AnyTask) -> AnyTask:
        """Queue a task; the thread starts with the first one."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="fluxkit-session", daemon=True)
            self._thread.start()
        self._waiting.append(task)
        self._tasks.put(task)
        return task

    def stop(self) -> None:
        """Cancel what runs and what waits, and wait for the thread to end."""
        for task in (*self._waiting, *((self._running,) if self._running else ())):
            task.cancel()
        if self._thread is not None:
            self._tasks.put(None)
            self._thread.join()
            self._thread = None

    def _loop(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._running = task
            self._waiting.remove(task)
            task.run()
            self._running = None
