"""`LocalEngine`: open FLUX weights run on this machine, one picture at a time and reproducibly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from typing import Any

from fluxkit._base import __version__
from fluxkit.engines.base import OnProgress, Progress, Stage, silent
from fluxkit.engines.local import device as devices
from fluxkit.engines.local import levers, windows
from fluxkit.engines.local.embeds import EmbedCache, Embeds
from fluxkit.engines.local.failures import told
from fluxkit.errors import OutOfMemoryError
from fluxkit.frames.frame import Frame
from fluxkit.frames.provenance import Provenance
from fluxkit.models import ModelSpec
from fluxkit.shots.shot import Shot

_LIBRARIES = ("torch", "diffusers", "transformers")


class LocalEngine:
    """Runs open FLUX weights on this machine.

    The same shot on the same machine gives identical pixels, equal to those of diffusers' own pipeline. A prompt is
    encoded once however many shots use it. One model stays loaded; parts that the next model shares are kept.
    """

    def __init__(
        self,
        *,
        device: str = "auto",
        dtype: str = "auto",
        memory: str = "auto",
        strict: bool = True,
        embeds_bytes: int = 2 * 1024**3,
    ) -> None:
        """`device` is `auto`, `cuda`, `mps` or `cpu`; `dtype` is `auto`, `bfloat16`, `float16` or `float32`.

        `memory` is `auto` (what the forecast says will fit) or a lever: `resident`, `offload`, `group`, `fp8`. Where
        memory
        runs out all the same, the next lever that keeps the pixels is taken, and provenance says so.
        With `strict=False` a prompt longer than the model reads is shot all the same, and provenance says what was
        read.
        `embeds_bytes` bounds the main memory for encoded prompts (4 MB each on FLUX.1).
        """
        self._asked = (device, dtype)
        self._memory = levers.check(memory)
        self._strict = strict
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
        done = 0
        for group in _by_model(shots):
            tell = _Teller(progress, done, len(shots))
            tell("load", shot=group[0])
            with told(group[0]):
                self._load(max(group, key=lambda shot: shot.width * shot.height))
                unread = self._unread(group)
            self._encode(group, tell)
            # Shots with the same LoRAs side by side, so that adapters are switched as seldom as possible.
            for shot in sorted(group, key=lambda shot: [(lora.weights, lora.strength) for lora in shot.loras]):
                yield self._frame_within_memory(shot, tell, unread[str(shot.prompt)])
                tell.done += 1
            done += len(group)

    def close(self) -> None:
        """Give the memory back; the engine loads again when it is next used."""
        if self._model is not None:
            self._model.forget()
            self._model.parts.drop()
            self._model = None
        self.embeds.clear()

    @cached_property
    def device(self) -> devices.Device:
        """Where it computes, chosen at first use."""
        return devices.choose(*self._asked)

    def _load(self, largest: Shot) -> None:
        from fluxkit.engines.local.model import LoadedModel

        if self._model is None or not self._model.holds(largest.spec):
            lever = levers.choose(self._memory, largest.spec, largest.width, largest.height, self.device)
            former, self._model = self._model, None
            self._model = LoadedModel(largest.spec, self.device, former, lever=lever)

    def _encode(self, shots: Sequence[Shot], tell: _Teller) -> None:
        """Encode every distinct text of the group before the first picture, so that the encoders run together."""
        texts = {(text, shot.loras): shot for shot in shots for text in self._texts(shot)}
        for step, ((text, loras), shot) in enumerate(texts.items()):
            with told(shot):
                self._model.adapters.use(loras)
            if self._model.embeds_key(text, loras) not in self.embeds:
                tell("encode", step=step, steps=len(texts), shot=shot)
                with told(shot):
                    self._embeds(text, shot)
        self._model.parts.rest()

    def _unread(self, shots: Sequence[Shot]) -> dict[str, dict[str, str]]:
        """What is not read of each distinct prompt; refused before anything is encoded."""
        texts = {str(shot.prompt): shot for shot in shots}
        return {
            text: windows.check(self._model.parts.folder, shot, strict=self._strict) for text, shot in texts.items()
        }

    def _frame_within_memory(self, shot: Shot, tell: _Teller, unread: dict[str, str]) -> Frame:
        while True:
            try:
                return self._frame(shot, tell, unread)
            except OutOfMemoryError:
                if not self._model.step_down():
                    raise

    def _frame(self, shot: Shot, tell: _Teller, unread: dict[str, str]) -> Frame:
        from fluxkit.engines.local.picture import pasted_back, to_image

        with told(shot):
            self._model.adapters.use(shot.loras)
            prompt, *negative = (self._embeds(text, shot) for text in self._texts(shot))
            self._model.parts.rest()

        def on_step(step: int, steps: int, state: Any) -> None:
            preview = None if state is None else lambda: to_image(state())
            tell("denoise", step=step, steps=steps, shot=shot, preview=preview)

        with told(shot):
            maker = self._model.maker(shot)
            latents = maker.expose(shot, prompt, negative[0] if negative else None, on_step)
            tell("decode", shot=shot)
            image = pasted_back(to_image(self._model.develop(shot, latents), shot), shot)
        return Frame(shot, image, provenance=self._provenance(shot, unread))

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

    def _provenance(self, shot: Shot, unread: dict[str, str]) -> Provenance:
        return Provenance(
            engine=self.name,
            fluxkit=__version__,
            device=self.device.describe(),
            dtype=self.device.dtype,
            weights=shot.weights or self._model.tag,
            levers=() if self._model.parts.lever == "resident" else (self._model.parts.lever,),
            versions=_versions(),
            extra=unread | self._model.adapters.told(shot.loras),
        )


class _Teller:
    """Calls the one progress callable, filling in what is the same for a whole job."""

    def __init__(self, progress: OnProgress, done: int, shots: int) -> None:
        self._progress = progress
        self._shots = shots
        self.done = done

    def __call__(
        self, stage: Stage, *, step: int = 0, steps: int = 0, shot: Shot | None = None, preview: Any = None
    ) -> None:
        self._progress(
            Progress(stage=stage, done=self.done, shots=self._shots, step=step, steps=steps, shot=shot, preview=preview)
        )


def _by_model(shots: Sequence[Shot]) -> list[list[Shot]]:
    """The shots grouped by the weights they need, in order of first appearance."""
    groups: dict[tuple[str, str | None], list[Shot]] = {}
    for shot in shots:
        groups.setdefault((shot.model, shot.spec.weights), []).append(shot)
    return list(groups.values())


@cache
def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in _LIBRARIES}
