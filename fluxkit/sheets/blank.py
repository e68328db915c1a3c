"""`Blank`: the place of a picture that is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fluxkit.errors import EngineError, SheetError
from fluxkit.shots.shot import Shot


@dataclass(frozen=True)
class Blank:
    """A shot without a picture: why it failed, or an empty reason while it is still to come."""

    shot: Shot
    reason: str = ""
    take: int = 0

    @classmethod
    def of(cls, error: EngineError) -> Blank:
        """The place of the shot that an engine's error carries."""
        if error.shot is None:
            raise SheetError(
                f"A failed shot was given by its error ({error}), but that error carries no shot. "
                "Give errors that came from a job, or leave it out."
            )
        return cls(error.shot, str(error) or type(error).__name__)

    @property
    def id(self) -> str:
        """The id that the frame of this shot has, or will have."""
        return f"frame1-{self.shot.id.partition('-')[2]}-{self.take}"

    def value(self, path: str) -> Any:
        """The value of an axis, as a frame gives it."""
        return self.shot.value(path)
