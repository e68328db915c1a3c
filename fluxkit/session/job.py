"""`Job`: a plan being shot on the session's worker thread, and the thread itself.

Widgets and notebooks hold jobs. They only read `progress` and set flags; all work happens on the one thread.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Literal

from fluxkit.engines.base import Progress
from fluxkit.errors import Cancelled, EngineError
from fluxkit.frames import Frame, Frames
from fluxkit.shots import ShotPlan

Status = Literal["waiting", "running", "done", "cancelled", "failed"]
Work = Callable[["Job"], None]


class Job:
    """A plan under way. `result()` waits for its frames; `cancel()` stops it within one step."""

    def __init__(self, plan: ShotPlan, work: Work) -> None:
        self._plan = plan
        self._work = work
        self._frames: dict[str, Frame] = {}
        self._errors: dict[str, EngineError] = {}
        self._failure: BaseException | None = None
        self._listeners: list[Callable[[Job], None]] = []
        self._cancel = threading.Event()
        self._finished = threading.Event()
        self._status: Status = "waiting"
        self._wanted = len({shot.id for shot in plan})
        self._progress = Progress(stage="wait", done=0, shots=self._wanted)
        self._started: float | None = None

    @property
    def plan(self) -> ShotPlan:
        """What is being shot."""
        return self._plan

    @property
    def status(self) -> Status:
        """`waiting`, `running`, `done`, `cancelled` or `failed`."""
        return self._status

    @property
    def done(self) -> bool:
        """Whether nothing more will happen."""
        return self._finished.is_set()

    @property
    def progress(self) -> Progress:
        """The latest report of the engine."""
        return self._progress

    @property
    def frames(self) -> Frames:
        """The frames made so far, in plan order; each is in the catalogue already."""
        made = self._frames
        return Frames(made[shot.id].with_shot(shot) for shot in self._plan if shot.id in made)

    @property
    def made(self) -> int:
        """How many different frames exist so far."""
        return len(self._frames)

    @property
    def wanted(self) -> int:
        """How many different frames the plan needs."""
        return self._wanted

    @property
    def errors(self) -> dict[str, EngineError]:
        """Shots that failed where the job was told to go on, by shot id."""
        return dict(self._errors)

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the pace so far; None before the first step."""
        now = self._progress
        part = now.done + (now.step / now.steps if now.steps else 0.0)
        if self._started is None or part <= 0 or self.done:
            return None
        return max(0.0, (time.monotonic() - self._started) * (now.shots - part) / part)

    def cancel(self) -> None:
        """Ask the job to stop; frames that exist stay in the catalogue."""
        self._cancel.set()

    def result(self, timeout: float | None = None) -> Frames:
        """Wait for the frames, in plan order.

        Raises what stopped the job: `Cancelled`, an `EngineError`, or `TimeoutError` after `timeout` seconds.
        Ctrl-C while waiting cancels the job, waits for it to stop, and passes the interrupt on.
        """
        try:
            finished = self._finished.wait(timeout)
        except KeyboardInterrupt as interrupt:
            self.cancel()
            self._finished.wait()
            if isinstance(self._failure, Cancelled):
                # Says which paid jobs go on at a host, and how to fetch them.
                interrupt.add_note(str(self._failure))
            raise
        if not finished:
            raise TimeoutError(
                f"The job was not done after {timeout:g} s; it goes on. Call result() again or cancel()."
            )
        if self._failure is not None:
            raise self._failure
        return self.frames

    def watch(self, listener: Callable[[Job], None]) -> None:
        """Call `listener(job)` on the worker thread after each report, frame and change of status."""
        self._listeners.append(listener)

    def report(self, progress: Progress) -> None:
        """Take a report from the engine; raises `Cancelled` where the user asked to stop."""
        self._progress = progress
        self._tell()
        if self._cancel.is_set():
            raise Cancelled(
                f"The job was cancelled after {progress.done} of {progress.shots} frames. "
                f"Those are in the catalogue; shoot the same plan again to make the rest.",
                shot=progress.shot,
            )

    def add(self, frame: Frame) -> None:
        """Take a frame that is already in the catalogue."""
        self._frames[frame.shot.id] = frame
        self._tell()

    def fail_shot(self, error: EngineError) -> None:
        """Note that one shot failed while the job goes on."""
        self._errors[error.shot.id] = error
        self._tell()

    def run(self) -> None:
        """Do the work; called once, on the worker thread."""
        self._status, self._started = "running", time.monotonic()
        try:
            self._work(self)
            self._status = "done"
        except Cancelled as stopped:
            self._status, self._failure = "cancelled", stopped
        except BaseException as failure:
            self._status, self._failure = "failed", failure
        finally:
            self._finished.set()
            self._tell()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener(self)

    def __repr__(self) -> str:
        return f"Job({self._status}, {len(self._frames)} of {len(self._plan)} frames)"


class Worker:
    """One thread that runs jobs in the order they were submitted."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._running: Job | None = None
        self._waiting: list[Job] = []

    def submit(self, job: Job) -> Job:
        """Queue a job; the thread starts with the first one."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="fluxkit-session", daemon=True)
            self._thread.start()
        self._waiting.append(job)
        self._jobs.put(job)
        return job

    def stop(self) -> None:
        """Cancel what runs and what waits, and wait for the thread to end."""
        for job in (*self._waiting, *((self._running,) if self._running else ())):
            job.cancel()
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None

    def _loop(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._running = job
            self._waiting.remove(job)
            job.run()
            self._running = None
