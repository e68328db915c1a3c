"""`LiveSheet`: a sheet that fills while a job runs."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fluxkit.errors import EngineError, FluxkitError, SheetError
from fluxkit.frames import Frame
from fluxkit.sheets.axes import differing
from fluxkit.sheets.blank import Blank
from fluxkit.sheets.cards import card_data
from fluxkit.sheets.sheet import Axis, ContactSheet
from fluxkit.sheets.view import card_of, view_of

if TYPE_CHECKING:
    from fluxkit.session import Job
    from fluxkit.session.training import TrainingJob
    from fluxkit.widgets import SheetView

_EVERY_SECONDS = 0.5
"""How often progress is told: an engine reports every step, a reader follows two a second."""


_PREVIEW_SHARE = 12
"""Making previews takes at most one part in so many of a job's time."""


class LiveSheet:
    """Every shot of a job in its place: empty until its frame is made, then the picture.

    Of a training these are its samples: a row for each scene, a column for each checkpoint, unless told otherwise.
    It shows progress, the time left, a preview of the frame in the making, and a cancel button that works while the
    job runs, because the job runs on the session's own thread. `sheet()` is the finished `ContactSheet`.
    """

    def __init__(
        self,
        job: Job | TrainingJob,
        *,
        rows: Axis = None,
        columns: Axis = None,
        title: str | None = None,
        **options: Any,
    ) -> None:
        if not hasattr(job, "places"):
            raise SheetError(f"A live sheet was asked for of {job!r}. Give it a job: session.submit(plan).")
        if not job.places:
            raise SheetError(
                f"A live sheet was asked for of {job!r}, which makes no frames. A training makes some where it is "
                f"given samples=[scene, ...]."
            )
        self._job = job
        blanks = [Blank(shot) for shot in job.places]
        if job.across is not None and rows is None and columns is None:
            rows, columns = _axis_beside(job.across, blanks), job.across
        self._options = {"rows": rows, "columns": columns, "title": title, **options}
        self._sheet = ContactSheet.of_places(blanks, **self._options)
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
    def job(self) -> Job | TrainingJob:
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

    def _follow(self, job: Job | TrainingJob) -> None:
        """Called on the worker thread after every report: cheap, and never raises into the job."""
        if self._seen + len(self._told) < job.made + len(job.errors):
            self._show_new(job)
        now = time.monotonic()
        if job.done or now - self._last >= _EVERY_SECONDS:
            self._last = now
            self._view.report(job.told, share=job.share, preview=self._preview(job), running=not job.done)

    def _preview(self, job: Job | TrainingJob) -> bytes | None:
        begun = time.monotonic()
        if job.done or begun < self._preview_from:
            return None
        made = _preview(job)
        ended = time.monotonic()
        self._preview_from = ended + _PREVIEW_SHARE * (ended - begun)
        return made

    def _show_new(self, job: Job | TrainingJob) -> None:
        for frame in job.since(self._seen):
            self._seen += 1
            self._replace(job.place_of(frame), frame)
        for shot_id, error in job.errors.items():
            if shot_id not in self._told:
                self._told.add(shot_id)
                lost = Blank.of(error)
                self._replace([shot.id for shot in job.places].index(shot_id), lost)

    def _replace(self, index: int, frame: Frame | Blank) -> None:
        self._sheet.put(index, frame)
        self._view.append(index, card_of(index, frame, self._sheet))

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self._view._repr_mimebundle_(**options)

    def __repr__(self) -> str:
        return f"LiveSheet({self._job.wanted} shots on {', '.join(sorted({s.model for s in self._job.places}))})"


def _axis_beside(across: str, places: Sequence[Blank]) -> str | None:
    """The axis that tells places apart beside the one along which they come; their words where there are several."""
    others = [path for path in differing(places) if path != across]
    return others[0] if len(others) == 1 else "prompt" if others else None


def _preview(job: Job | TrainingJob) -> bytes | None:
    make = getattr(job.progress, "preview", None)
    if make is None:
        return None
    try:
        picture = make().convert("RGB")
    except (FluxkitError, OSError, RuntimeError, ValueError):
        return None  # a preview that cannot be made must not stop the job that makes the frame
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
