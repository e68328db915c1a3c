"""`LoRATraining`: teaches a model one subject, and can be stopped, killed and taken up again at any step."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

from fluxkit import models
from fluxkit.engines.local import LocalEngine
from fluxkit.engines.local.device import quiet
from fluxkit.engines.local.embeds import Embeds
from fluxkit.engines.local.loras import said
from fluxkit.errors import Cancelled, EngineError, InputError
from fluxkit.frames import Frame
from fluxkit.models import ModelSpec
from fluxkit.models.weights import weights_tag
from fluxkit.prompt import PromptRenderer
from fluxkit.scene import Scene
from fluxkit.shots import LoRA, Shot, make_plan
from fluxkit.shots.shot import weights_of
from fluxkit.train import adapter, latents, state
from fluxkit.train.asked import asked, refuse_another, warn_of_unknown
from fluxkit.train.examples import Example, Examples, Kept, bucket, fitted
from fluxkit.train.forecast import TrainingForecast, forecast, refuse
from fluxkit.train.learned import Checkpoint, LearnedLoRA, described
from fluxkit.train.learner import Learner, Pace, eight_bit
from fluxkit.train.photographs import TrainingSet, triggered
from fluxkit.train.prior import prior_scenes
from fluxkit.train.recipe import LoRARecipe

Stage = Literal["load", "prior", "encode", "learn", "sample", "store"]

_ROLLBACKS = 3
"""So often a training goes back to its last checkpoint after a loss that is no number; then it gives up."""


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """Where a training stands."""

    stage: Stage
    step: int = 0
    steps: int = 0
    loss: float | None = None
    """Smoothed over about fifty steps."""
    seconds_left: float | None = None


OnTraining = Callable[[TrainingProgress], None]
"""Told at every step; may raise `Cancelled`, and the training stops with its state kept."""


class LoRATraining:
    """One adapter being learned. `run` goes on where an earlier run with the same folder stopped.

    Everything that a step depends on (pictures, noise, levels, dropped captions) follows from the recipe's seed and the
    step's number, so a training that was killed and resumed ends with the weights of one that was not.
    """

    def __init__(
        self,
        photographs: TrainingSet,
        *,
        model: str | ModelSpec,
        folder: str | Path,
        recipe: LoRARecipe | None = None,
        samples: Iterable[Scene | str] = (),
        prior: Iterable[Scene | str] | None = None,
        device: str = "auto",
        dtype: str = "auto",
    ) -> None:
        """`folder` keeps checkpoints and caches. `samples` are shot at every checkpoint, to look at.

        `prior` says what the base is not to forget; unset, ready scenes of other subjects. Raises `CapabilityError` for
        a model that cannot be trained, `InputError` for more pictures held out than there are.
        """
        self.photographs = photographs
        self.spec = models.get(model)
        latents.check_family(self.spec)
        self.recipe = recipe or LoRARecipe.advised(self.spec)
        if self.recipe.held_out >= len(photographs):
            raise InputError(
                f"held_out={self.recipe.held_out} was asked for with {len(photographs)} photographs. Fewer than there "
                f"are is allowed. Lower it, or add photographs."
            )
        self.folder = Path(folder).expanduser()
        self._samples = tuple(samples)
        self._prior = tuple(prior) if prior is not None else None
        self._engine = LocalEngine(device=device, dtype=dtype, memory=self.recipe.base)
        self._told: OnTraining = lambda _progress: None
        self._state = state.State()

    def forecast(self) -> TrainingForecast:
        """What it will take, from the model's configuration alone; needs the weights folder, not the weights."""
        from fluxkit.engines.local.parts import Parts

        parts = Parts(self.spec, self._engine.device)
        text = self.spec.windows.get("t5", max(self.spec.windows.values()))
        return forecast(parts.config("transformer"), self.spec, self.recipe, text=text)

    @property
    def checkpoint_steps(self) -> tuple[int, ...]:
        """The steps after which there is a checkpoint, where the training runs to its end."""
        every, last = self.recipe.checkpoint_every, self.recipe.steps
        return (*range(every, last, every), last)

    @cached_property
    def sample_shots(self) -> tuple[Shot, ...]:
        """A checked shot for each sample, without the adapter."""
        scenes = [
            triggered(each, self.photographs.trigger) if isinstance(each, Scene) else each for each in self._samples
        ]
        return tuple(self._plan(scenes, [self.recipe.seed] * len(scenes), self._square))

    def sampled(self, step: int) -> list[Shot]:
        """The sample shots with the adapter of a checkpoint, as their frames carry it."""
        return [shot.with_(loras=(self._lora(step),)) for shot in self.sample_shots]

    def run(
        self, progress: OnTraining | None = None, *, on_sample: Callable[[Frame], None] | None = None
    ) -> LearnedLoRA:
        """Learn until the recipe's last step, or until the pictures held out stop getting better.

        A training that is done comes back at once: nothing is loaded. More `steps` than at first make it longer.
        Raises `Cancelled` where `progress` does, with the state kept; `InputError` where another training lies in the
        folder; `PlanError` where it does not fit in memory; `EngineError` where the loss stays no number. `on_sample`
        gets each sample frame as it is made.
        """
        self._told = progress or self._told
        done = self.finished()
        warn_of_unknown(self._state, self.folder)
        if done is not None:
            self._tell("store", self._state.step)
            return done
        self._begin()
        try:
            return self._learn(on_sample or (lambda _frame: None))
        finally:
            self._engine.close()

    def finished(self) -> LearnedLoRA | None:
        """What the training gave, where it is done already; None where steps are left. Nothing is loaded.

        Raises `InputError` where another training lies in the folder.
        """
        kept = state.read(self._state_file)
        if kept is None:
            return None
        refuse_another(self._asked, kept, self.recipe, self.folder)
        self._state = kept
        return self._result() if self._is_written() and (self._is_long_enough() or self._is_stale()) else None

    def _begin(self) -> None:
        refuse(self.forecast(), self.recipe, self.spec, _free_bytes(self._engine))
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.recipe.optimiser == "adamw8bit":
            eight_bit()

    def _learn(self, on_sample: Callable[[Frame], None]) -> LearnedLoRA:
        self._tell("load")
        examples, held, priors = self._examples()
        self._read_words()
        transformer = self._ready_transformer()
        learned = adapter.add(
            transformer,
            family=self.spec.family,
            rank=self.recipe.rank,
            alpha=self.recipe.alpha_used,
            targets=self.recipe.targets,
            seed=self.recipe.seed,
        )
        try:
            learner = Learner(transformer, learned, spec=self.spec, recipe=self.recipe, unspoken=self.unspoken)
            return self._steps(learner, examples, held, priors, on_sample)
        finally:
            adapter.remove(transformer)

    def _read_words(self) -> None:
        """Encode the last words that are needed, the samples' and none at all, before the encoders are dropped."""
        self._spoken = (self._sample_shots, self.unspoken)

    def _steps(
        self,
        learner: Learner,
        examples: Examples,
        held: Examples,
        priors: Examples,
        on_sample: Callable[[Frame], None],
    ) -> LearnedLoRA:
        now = self._resumed(learner)
        pace = Pace(now.step, self.recipe.steps)
        rollbacks = 0
        while not (self._is_long_enough() or self._is_stale()):
            loss = learner.step(now, examples, priors)
            if not math.isfinite(loss):
                rollbacks += 1
                if rollbacks > _ROLLBACKS:
                    raise self._diverged(now.step)
                salt = now.salt + 1
                now = self._resumed(learner, fresh=True)
                now.salt = salt
                continue
            now.step += 1
            pace.note(loss)
            if now.step % self.recipe.checkpoint_every == 0 or now.step == self.recipe.steps:
                self._checkpoint(learner, held, pace, on_sample)
            try:
                self._tell("learn", now.step, pace.loss, pace.seconds_left(now.step))
            except Cancelled:
                learner.save(self._state_file, now)
                raise
        if not now.history or now.history[-1]["step"] != now.step:
            pace.note(learner.loss_of(examples))  # stopped between two checkpoints, and now no more steps are asked for
            self._checkpoint(learner, held, pace, on_sample)
        elif not self._is_written():
            self._write(learner)
        return self._result()

    def _resumed(self, learner: Learner, *, fresh: bool = False) -> state.State:
        """Where the training stands on the disk, from now on under what is asked for now."""
        self._state = learner.resume(self._state_file, fresh=fresh)
        self._state.asked = self._asked
        return self._state

    def _checkpoint(self, learner: Learner, held: Examples, pace: Pace, on_sample: Callable[[Frame], None]) -> None:
        """Everything that was learned so far on the disk, as an adapter to use and as a state to go on from."""
        now = self._state
        entry = {"step": float(now.step), "loss": pace.loss}
        if len(held):
            entry["held_out"] = learner.loss_of(held)
        now.history.append(entry)
        self._write(learner)
        # The state names only checkpoints whose file is there: it is written last.
        learner.save(self._state_file, now)
        # A sample says which file made it, so the model has that file's weights meanwhile.
        with learner.as_kept(self._scale):
            samples = self._sampled()
        for frame in samples:
            on_sample(frame)

    def _write(self, learner: Learner) -> None:
        recipe, step = self.recipe, self._state.step
        told = adapter.told(
            trigger=self.photographs.trigger,
            base=self.spec.id,
            base_weights=self._tag,
            step=step,
            data=self.photographs.content,
            recipe=recipe.canonical(),
            licence=self.spec.licence,
        )
        adapter.save(self._file(step), learner.best(), self.spec, scale=self._scale, told=told)

    def _sampled(self) -> list[Frame]:
        """The sample scenes with the adapter as it is; each frame's shot names the checkpoint's file."""
        if not self._sample_shots:
            return []
        self._tell("sample", self._state.step)
        lora = self._lora(self._state.step)
        found = []
        for frame in self._engine.shoot(self._sample_shots):
            made = frame.provenance.with_(extra={**frame.provenance.extra, "loras": said((lora,))})
            shot = frame.shot.with_(loras=(lora,))
            found.append(Frame(shot, frame.image, provenance=made, receipt=frame.receipt))
        return found

    @property
    def _scale(self) -> float:
        return self.recipe.alpha_used / self.recipe.rank

    def _file(self, step: int) -> Path:
        return self.folder / f"{self.photographs.trigger}-{step:06d}.safetensors"

    def _lora(self, step: int) -> LoRA:
        return LoRA(weights=str(self._file(step)), name=f"{self.photographs.trigger} step {step}")

    def _result(self) -> LearnedLoRA:
        told = [Checkpoint.of(self.folder, self.photographs.trigger, entry) for entry in self._state.history]
        found = [checkpoint for checkpoint in told if checkpoint.file.is_file()]
        return described(self.photographs, self.spec, self.recipe, found, base_weights=self._tag)

    def _is_written(self) -> bool:
        """Whether the adapter as it is now lies there as a checkpoint."""
        now = self._state
        return bool(now.history) and now.history[-1]["step"] == now.step and self._file(now.step).is_file()

    def _is_long_enough(self) -> bool:
        return self._state.step >= self.recipe.steps

    def _is_stale(self) -> bool:
        """Whether the pictures held out have not got better for as many checkpoints as the recipe bears."""
        told = [entry["held_out"] for entry in self._state.history if "held_out" in entry]
        patience = self.recipe.patience
        return patience is not None and len(told) > patience and min(told[-patience:]) >= min(told[:-patience])

    def _examples(self) -> tuple[Examples, Examples, Examples]:
        """What is learned from, what is held out, and what the base is not to forget."""
        kept = Kept(self.folder / "cache")
        priors = self._prior_examples(kept)
        own = [self._example(kept, photograph) for photograph in self.photographs]
        held = sorted(range(len(own)), key=lambda place: self.photographs[place].content)[: self.recipe.held_out]
        learned = [example for place, example in enumerate(own) if place not in held]
        return Examples(learned), Examples([own[place] for place in held]), Examples(priors)

    def _example(self, kept: Kept, photograph: Any) -> Example:
        self._tell("encode")
        size = bucket(photograph.width, photograph.height, self.spec, self.recipe.resolution)
        words = self._words(kept, self.photographs.words(photograph, self._renderer.render))
        key = ("latents", photograph.content, size, self._model.parts.tag("vae"), self._engine.device)
        found = kept.get(key, lambda: {"latents": self._latents(fitted(photograph.image, size))})
        return Example(found["latents"], words, size)

    def _prior_examples(self, kept: Kept) -> list[Example]:
        if not self.recipe.prior:
            return []
        scenes = self._prior if self._prior is not None else prior_scenes()
        wanted = [scenes[place % len(scenes)] for place in range(self.recipe.prior)]
        size = self._square
        shots = self._plan(wanted, range(10_000, 10_000 + len(wanted)), size)
        made: dict[str, Any] = {}

        def latents_of(shot: Shot) -> dict[str, Any]:
            if not made:
                for frame in self._engine.shoot(shots):
                    made[frame.shot.id] = self._latents(frame.image)
                    self._tell("prior", len(made))
            return {"latents": made[shot.id]}

        found = []
        for shot in shots:
            # Not by the shot's own weights: their name has the folder's in it, and folders are renamed.
            key = ("prior", shot.with_(weights="").id, self._asked["weights"], self._engine.device)
            tensors = kept.get(key, partial(latents_of, shot))
            found.append(Example(tensors["latents"], self._words(kept, str(shot.prompt)), size))
        return found

    def _latents(self, picture: Any) -> Any:
        return latents.encode(self._model.parts["vae"], picture, self.spec.family)

    def _words(self, kept: Kept, text: str) -> Embeds:
        model = self._model
        key = ("words", text, model.embeds_key(text, ()), self._engine.device)

        def made() -> dict[str, Any]:
            model.parts.wake()
            with quiet():
                found = model.encode(text).to("cpu")
            return {"tokens": found.tokens} | ({} if found.pooled is None else {"pooled": found.pooled})

        tensors = kept.get(key, made)
        return Embeds(tensors["tokens"], tensors.get("pooled"))

    @cached_property
    def unspoken(self) -> Embeds:
        """What the model reads where there are no words."""
        return self._words(Kept(self.folder / "cache"), "")

    @cached_property
    def _sample_shots(self) -> tuple[Shot, ...]:
        """The sample shots, their words encoded."""
        if self.sample_shots:
            self._engine.encode(self.sample_shots)
        return self.sample_shots

    def _plan(self, scenes: Sequence[Scene | str], seeds: Iterable[int], size: tuple[int, int]) -> list[Shot]:
        """A checked shot for each scene or prompt."""
        shots = []
        for scene, seed in zip(scenes, seeds, strict=True):
            words = scene if isinstance(scene, str) else self._renderer.render(scene)
            kept = scene if isinstance(scene, Scene) else None
            shots.append(
                Shot(
                    model=self.spec.id,
                    spec=self.spec,
                    prompt=words,
                    scene=kept,
                    seed=seed,
                    # Said, not left to the table: the frame is to be made again when a default has changed.
                    weights=weights_of(self.spec),
                    steps=self.spec.steps_for(None),
                    guidance=self.spec.guidance_for(None),
                    width=size[0],
                    height=size[1],
                )
            )
        return list(make_plan(shots, confirm=True)) if shots else []

    @property
    def _model(self) -> Any:
        """The loaded model, its parts as they are needed."""
        return self._engine.loaded(self._plan_of_one)

    @cached_property
    def _plan_of_one(self) -> Shot:
        return self._plan(["."], [0], self._square)[0]

    @property
    def _square(self) -> tuple[int, int]:
        side = self.recipe.resolution
        return bucket(side, side, self.spec, side)

    @cached_property
    def _tag(self) -> str:
        return weights_tag(self.spec)

    @cached_property
    def _asked(self) -> dict[str, Any]:
        """What decides the numbers, for the state."""
        return asked(self.photographs, self.spec, self.recipe, self._prior)

    @property
    def _state_file(self) -> Path:
        return self.folder / "state.safetensors"

    @cached_property
    def _renderer(self) -> PromptRenderer:
        return PromptRenderer(self.spec)

    def _ready_transformer(self) -> Any:
        """The transformer, and nothing else that is not needed any more."""
        parts = self._model.parts
        parts.whole()
        transformer = parts["transformer"]
        parts.rest()
        parts.drop("text_encoder", "text_encoder_2", *(() if self._samples else ("vae",)))
        if self.recipe.checkpointing:
            transformer.enable_gradient_checkpointing()
        return transformer

    def _diverged(self, step: int) -> EngineError:
        return EngineError(
            f"The loss was no number near step {step}, also after {_ROLLBACKS} returns to the last checkpoint. A "
            f"learning rate of {self.recipe.learning_rate:g} was asked for; lower it to a third, or raise batch."
        )

    def _tell(self, stage: Stage, step: int = 0, loss: float | None = None, seconds_left: float | None = None) -> None:
        self._told(TrainingProgress(stage, step, self.recipe.steps, loss, seconds_left))


def _free_bytes(engine: LocalEngine) -> int:
    import torch

    if engine.device.kind.startswith("cuda"):
        return int(torch.cuda.mem_get_info(engine.device.kind)[0])
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
