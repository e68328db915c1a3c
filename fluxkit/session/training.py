"""Training from a session: on its worker thread, with its catalogue, stoppable and resumable as every job is."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxkit.catalogue import Catalogue
from fluxkit.errors import Cancelled, EngineError, InputError
from fluxkit.frames import Frame, Frames
from fluxkit.frames.atomic import write_atomic
from fluxkit.models import ModelSpec
from fluxkit.scene import Scene
from fluxkit.session.progress_line import duration
from fluxkit.session.task import Task
from fluxkit.shots import Shot, Sweep

if TYPE_CHECKING:
    from fluxkit.train import LearnedLoRA, LoRARecipe, LoRATraining, TrainingProgress, TrainingSet

_log = logging.getLogger(__name__)

RECORD = "training.json"
"""What a finished training's folder says of it."""


class TrainingJob(Task):
    """A training under way. `result()` waits for the LoRA; `cancel()` stops it within one step, to be resumed."""

    across = "loras"
    """Its sample frames come checkpoint by checkpoint."""

    def __init__(self, training: LoRATraining, catalogue: Catalogue, before: Callable[[], None]) -> None:
        super().__init__()
        self._training = training
        self._catalogue = catalogue
        self._before = before
        self._made: LearnedLoRA | None = None
        self._progress: TrainingProgress | None = None

    @property
    def progress(self) -> TrainingProgress | None:
        """The latest report: stage, step, smoothed loss, time left."""
        return self._progress

    @property
    def frames(self) -> Frames:
        """The sample frames that exist, in order of steps; each is in the catalogue already."""
        with self._telling:
            return Frames(self._frames[place] for place in sorted(self._frames))

    @cached_property
    def places(self) -> tuple[Shot, ...]:
        """Every sample of every checkpoint, in order of steps; adapters that are still to come go by their names."""
        return tuple(shot for step in self._training.checkpoint_steps for shot in self._training.sampled(step))

    @cached_property
    def _places(self) -> dict[tuple[str, str | None], int]:
        return {_key(shot): place for place, shot in enumerate(self.places)}

    def place_of(self, frame: Frame) -> int:
        """Which of the places a sample frame fills."""
        return self._places[_key(frame.shot)]

    @property
    def errors(self) -> dict[str, EngineError]:
        """Shots that failed while the work went on: a training has none, it fails as a whole."""
        return {}

    @property
    def share(self) -> float:
        """How much is learned, from 0 to 1."""
        at = self._progress
        return 1.0 if self.status == "done" else at.step / at.steps if at is not None and at.steps else 0.0

    @property
    def told(self) -> str:
        """Where it stands, in words."""
        at = self._progress
        samples = f"{self.made} of {self.wanted} samples" if self.wanted else ""
        if at is None:
            said = [self.status, samples]
        elif self.done:
            said = [f"{self.status.capitalize()}: step {at.step} of {at.steps}", samples]
        else:
            loss = "" if at.loss is None else f"loss {at.loss:.4f}"
            left = "" if at.seconds_left is None else f"about {duration(at.seconds_left)} left"
            said = [f"step {at.step} of {at.steps}" if at.stage == "learn" else at.stage, loss, left, samples]
        return " · ".join(part for part in said if part)

    def result(self, timeout: float | None = None) -> LearnedLoRA:
        """Wait for the LoRA. Raises what stopped the training; Ctrl-C while waiting cancels it."""
        self._wait(timeout)
        assert self._made is not None
        return self._made

    def _do(self) -> None:
        self._find_earlier()
        if self._training.finished() is None:
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
        self._take(self._catalogue.add(frame, receipt=frame.receipt or None))

    def _take(self, frame: Frame) -> None:
        with self._telling:
            self._frames[self.place_of(frame)] = frame
        self._tell()

    def _find_earlier(self) -> None:
        """Samples of checkpoints that an earlier run of the same training wrote."""
        for shot in self.places:
            kept = self._catalogue.get(shot.id) if shot.loras[0].content else None
            if kept is not None:
                self._take(kept.with_shot(shot))

    def __repr__(self) -> str:
        return f"TrainingJob({self._status}, {len(self._frames)} samples)"


def _key(shot: Shot) -> tuple[str, str | None]:
    """A sample's request and its checkpoint's name: the adapter's content is not known before it is learned."""
    return shot.with_(loras=()).id, shot.loras[0].name


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
    from fluxkit.models.weights import weights_content
    from fluxkit.train import LoRARecipe, LoRATraining
    from fluxkit.train.asked import scenes_tag

    spec = models.get(model)
    asked = recipe or LoRARecipe.advised(spec)
    prior = None if prior is None else tuple(prior)
    # By what the weights are: a folder that is moved keeps its trainings, other weights in its place get their own.
    told = f"{photographs.content} {spec.id} {weights_content(spec)} {asked.fingerprint()} {scenes_tag(prior)}"
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
    """Every LoRA that was trained into a catalogue, by name; one whose record is damaged is told in the log."""
    from fluxkit.train import LearnedLoRA

    found = []
    for record in sorted((folder / "training").glob(f"*/{RECORD}")):
        try:
            learned = LearnedLoRA.model_validate_json(record.read_bytes())
        except (InputError, OSError) as error:
            _log.warning(
                "The record of the training %r cannot be read, so its LoRA is left out (%s). Its checkpoints are "
                "there: train with the same photographs and recipe again, and it is written anew.",
                record.parent.name,
                str(error).partition("\n")[0],
            )
            continue
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
    with `fluxkit.train.likeness`. Raises `InputError` for a checkpoint that is not there.
    """
    from fluxkit import models
    from fluxkit.train.photographs import triggered

    chosen = learned.checkpoints[-4:] if checkpoints is None else [learned.checkpoint(step) for step in checkpoints]
    loras = [checkpoint.lora(strength) for checkpoint in chosen for strength in strengths]
    base = Sweep(triggered(scene, learned.trigger), model=models.get(model or learned.base), **settings)
    return base.over(loras=loras, seed=list(seeds))
