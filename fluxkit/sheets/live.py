"""`LiveSheet`: a sheet that fills while a job runs."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fluxkit.errors import EngineError, FluxkitError, SheetError
from fluxkit.frames import Frame
from fluxkit.sheets.blank import Blank
from fluxkit.sheets.cards import card_data
from fluxkit.sheets.sheet import Axis, ContactSheet
from fluxkit.sheets.view import card_of, view_of

if TYPE_CHECKING:
    from fluxkit.session import Job
    from fluxkit.widgets import SheetView

_EVERY_SECONDS = 0.5
"""How often progress is told: an engine reports every step, a reader follows two a second."""


_PREVIEW_SHARE = 12
"""Making previews takes at most one part in so many of a job's time."""


class LiveSheet:
    """Every shot of a job in its place: empty until its frame is made, then the picture.

    It shows progress, the time left, a preview of the frame in the making, and a cancel button that works while the
    job runs, because the job runs on the session's own thread. `sheet()` is the finished `ContactSheet`.
    """

    def __init__(
        self, job: Job, *, rows: Axis = None, columns: Axis = None, title: str | None = None, **options: Any
    ) -> None:
        if not hasattr(job, "plan"):
            raise SheetError(f"A live sheet was asked for of {job!r}. Give it a job: session.submit(plan).")
        self._job = job
        self._options = {"rows": rows, "columns": columns, "title": title, **options}
        self._index = {shot.id: i for i, shot in enumerate({shot.id: shot for shot in job.plan}.values())}
        shots = list({shot.id: shot for shot in job.plan}.values())
        self._sheet = ContactSheet.of_places([Blank(shot) for shot in shots], **self._options)
        places = [card_data(i, blank, self._sheet.layout, "") for i, blank in enumerate(self._sheet.content.frames)]
        self._view = view_of(self._sheet, on_cancel=job.cancel, places=places)
        self._seen = 0
        """How many of the job's frames are shown."""
        self._told: set[str] = set()
        """The failed shots that are shown."""
        self._last = 0.0
        self._preview_from = 0.0
        """When the next preview may be made: one costs the job a decoding, so a slow machine makes few."""
        job.watch(self._follow)
        self._follow(job)

    @property
    def job(self) -> Job:
        """What is being shot."""
        return self._job

    @property
    def view(self) -> SheetView:
        """The widget."""
        return self._view

    def cancel(self) -> None:
        """Stop the job; frames that exist stay in the catalogue and on the sheet."""
        self._job.cancel()

    def sheet(self) -> ContactSheet:
        """The frames made so far as a contact sheet, with the marks and the answers to pairs that were given here.

        A failed shot says why in its place.
        """
        failed: Iterable[EngineError] = self._job.errors.values()
        made = ContactSheet(self._job.frames, failed=failed, **self._options)
        made._go_on_from(self._sheet)
        return made

    def result(self, timeout: float | None = None) -> ContactSheet:
        """Wait for the job, then the finished sheet; raises what stopped the job, as `job.result` does."""
        self._job.result(timeout)
        return self.sheet()

    def _follow(self, job: Job) -> None:
        """Called on the worker thread after every report: cheap, and never raises into the job."""
        if self._seen + len(self._told) < job.made + len(job.errors):
            self._show_new(job)
        now = time.monotonic()
        if job.done or now - self._last >= _EVERY_SECONDS:
            self._last = now
            self._view.report(_words(job), share=_share(job), preview=self._preview(job), running=not job.done)

    def _preview(self, job: Job) -> bytes | None:
        begun = time.monotonic()
        if job.done or begun < self._preview_from:
            return None
        made = _preview(job)
        ended = time.monotonic()
        self._preview_from = ended + _PREVIEW_SHARE * (ended - begun)
        return made

    def _show_new(self, job: Job) -> None:
        for frame in job.since(self._seen):
            self._seen += 1
            self._replace(self._index[frame.shot.id], frame)
        for shot_id, error in job.errors.items():
            if shot_id not in self._told:
                self._told.add(shot_id)
                self._replace(self._index[shot_id], Blank.of(error))

    def _replace(self, index: int, frame: Frame | Blank) -> None:
        self._sheet.put(index, frame)
        self._view.append(index, card_of(index, frame, self._sheet))

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self._view._repr_mimebundle_(**options)

    def __repr__(self) -> str:
        return f"LiveSheet({self._job.wanted} shots on {', '.join(sorted({s.model for s in self._job.plan}))})"


def _share(job: Job) -> float:
    at = job.progress
    within = at.step / at.steps if at.steps and at.stage == "denoise" else 0.0
    return 1.0 if job.status == "done" else min(1.0, (job.made + within) / max(1, job.wanted))


def _words(job: Job) -> str:
    made = f"{job.made} of {job.wanted} frames"
    failed = f", {len(job.errors)} failed" if job.errors else ""
    if job.done:
        return f"{job.status.capitalize()}: {made}{failed}"
    at, left = job.progress, job.seconds_left
    step = f" · step {at.step} of {at.steps}" if at.steps and at.stage == "denoise" else f" · {at.stage}"
    return f"{made}{failed}{step}{'' if left is None else f' · about {_duration(left)} left'}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _preview(job: Job) -> bytes | None:
    make = job.progress.preview
    if make is None:
        return None
    try:
        picture = make().convert("RGB")
    except (FluxkitError, OSError, RuntimeError, ValueError):
        return None  # a preview that cannot be made must not stop the job that makes the frame
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
