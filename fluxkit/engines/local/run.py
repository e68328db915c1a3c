"""`Run`: the shots of one model, from encoded words to frames."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from fluxkit.engines.local import order, speed
from fluxkit.engines.local.darkroom import Darkroom, is_free
from fluxkit.engines.local.embeds import Embeds
from fluxkit.engines.local.failures import told
from fluxkit.engines.local.loop import OwnLoop, Phase
from fluxkit.engines.local.makers import Maker, negative_text
from fluxkit.engines.local.model import LoadedModel
from fluxkit.engines.local.order import Group
from fluxkit.engines.local.picture import pasted_back, to_image
from fluxkit.engines.local.prefix import phases
from fluxkit.engines.local.receipts import Meter
from fluxkit.engines.local.teller import Teller
from fluxkit.errors import CapabilityError, OutOfMemoryError
from fluxkit.frames.frame import Frame
from fluxkit.frames.provenance import Provenance
from fluxkit.shots.shot import Shot

Words = Callable[[str, Shot], Embeds]
Label = Callable[[Shot, int], Provenance]
"""From a shot and the size of its batch to the provenance of its frame."""


@dataclass(frozen=True)
class Exposed:
    """A shot's finished latents, and what they took."""

    shot: Shot
    latents: Any
    receipt: dict[str, Any]
    provenance: Provenance


class Run:
    """Makes frames group by group. Use it once."""

    def __init__(self, model: LoadedModel, *, words: Words, label: Label, tell: Teller) -> None:
        self._model = model
        self._words = words
        self._label = label
        self._tell = tell
        self._meter = Meter(model)
        pixels = model.largest.width * model.largest.height
        self._beside = is_free(model.device, pixels) and self._meter.has_room_beside()
        self._room: Darkroom[Frame] = Darkroom(model.device, beside=self._beside, pixels=pixels)
        self._given: list[Exposed] = []

    def frames(self, shots: Sequence[Shot]) -> Iterator[Frame]:
        """Each shot's frame as soon as it is made."""
        try:
            for group in order.groups(self._model, shots):
                exposed = yield from self._within_memory(group)
                for one in exposed:
                    self._tell("decode", shot=one.shot)
                    self._give(one)
                if not self._beside or self._room.failed():
                    yield from self._settled()
            yield from self._settled()
        except GeneratorExit:
            raise
        except BaseException:
            # What was exposed before is whole, and is not lost when the next shot fails or is stopped.
            yield from self._settled()
            raise
        finally:
            self._room.close()

    def _within_memory(self, group: Group) -> Generator[Frame, None, list[Exposed]]:
        """The group's latents. Where memory runs out, the parts are placed by the next lever and the group begins anew.

        Frames that were developed meanwhile are yielded on the way.
        """
        while True:
            try:
                return (yield from self._exposed(group))
            except OutOfMemoryError:
                yield from self._settled()
                if not self._model.step_down():
                    raise

    def _exposed(self, group: Group) -> Generator[Frame, None, list[Exposed]]:
        first, size = group.shots[0], len(group.shots)
        with told(first):
            self._model.adapters.use(first.loras)
            asked = [self._phase(*part) for part in self._parts_of(group)]
            self._model.parts.rest()
            maker = self._model.maker(first)
        started = self._meter.start()
        run = self._steps(maker, asked, group)
        while True:
            with told(first):
                try:
                    next(run)
                except StopIteration as end:
                    latents = end.value
                    break
            yield from self._developed()
        receipt = self._meter.read(first, size, time.perf_counter() - started)
        return [
            Exposed(shot, latents[number : number + 1] if size > 1 else latents, receipt, self._label(shot, size))
            for number, shot in enumerate(group.wanted)
        ]

    def _steps(self, maker: Maker | OwnLoop, asked: list[Phase], group: Group) -> Generator[None, None, Any]:
        """The latents, after a `yield` for each step between which the caller may do something else."""
        shot = group.shots[0]

        def on_step(step: int, steps: int, state: Any) -> None:
            preview = None if state is None else lambda: to_image(state())
            self._tell("denoise", step=step, steps=steps, shot=shot, preview=preview)

        transformer = self._model.parts["transformer"]
        if isinstance(maker, OwnLoop):
            with speed.fresh(transformer):
                return (yield from maker.steps(asked, on_step, group.fork))
        phase = asked[0]
        against = None if phase.against is None else phase.against[0]
        self._refuse_shared_memory(transformer, shot, phase)
        # diffusers' pipelines for pictures name no pass of a step, so the whole run goes by one name.
        with speed.fresh(transformer), speed.remembering(transformer, "cond"):
            latents = maker.expose(shot, phase.words[0], against, on_step)
        yield
        return latents

    def _refuse_shared_memory(self, transformer: Any, shot: Shot, phase: Phase) -> None:
        if phase.against is not None and getattr(transformer, "is_cache_enabled", False):
            raise CapabilityError(
                f"step_cache was asked for with a negative prompt on {shot.model} from a picture. There the two passes "
                f"of a step would share one memory, and the picture would be wrong. Leave out the cache or the "
                f"negative prompt.",
                shot=shot,
            )

    def _parts_of(self, group: Group) -> list[tuple[int, tuple[Shot, ...]]]:
        """What the group asks for from each step on. Only a shot by itself changes on the way."""
        if len(group.shots) > 1:
            return [(0, group.shots)]
        return [(first, (asked,)) for first, asked in phases(group.shots[0])]

    def _phase(self, first: int, shots: tuple[Shot, ...]) -> Phase:
        negatives = [negative_text(shot) for shot in shots]
        words = tuple(self._words(str(shot.prompt), shot) for shot in shots)
        against = [self._words(text, shot) for text, shot in zip(negatives, shots, strict=True) if text is not None]
        return Phase(first, shots, words, tuple(against) or None)

    def _give(self, exposed: Exposed) -> None:
        self._model.parts["vae"]  # loaded here, for two threads must not load it at once
        self._given.append(exposed)
        self._room.give(lambda: self._develop(exposed))

    def _develop(self, exposed: Exposed) -> Frame:
        shot, started = exposed.shot, time.perf_counter()
        with told(shot):
            image = pasted_back(to_image(self._model.develop(shot, exposed.latents), shot), shot)
        seconds = time.perf_counter() - started
        receipt = self._meter.added(exposed.receipt, decode_seconds=seconds)
        return Frame(shot, image, provenance=exposed.provenance, receipt=receipt)

    def _developed(self) -> Iterator[Frame]:
        """Frames that are ready, while the next shot is being exposed."""
        for frame in self._room.ready():
            self._given.pop(0)
            yield self._counted(frame)

    def _settled(self) -> Iterator[Frame]:
        """Every frame that was given to the darkroom; one that ran out of memory there is made by the next lever."""
        for ended in self._room.rest():
            exposed = self._given.pop(0)
            yield self._counted(self._saved(ended, exposed))

    def _saved(self, ended: Future[Frame], exposed: Exposed) -> Frame:
        try:
            return ended.result()
        except OutOfMemoryError:
            if not self._model.step_down():
                raise
        while True:
            try:
                return self._develop(exposed)
            except OutOfMemoryError:
                if not self._model.step_down():
                    raise

    def _counted(self, frame: Frame) -> Frame:
        self._tell.count()
        return frame
