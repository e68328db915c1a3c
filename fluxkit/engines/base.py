"""What every engine is: something that turns shots into frames, reports its progress, and can be stopped.

The contract, on one page:

- `shoot` yields one `Frame` for each shot, in any order, as soon as it is made. It loads what it needs itself.
- It calls `progress` at least once a step. A `progress` that raises `Cancelled` stops the engine within one step;
  the engine stays usable, and the frames it yielded before are whole.
- A shot that fails raises an `EngineError` that carries the shot. Nothing else escapes on purpose.
- An engine is used by one thread at a time; the session sees to that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from fluxkit.frames.frame import Frame
from fluxkit.frames.provenance import Provenance
from fluxkit.models import ModelSpec
from fluxkit.shots.shot import Shot

if TYPE_CHECKING:
    from PIL.Image import Image

Stage = Literal["load", "encode", "denoise", "decode", "store", "wait"]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job stands: `done` of `shots` frames made, and the step of the frame in the making."""

    stage: Stage
    done: int
    shots: int
    step: int = 0
    steps: int = 0
    shot: Shot | None = None
    preview: Callable[[], Image] | None = None
    """Makes a small picture of what the frame looks like so far; calling it costs a little, so callers choose when."""


OnProgress = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """A progress callable that does nothing."""


@runtime_checkable
class Engine(Protocol):
    """Turns shots into frames."""

    @property
    def name(self) -> str:
        """A short name that goes into provenance."""

    def runs(self, spec: ModelSpec) -> bool:
        """Whether this engine can make pictures with that model."""

    def shoot(self, shots: Sequence[Shot], progress: OnProgress) -> Iterator[Frame]:
        """Make every shot and yield each frame as soon as it exists."""

    def close(self) -> None:
        """Give back memory and connections; the engine may be used again afterwards."""


@runtime_checkable
class PaidEngine(Engine, Protocol):
    """An engine whose pictures cost money: it keeps a journal, obeys a budget, and never pays twice."""

    def keep_in(self, folder: Path) -> None:
        """Keep the journal of submitted jobs in this folder, unless the engine was given another."""

    def budget(self, usd: float | None) -> None:
        """Spend at most so many US dollars, unless the engine was given a budget of its own."""

    def check(self, shots: Sequence[Shot]) -> None:
        """Refuse, before anything is sent, shots that cannot be submitted: keys, fields, budget."""

    def resume(self, progress: OnProgress) -> Iterator[Frame]:
        """Fetch the pictures of jobs that were submitted earlier and never fetched; spends nothing."""


@runtime_checkable
class Repeatable(Engine, Protocol):
    """An engine that can be set as it was when a picture was made, one choice at a time, to find what changed it."""

    def options_of(self, provenance: Provenance) -> dict[str, Any]:
        """The choices of a record under the names that `alike` takes: `dtype`, `batch`, `attention`, ..."""

    def alike(self, options: Mapping[str, Any]) -> Engine:
        """Another engine like this one, with these choices made otherwise."""
