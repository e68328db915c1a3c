"""`Teller`: an engine's reports, with what is the same for a whole job filled in."""

from __future__ import annotations

from typing import Any

from fluxkit.engines.base import OnProgress, Progress, Stage
from fluxkit.shots.shot import Shot


class Teller:
    """Calls the one progress callable, and counts the frames made."""

    def __init__(self, progress: OnProgress, done: int, shots: int) -> None:
        self._progress = progress
        self._shots = shots
        self._done = done

    def count(self) -> None:
        """One more frame is made."""
        self._done += 1

    def __call__(
        self, stage: Stage, *, step: int = 0, steps: int = 0, shot: Shot | None = None, preview: Any = None
    ) -> None:
        """Report."""
        self._progress(
            Progress(
                stage=stage, done=self._done, shots=self._shots, step=step, steps=steps, shot=shot, preview=preview
            )
        )
