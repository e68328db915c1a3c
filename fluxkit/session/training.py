"""Training from a session: on its worker thread, with its catalogue, stoppable and resumable as every job is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxkit.catalogue import Catalogue
from fluxkit.errors import Cancelled
from fluxkit.frames import Frame, Frames
from fluxkit.frames.atomic import write_atomic
from fluxkit.models import ModelSpec
from fluxkit.scene import Scene
from fluxkit.session.task import Task
from fluxkit.shots import Sweep

if TYPE_CHECKING:
    from fluxkit.train import LearnedLoRA, LoRARecipe, LoRATraining, TrainingProgress, TrainingSet

RECORD = "training.json"
"""What a finished training's folder says of it."""


class TrainingJob(Task):
    """A training under way. `result()` waits for the LoRA; `cancel()` stops it within one step, to be resumed."""

    def __init__(self, training: LoRATraining, catalogue: Catalogue, before: Callable[[], None]) -> None:
        super().__init__()
        self._training = training
        self._catalogue = catalogue
        self._before = before
        self._frames: list[Frame] = []
        self._made: LearnedLoRA | None = None
        self._progress: TrainingProgress | None = None

    @property
    def progress(self) -> TrainingProgress | None:
        """The latest report: stage, step, smoothed loss, time left."""
        return self._progress

    @property
    def frames(self) -> Frames:
        """The sample frames made so far, in order of steps; each is in the catalogue already."""
        return Frames(self._frames)

    def result(self, timeout: float | None = None) -> LearnedLoRA:
        """Wait for the LoRA. Raises what stopped the training; Ctrl-C while waiting cancels it."""
        self._wait(timeout)
        assert self._made is not None
        return self._made

    def _do(self) -> None:
        self._before()
        self._made = self._training.run(self._report, on_sample=self._keep)
        write_atomic(self._training.folder / RECORD, self._made.canonical_json().encode())

    def _report(self, progress: TrainingProgress) -> None:
        self._progress = progress
        self._tell()
        if self._cancel.is_set():
            raise Cancelled(
                f"The training was cancelled at step {progress.step} of {progress.steps}. What was learned is kept; "
                f"call train with the same photographs and recipe again to go on."
            )

    def _keep(self, frame: Frame) -> None:
        self._frames.append(self._catalogue.add(frame, receipt=frame.receipt or None))
        self._tell()

    def __repr__(self) -> str:
        return f"TrainingJob({self._status}, {len(self._frames)} samples)"


def training_job(
    catalogue: Catalogue,
    photographs: TrainingSet,
    *,
    model: str | ModelSpec,
    recipe: LoRARecipe | None,
    samples: Iterable[Scene | str],
    prior: Iterable[Scene | str] | None,
    device: str,
    before: Callable[[], None],
) -> TrainingJob:
    """A job whose folder follows from what is learned, on what and how, so that the same call finds it again."""
    from fluxkit import models
    from fluxkit.train import LoRARecipe, LoRATraining

    spec = models.get(model)
    asked = recipe or LoRARecipe.advised(spec)
    told = f"{photographs.content} {spec.fingerprint()} {asked.fingerprint()}"
    name = f"{photographs.trigger}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"
    training = LoRATraining(
        photographs,
        model=spec,
        folder=catalogue.folder / "training" / name,
        recipe=asked,
        samples=samples,
        prior=prior,
        device=device,
    )
    return TrainingJob(training, catalogue, before)


def kept_loras(folder: Path) -> list[LearnedLoRA]:
    """Every LoRA that was trained into a catalogue's folder, by name."""
    from fluxkit.train import LearnedLoRA

    found = []
    for record in sorted((folder / "training").glob(f"*/{RECORD}")):
        learned = LearnedLoRA.model_validate_json(record.read_text(encoding="utf-8"))
        found.append(learned.lying_in(record.parent))
    return found


def checkpoint_sweep(
    learned: LearnedLoRA,
    scene: Scene,
    *,
    strengths: Sequence[float] = (0.6, 0.8, 1.0),
    seeds: Iterable[int] = range(2),
    checkpoints: Sequence[int] | None = None,
    model: str | ModelSpec | None = None,
    **settings: Any,
) -> Sweep:
    """Checkpoint x strength x seed of a scene with the trigger in it: what a LoRA is chosen from.

    `checkpoints` picks some by their steps; unset, the last four. `model` is the base where its weights are your own.
    `settings` (`size`, `guidance`, ...) are the sweep's. Shoot it, put it on a sheet with `rows="loras"`, measure it
    with `fluxkit.train.likeness`.
    """
    from fluxkit import models
    from fluxkit.train.photographs import triggered

    known = {checkpoint.step: checkpoint for checkpoint in learned.checkpoints}
    chosen = [known[step] for step in checkpoints] if checkpoints is not None else list(known.values())[-4:]
    loras = [checkpoint.lora(strength) for checkpoint in chosen for strength in strengths]
    base = Sweep(triggered(scene, learned.trigger), model=models.get(model or learned.base), **settings)
    return base.over(loras=loras, seed=list(seeds))
