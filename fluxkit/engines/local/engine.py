"""`LocalEngine`: open FLUX weights run on this machine, one picture at a time and reproducibly."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import cache, cached_property, partial
from typing import Any

from fluxkit._base import __version__
from fluxkit.engines.base import OnProgress, silent
from fluxkit.engines.local import device as devices
from fluxkit.engines.local import levers, parallel, repeat, windows
from fluxkit.engines.local.embeds import EmbedCache, Embeds
from fluxkit.engines.local.failures import told
from fluxkit.engines.local.prefix import phases
from fluxkit.engines.local.speed import Speed
from fluxkit.engines.local.teller import Teller
from fluxkit.frames.frame import Frame
from fluxkit.frames.provenance import Provenance
from fluxkit.models import ModelSpec
from fluxkit.shots.shot import LoRA, Shot

_LIBRARIES = ("torch", "diffusers", "transformers")


class LocalEngine:
    """Runs open FLUX weights on this machine.

    The same shot on the same machine gives identical pixels, equal to those of diffusers' own pipeline. A prompt is
    encoded once however many shots use it. One model stays loaded; parts that the next model shares are kept.
    """

    def __init__(  # noqa: PLR0913 (each option is a choice of its own)
        self,
        *,
        device: str = "auto",
        dtype: str = "auto",
        memory: str = "auto",
        strict: bool = True,
        embeds_bytes: int = 2 * 1024**3,
        batch: int = 1,
        compile: bool | str = False,
        attention: str = "",
        step_cache: str = "",
        parallel: int = 1,
        threads: int | None = None,
    ) -> None:
        """`device` is `auto`, `cuda`, `mps` or `cpu`; `dtype` is `auto`, `bfloat16`, `float16` or `float32`.

        `memory` is `auto` (what the forecast says will fit) or a lever of `fluxkit.models.forecast.LEVERS`. Where
        memory runs out all the same, the next lever that keeps the pixels is taken, and provenance says so.
        With `strict=False` a prompt longer than the model reads is shot all the same, and provenance says what was
        read. `embeds_bytes` bounds the main memory for encoded prompts (4 MB each on FLUX.1).
        `batch`, `compile`, `attention`, `step_cache`, `parallel` and `threads` are choices about speed, see `Speed`.
        """
        self._asked = (device, dtype)
        self._memory = levers.check(memory)
        self._strict = strict
        self._speed = Speed(batch=batch, compile=compile, attention=attention, step_cache=step_cache, parallel=parallel,
                            threads=threads)  # fmt: skip
        self._model: Any = None
        self.embeds = EmbedCache(embeds_bytes)

    @property
    def name(self) -> str:
        """A short name that goes into provenance."""
        return "local"

    def runs(self, spec: ModelSpec) -> bool:
        """Whether the weights are open and of a kind that this engine knows."""
        from fluxkit.engines.local import pipelines

        return spec.where == "local" and pipelines.knows(spec)

    def shoot(self, shots: Sequence[Shot], progress: OnProgress = silent) -> Iterator[Frame]:
        """Each shot's frame as soon as it is made, model by model, so that weights load once."""
        with self.device.computing_with(self._speed.threads):
            yield from self._made(shots, progress)

    def _made(self, shots: Sequence[Shot], progress: OnProgress) -> Iterator[Frame]:
        done = 0
        for group in _by_model(shots):
            tell = Teller(progress, done, len(shots))
            tell("load", shot=group[0])
            with told(group[0]):
                self._speed.check(group[0].spec)
                self._load(max(group, key=lambda shot: shot.width * shot.height))
                levers.check_loras(self._model.parts.lever, group)
                unread = self._unread(group)
                self._model.adapters.expect(dict.fromkeys(shot.loras for shot in group))
            waiting = group
            while waiting:
                ready, waiting = self._encode(waiting, tell)
                yield from self._run(unread, tell).frames(ready)
            done += len(group)

    def encode(self, shots: Sequence[Shot], progress: OnProgress = silent) -> dict[Hashable, Embeds]:
        """The words of these shots as their model reads them, by the keys of `embeds`; nothing is denoised.

        Another engine with the same weights and number format takes them with `embeds.put`.
        """
        with self.device.computing_with(self._speed.threads):
            return self._read(shots, progress)

    def _read(self, shots: Sequence[Shot], progress: OnProgress) -> dict[Hashable, Embeds]:
        found = {}
        for group in _by_model(shots):
            with told(group[0]):
                self._load(group[0])
                self._model.adapters.expect(dict.fromkeys(shot.loras for shot in group))
            waiting, tell = group, Teller(progress, 0, len(shots))
            while waiting:
                ready, waiting = self._encode(waiting, tell)
                for text, part in (spoken for shot in ready for spoken in self._spoken(shot)):
                    found[self._model.embeds_key(text, part.loras)] = self._embeds(text, part)
        return found

    def loaded(self, shot: Shot) -> Any:
        """The `LoadedModel` that a shot needs, for work beyond shooting such as training."""
        with told(shot):
            self._load(shot)
        return self._model

    def close(self) -> None:
        """Give the memory back; the engine loads again when it is next used."""
        if self._model is not None:
            self._model.forget()
            self._model.parts.drop()
            self._model = None
        self.embeds.clear()

    def options_of(self, provenance: Provenance) -> dict[str, Any]:
        """The choices that a picture was made with, as this engine's options; see `Repeatable`."""
        return repeat.options_of(provenance)

    def alike(self, options: Mapping[str, Any]) -> LocalEngine:
        """An engine like this one with some choices made otherwise."""
        device, dtype = self._asked
        return LocalEngine(**{"device": device, "dtype": dtype, "memory": self._memory, "strict": self._strict,
                              **self._speed.model_dump(), **options})  # fmt: skip

    @cached_property
    def device(self) -> devices.Device:
        """Where it computes, chosen at first use."""
        return devices.choose(*self._asked)

    def _load(self, largest: Shot) -> None:
        from fluxkit.engines.local.model import LoadedModel

        if self._model is None or not self._model.holds(largest.spec):
            size, batch = (largest.width, largest.height), self._speed.batch
            lever = levers.choose(self._memory, largest.spec, *size, self.device, batch)
            parallel.check(self._speed.parallel, lever)
            former, self._model = self._model, None
            self._model = LoadedModel(largest, self.device, former, lever=lever, speed=self._speed)

    def _run(self, unread: dict[str, dict[str, str]], tell: Teller) -> Any:
        from fluxkit.engines.local.run import Run

        def label(shot: Shot, batch: int) -> Provenance:
            lost = {name: said for _, part in phases(shot) for name, said in unread[str(part.prompt)].items()}
            return self._provenance(shot, batch, lost)

        return Run(self._model, words=self._embeds, label=label, tell=tell)

    def _encode(self, shots: Sequence[Shot], tell: Teller) -> tuple[list[Shot], list[Shot]]:
        """Encode distinct texts before the first picture, so that the encoders run together, as many as are kept.

        Returns the shots whose words are ready, and those that wait until these are made.
        """
        alike: dict[tuple[tuple[str, tuple[LoRA, ...]], ...], list[Shot]] = {}
        for shot in shots:
            alike.setdefault(tuple((text, part.loras) for text, part in self._spoken(shot)), []).append(shot)
        held, largest = 0, 0
        ready: set[str] = set()
        seen: set[Hashable] = set()
        for step, (words, group) in enumerate(alike.items()):
            if ready and held + largest * len(words) > self.embeds.limit:
                break
            for text, part in self._spoken(group[0]):
                size = self._encoded(text, part, seen, partial(tell, "encode", step=step, steps=len(alike), shot=part))
                held, largest = held + size, max(largest, size)
            ready |= {shot.id for shot in group}
        self._model.parts.rest()
        return [shot for shot in shots if shot.id in ready], [shot for shot in shots if shot.id not in ready]

    def _encoded(self, text: str, part: Shot, seen: set[Hashable], tell: Callable[[], None]) -> int:
        """Have the embeds of a text kept; the bytes that they add to those of the texts that were `seen`."""
        with told(part):
            self._model.adapters.use(part.loras)
        key = self._model.embeds_key(text, part.loras)
        if key not in self.embeds:
            tell()
        with told(part):
            made = self._embeds(text, part)
        if key in seen:
            return 0
        seen.add(key)
        return made.nbytes

    def _spoken(self, shot: Shot) -> Iterator[tuple[str, Shot]]:
        """Every text that a shot needs encoded, with what is asked for while it counts."""
        return ((text, part) for _, part in phases(shot) for text in self._texts(part))

    def _unread(self, shots: Sequence[Shot]) -> dict[str, dict[str, str]]:
        """What is not read of each distinct prompt; refused before anything is encoded."""
        texts = {str(part.prompt): part for shot in shots for _, part in phases(shot)}
        return {
            text: windows.check(self._model.parts.words_folder, shot, strict=self._strict)
            for text, shot in texts.items()
        }

    def _texts(self, shot: Shot) -> tuple[str, ...]:
        from fluxkit.engines.local.makers import negative_text

        negative = negative_text(shot)
        return (str(shot.prompt),) if negative is None else (str(shot.prompt), negative)

    def _embeds(self, text: str, shot: Shot) -> Embeds:
        model = self._model

        def encode() -> Embeds:
            model.parts.wake()
            with devices.quiet():
                made: Embeds = model.encode(text)
            return made

        return self.embeds.get(model.embeds_key(text, shot.loras), encode)

    def _provenance(self, shot: Shot, batch: int, unread: dict[str, str]) -> Provenance:
        lever = self._model.parts.lever
        return Provenance(
            engine=self.name,
            fluxkit=__version__,
            device=self.device.describe(),
            dtype=self.device.dtype,
            weights=self._model.tag,
            batch=batch,
            threads=self.device.threads(),
            levers=(() if lever == "resident" else (lever,)) + self._speed.named(),
            versions=_versions(),
            extra=unread | self._model.adapters.told(shot.loras),
        )


def _by_model(shots: Sequence[Shot]) -> list[list[Shot]]:
    """The shots grouped by the model and weights they need, in order of first appearance."""
    groups: dict[ModelSpec, list[Shot]] = {}
    for shot in shots:
        groups.setdefault(shot.spec, []).append(shot)
    return list(groups.values())


@cache
def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in _LIBRARIES}
