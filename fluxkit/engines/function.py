"""`FunctionEngine`: pictures from a Python function, for tests, documentation and ideas of your own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from fluxkit._base import __version__
from fluxkit.engines.base import OnProgress, Progress, silent
from fluxkit.errors import BadPictureError, EngineError
from fluxkit.frames.frame import Frame
from fluxkit.frames.provenance import Provenance
from fluxkit.models import ModelSpec
from fluxkit.shots.shot import Shot

if TYPE_CHECKING:
    from PIL.Image import Image


class FunctionEngine:
    """Calls `function(shot)` for each shot and frames the Pillow image that it returns.

    It keeps the whole contract: progress at each of the shot's steps, cancel within one, errors that carry the shot.
    `calls` counts the pictures made.

    >>> from PIL import Image
    >>> shot = Shot(model="flux.1-schnell", prompt="A cat.", width=256, height=256, steps=2)
    >>> grey = FunctionEngine(lambda shot: Image.new("RGB", (shot.width, shot.height), "grey"))
    >>> [frame.image.size for frame in grey.shoot([shot])]
    [(256, 256)]
    """

    def __init__(self, function: Callable[[Shot], Image], name: str = "function") -> None:
        self._function = function
        self._name = name
        self.calls = 0

    @property
    def name(self) -> str:
        """A short name that goes into provenance."""
        return self._name

    def runs(self, spec: ModelSpec) -> bool:
        """Every model: the function never looks at weights."""
        return True

    def shoot(self, shots: Sequence[Shot], progress: OnProgress = silent) -> Iterator[Frame]:
        """Each shot's frame, in order."""
        for done, shot in enumerate(shots):
            steps = shot.steps or 1
            for step in range(steps):
                progress(Progress(stage="denoise", done=done, shots=len(shots), step=step, steps=steps, shot=shot))
            image = self._picture(shot)
            progress(Progress(stage="store", done=done, shots=len(shots), step=steps, steps=steps, shot=shot))
            provenance = Provenance(engine=self._name, fluxkit=__version__, weights=shot.weights)
            yield Frame(shot, image, provenance=provenance)

    def close(self) -> None:
        """Nothing to give back."""

    def _picture(self, shot: Shot) -> Image:
        self.calls += 1
        try:
            image = self._function(shot)
        except EngineError as error:
            error.shot = error.shot or shot
            raise
        except Exception as error:
            raise EngineError(
                f"The function of engine {self._name!r} failed on a shot of {shot.model} with seed {shot.seed}: "
                f"{error!r}. "
                f"It takes a Shot and returns a Pillow image. Correct the function and shoot again.",
                shot=shot,
            ) from error
        if not hasattr(image, "convert"):
            raise BadPictureError(
                f"The function of engine {self._name!r} returned {type(image).__name__}. "
                f"A Pillow image is allowed. Return PIL.Image.Image.",
                shot=shot,
            )
        return image
