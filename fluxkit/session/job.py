"""`Job`: a plan being shot on the session's worker thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property

from fluxkit.engines.base import Progress
from fluxkit.errors import Cancelled, EngineError
from fluxkit.frames import Frame, Frames
from fluxkit.session.progress_line import duration
from fluxkit.session.task import Task
from fluxkit.shots import Shot, ShotPlan

Work = Callable[["Job"], None]


class Job(Task):
    """A plan under way. `result()` waits for its frames; `cancel()` stops it within one step."""

    across: str | None = None
    """The axis along which the frames come, where there is one."""

    def __init__(self, plan: ShotPlan, work: Work) -> None:
        super().__init__()
        self._plan = plan
        self._work = work
        self._errors: dict[str, EngineError] = {}
        self._places = {shot.id: place for place, shot in enumerate({shot.id: shot for shot in plan}.values())}
        self._progress = Progress(stage="wait", done=0, shots=len(self._places))
        self._first: tuple[float, float] | None = None
        """When the first step was told, and how much work was done by then."""
        self._work_left = 0.0
        self._weights = {shot.id: _weight(shot) for shot in plan}

    @property
    def plan(self) -> ShotPlan:
        """What is being shot."""
        return self._plan

    @cached_property
    def places(self) -> tuple[Shot, ...]:
        """Every different shot that a frame is made of, in plan order."""
        return tuple({shot.id: shot for shot in self._plan}.values())

    def place_of(self, frame: Frame) -> int:
        """Which of the places a frame of this job fills."""
        return self._places[frame.shot.id]

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
    def errors(self) -> dict[str, EngineError]:
        """Shots that failed where the job was told to go on, by shot id."""
        return dict(self._errors)

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the pace since the first step; None before there is one, and when nothing is left.

        Shots weigh by their steps and pixels. Frames found in the catalogue, loading and encoding do not count: they
        say nothing about how long the next picture takes.
        """
        now, first = self._progress, self._first
        if first is None or self.done:
            return None
        made = self._work_done(now) - first[1]
        if made <= 0:
            return None
        return max(0.0, (time.monotonic() - first[0]) * (self._work_left - made) / made)

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1."""
        at = self._progress
        within = at.step / at.steps if at.steps and at.stage == "denoise" else 0.0
        return 1.0 if self.status == "done" else min(1.0, (self.made + within) / max(1, self.wanted))

    @property
    def told(self) -> str:
        """Where it stands, in words."""
        made = f"{self.made} of {self.wanted} frames"
        failed = f", {len(self._errors)} failed" if self._errors else ""
        if self.done:
            return f"{self.status.capitalize()}: {made}{failed}"
        at, left = self._progress, self.seconds_left
        step = f" · step {at.step} of {at.steps}" if at.steps and at.stage == "denoise" else f" · {at.stage}"
        return f"{made}{failed}{step}{'' if left is None else f' · about {duration(left)} left'}"

    def result(self, timeout: float | None = None) -> Frames:
        """Wait for the frames, in plan order.

        Raises what stopped the job: `Cancelled`, an `EngineError`, or `TimeoutError` after `timeout` seconds.
        Ctrl-C while waiting cancels the job, waits for it to stop, and passes the interrupt on.
        """
        self._wait(timeout)
        return self.frames

    def report(self, progress: Progress) -> None:
        """Take a report from the engine; raises `Cancelled` where the user asked to stop."""
        self._progress = progress
        if self._first is None and progress.stage == "denoise":
            done = self._work_done(progress)
            self._first, self._work_left = (time.monotonic(), done), sum(self._weights.values()) - done
        self._tell()
        if self._cancel.is_set():
            raise Cancelled(
                f"The job was cancelled after {progress.done} of {progress.shots} frames. "
                f"Those are in the catalogue; shoot the same plan again to make the rest.",
                shot=progress.shot,
            )

    def add(self, frame: Frame) -> None:
        """Take a frame that is already in the catalogue."""
        with self._telling:
            self._frames[frame.shot.id] = frame
        self._tell()

    def fail_shot(self, error: EngineError) -> None:
        """Note that one shot failed while the job goes on."""
        self._errors[error.shot.id] = error
        self._tell()

    def _do(self) -> None:
        self._work(self)

    def _work_done(self, now: Progress) -> float:
        """The weight of the frames that exist, and of the steps of the one in the making."""
        with self._telling:
            done = sum(self._weights.get(name, 0.0) for name in self._frames)
        under_way = now.shot is not None and now.shot.id not in self._frames and now.steps
        return done + (self._weights.get(now.shot.id, 0.0) * now.step / now.steps if under_way and now.shot else 0.0)

    def __repr__(self) -> str:
        return f"Job({self._status}, {len(self._frames)} of {len(self._plan)} frames)"


def _weight(shot: Shot) -> float:
    """How long a shot takes beside others, roughly: its steps times its pixels."""
    return float((shot.steps or 1) * shot.width * shot.height)
