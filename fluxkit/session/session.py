"""`Session`: who runs the shots. It plans, shoots, and keeps every frame in its catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from fluxkit import engines
from fluxkit.catalogue import Catalogue
from fluxkit.engines.base import Engine, PaidEngine, Progress
from fluxkit.errors import Cancelled, EngineError, MissingExtraError, WeightsError
from fluxkit.frames import Frame, Frames
from fluxkit.models import ModelSpec
from fluxkit.models.weights import weights_tag
from fluxkit.scene import Scene
from fluxkit.session.filing import Filing
from fluxkit.session.job import Job
from fluxkit.session.keeping import keep_of, kept, takes_of
from fluxkit.session.kept_inputs import KeptInputs
from fluxkit.session.pictures import PictureMethods
from fluxkit.session.progress_line import ProgressLine
from fluxkit.session.spool import Spool
from fluxkit.session.task import Worker
from fluxkit.session.training import TrainingJob, kept_loras, training_job
from fluxkit.shots import Shot, ShotPlan, Sweep, make_plan
from fluxkit.shots.inputs import add_source, remove_source

if TYPE_CHECKING:
    from fluxkit.train import LearnedLoRA, LoRARecipe, TrainingSet

OnError = Literal["stop", "continue"]


class Session(PictureMethods):
    """Runs shots on whichever engine their model needs, and keeps every frame.

    Use it in a `with` block: memory and threads are given back at its end. The catalogue folder is created with the
    first frame. A frame that the catalogue already holds is not made again.
    """

    def __init__(
        self,
        catalogue: str | Path | Catalogue = "fluxkit-catalogue",
        *,
        engine: Engine | Iterable[Engine] = (),
        strict: bool = True,
        budget_usd: float | None = None,
    ) -> None:
        """`engine`, one or several, is asked first for each model; what it does not run goes to the built-in engines.

        `strict=False` changes what a model cannot do, and says so, instead of refusing it. `budget_usd` is the most
        that this session may spend at hosts; hosted models need one.
        """
        self.catalogue = catalogue if isinstance(catalogue, Catalogue) else Catalogue(catalogue)
        """Where every frame of this session is kept."""
        self._spool = Spool(self.catalogue)
        self._spool.recover()
        self._strict = strict
        self._inputs = KeptInputs(self.catalogue.folder / "inputs")
        add_source(self._inputs)
        self._budget_usd = budget_usd
        self._engines: list[Engine] = []
        for given in [engine] if isinstance(engine, Engine) else engine:
            self._engines.append(self._opened(given))
        self._worker = Worker()

    def plan(self, request: Scene | Sweep | Shot | Iterable[Shot] | ShotPlan, **settings: Any) -> ShotPlan:
        """Every shot of a request, rendered and checked; nothing is loaded.

        `settings` go with a scene: `model`, `seed`, `steps`, `guidance`, `size`, ... Also `strict=` and `confirm=`.
        """
        return make_plan(request, **{"strict": self._strict, "tokenizers": _tokenizers, **settings})

    @overload
    def shoot(
        self,
        request: Scene | Shot,
        *,
        on_error: OnError = "stop",
        keep: str | int | None = None,
        by: str | None = None,
        **settings: Any,
    ) -> Frame: ...
    @overload
    def shoot(
        self,
        request: Sweep | ShotPlan | Iterable[Shot],
        *,
        on_error: OnError = "stop",
        keep: str | int | None = None,
        by: str | None = None,
        **settings: Any,
    ) -> Frames: ...
    def shoot(
        self,
        request: Scene | Shot | Sweep | ShotPlan | Iterable[Shot],
        *,
        on_error: OnError = "stop",
        keep: str | int | None = None,
        by: str | None = None,
        **settings: Any,
    ) -> Frame | Frames:
        """Make the pictures: one `Frame` for a scene or shot, `Frames` in plan order for a sweep or plan.

        Blocks until they are made; each is in the catalogue the moment it exists. Ctrl-C stops within one step.
        `keep="best of 8"` shoots eight seeds of each picture, measures them, and returns the one that shows best what
        the scene asks for; `by` is one measure ("light", "focus", "colour", "grain", ...), unset all of them. Every
        take stays in the catalogue, and the kept one is tagged there.
        """
        if keep is not None or by is not None:
            wish, confirm = keep_of(keep, by), bool(settings.get("confirm", False))
            takes = takes_of(self.plan(request, **settings), wish, confirm=confirm)
            chosen = kept(takes, wish, self.shoot(takes, on_error=on_error), self.catalogue.mark)
            return chosen[0] if isinstance(request, Scene | Shot) else chosen
        with ProgressLine() as line:
            job = self.submit(request, on_error=on_error, on_progress=line.show, **settings)
            frames = job.result()
        return frames[0] if isinstance(request, Scene | Shot) else frames

    def submit(
        self,
        request: Scene | Sweep | Shot | Iterable[Shot] | ShotPlan,
        *,
        on_error: OnError = "stop",
        on_progress: Any = None,
        **settings: Any,
    ) -> Job:
        """The same on the session's worker thread: returns a `Job` at once.

        `on_error="continue"` keeps going after a shot that fails; `job.errors` holds why.
        """
        job = Job(self.plan(request, **settings), lambda job: self._run(job, on_error))
        if on_progress is not None:
            job.watch(on_progress)
        return self._worker.submit(job)

    def train(
        self,
        photographs: TrainingSet,
        *,
        model: str | ModelSpec,
        recipe: LoRARecipe | None = None,
        samples: Iterable[Scene | str] = (),
        prior: Iterable[Scene | str] | None = None,
        device: str = "auto",
    ) -> LearnedLoRA:
        """A LoRA of the photographs' subject, trained on this machine; blocks until it is learned.

        `recipe` is by default what is advised for the model. `samples` are shot at every checkpoint, into the
        catalogue; `prior` says what the model is not to forget. Ctrl-C stops within one step, and the same call goes
        on from there; a training that is done comes back at once.
        """
        with ProgressLine() as line:
            job = self.submit_training(
                photographs, model=model, recipe=recipe, samples=samples, prior=prior, device=device
            )
            job.watch(line.show_training)
            return job.result()

    def submit_training(
        self,
        photographs: TrainingSet,
        *,
        model: str | ModelSpec,
        recipe: LoRARecipe | None = None,
        samples: Iterable[Scene | str] = (),
        prior: Iterable[Scene | str] | None = None,
        device: str = "auto",
    ) -> TrainingJob:
        """The same on the session's worker thread: returns a `TrainingJob` at once."""
        return self._worker.submit(
            training_job(
                self.catalogue,
                photographs,
                model=model,
                recipe=recipe,
                samples=samples,
                prior=prior,
                device=device,
                before=self._make_room,
            )
        )

    @property
    def loras(self) -> list[LearnedLoRA]:
        """Every LoRA that was trained into this session's catalogue."""
        return kept_loras(self.catalogue.folder)

    def _make_room(self) -> None:
        """Give back what the engines hold, so that a training has the whole device."""
        for engine in self._engines:
            engine.close()

    def resume(self) -> Frames:
        """Fetch what was paid for but never fetched, for instance because the kernel stopped; spends nothing.

        Returns the frames that were ready; they are in the catalogue. Jobs that still run at a host stay noted. What
        the session's thread does at the time is waited for: an engine is used by one thread at a time.
        """
        found: list[Frame] = []

        def work(job: Job) -> None:
            if not any(isinstance(engine, PaidEngine) for engine in self._engines):
                self._engines.append(self._opened(engines.create("hosted")))
            for engine in [engine for engine in self._engines if isinstance(engine, PaidEngine)]:
                # Each is on the disk before the next is asked for.
                found.extend(self.catalogue.add(one, receipt=one.receipt or None) for one in engine.resume(job.report))

        self._worker.submit(Job(ShotPlan(()), work)).result()
        return Frames(found)

    def close(self) -> None:
        """Stop what runs and give back memory; the catalogue stays as it is."""
        self._worker.stop()
        for engine in self._engines:
            engine.close()
        self._engines.clear()
        remove_source(self._inputs)
        self.catalogue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Session(catalogue={self.catalogue!r})"

    def _run(self, job: Job, on_error: OnError) -> None:
        self._spool.recover()
        missing = []
        for shot in {shot.id: shot for shot in job.plan}.values():
            kept = self.catalogue.get(shot.id)
            if kept is None:
                missing.append(shot)
            else:
                job.add(kept.with_shot(shot))
        _refuse_other_weights(missing)
        for shot in missing:
            self._inputs.keep(shot)
        groups = self._by_engine(missing)
        for engine, shots in groups:
            if isinstance(engine, PaidEngine):
                engine.check(shots)
        for engine, shots in groups:
            self._run_engine(job, engine, shots, on_error)

    def _run_engine(self, job: Job, engine: Engine, shots: list[Shot], on_error: OnError) -> None:
        """Shoot until every shot is made or has failed; an engine is called again after a shot that failed."""
        left = {shot.id: shot for shot in shots}

        def kept(frame: Frame) -> None:
            left.pop(frame.shot.id, None)
            job.add(frame)

        while left:
            try:
                self._run_once(job, engine, list(left.values()), kept)
                break
            except Cancelled:
                raise
            except EngineError as error:
                if on_error == "stop" or error.shot is None or error.shot.id not in left:
                    raise
                job.fail_shot(error)
                del left[error.shot.id]

    def _run_once(self, job: Job, engine: Engine, shots: list[Shot], kept: Callable[[Frame], None]) -> None:
        """Shoot and keep, until all is made and on the disk, or a shot fails."""
        with Filing(self.catalogue, kept) as filing:

            def report(progress: Progress) -> None:
                filing.check()
                job.report(replace(progress, done=job.made, shots=job.wanted))

            for frame in engine.shoot(shots, report):
                if isinstance(engine, PaidEngine):
                    # It forgets its own copy when asked for the next picture, so this one has to be on the disk first.
                    kept(self.catalogue.add(frame, receipt=frame.receipt or None))
                else:
                    filing.file(frame)

    def _by_engine(self, shots: list[Shot]) -> list[tuple[Engine, list[Shot]]]:
        groups: dict[int, tuple[Engine, list[Shot]]] = {}
        for shot in shots:
            engine = self._engine_for(shot.spec)
            groups.setdefault(id(engine), (engine, []))[1].append(shot)
        return list(groups.values())

    def _engine_for(self, spec: ModelSpec) -> Engine:
        engine = engines.for_model(spec, self._engines, strict=self._strict)
        if engine not in self._engines:
            self._engines.append(self._opened(engine))
        return engine

    def _opened(self, engine: Engine) -> Engine:
        """An engine that spends money is told where to keep its journal and how much it may spend."""
        if isinstance(engine, PaidEngine):
            engine.keep_in(self.catalogue.folder)
            engine.budget(self._budget_usd)
        return engine


def _refuse_other_weights(shots: list[Shot]) -> None:
    """Raise `WeightsError` for a shot, as one from a file can be, whose weights are not those of its spec here."""
    tags: dict[ModelSpec, str] = {}
    for shot in shots:
        if not shot.weights or shot.spec.where != "local":
            continue
        here = tags[shot.spec] if shot.spec in tags else tags.setdefault(shot.spec, weights_tag(shot.spec))
        if here != shot.weights:
            raise WeightsError(
                f"A shot of {shot.model} with the weights {shot.weights!r} was asked for, but {shot.model} has "
                f"{here!r} here. A picture is made with the weights that its shot names. Say where they are: "
                f"shot.with_(spec=fluxkit.models.get({shot.model!r}).with_(weights=folder)), or shoot the scene anew.",
                shot=shot,
            )


def _tokenizers(spec: ModelSpec) -> Mapping[str, Any]:
    """A local model's own tokenizers where its weights are on this machine; empty elsewhere."""
    if spec.where != "local":
        return {}
    try:
        from fluxkit.engines.local import tokenizers

        return tokenizers.load(spec)
    except MissingExtraError:
        return {}
