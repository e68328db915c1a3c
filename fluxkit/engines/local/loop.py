"""`OwnLoop`: pictures from words through fluxkit's own denoising loop, for FLUX.1 and FLUX.2."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from fluxkit.engines.local import denoise, flux1, pipelines
from fluxkit.engines.local.embeds import Embeds
from fluxkit.engines.local.prefix import Fork
from fluxkit.engines.local.velocity import Velocity, noise
from fluxkit.models import ModelSpec
from fluxkit.models.spec import Method
from fluxkit.shots.shot import Shot

OnStep = Callable[[int, int, Callable[[], Any] | None], None]
"""Told before each step: how many are done, of how many, and what makes a picture tensor of the state so far."""


@dataclass(frozen=True)
class Phase:
    """Shots as they are asked for from a step on, with their encoded words."""

    first: int
    shots: tuple[Shot, ...]
    words: tuple[Embeds, ...]
    against: tuple[Embeds, ...] | None = None
    """Their negatives, where each has one."""


def makes(spec: ModelSpec, method: Method) -> bool:
    """Whether this loop makes the pictures of a model and method."""
    if spec.family == "flux.1":
        return method in ("shoot", "blend") and pipelines.route(spec, method) is None
    return spec.family == "flux.2" and method == "shoot" and not spec.id.endswith("-kv")


class OwnLoop:
    """Makes latents step by step; between steps its caller may do something else."""

    def __init__(self, parts: Any, develop: Callable[[Shot, Any], Any]) -> None:
        """`develop` turns latents into a picture tensor, for previews."""
        self._parts = parts
        self._develop = develop
        self._schedules: dict[tuple[int, int], denoise.Schedule] = {}
        self._states: dict[int, Any] = {}

    def steps(self, phases: Sequence[Phase], on_step: OnStep, fork: Fork | None = None) -> Generator[None, None, Any]:
        """The packed latents of the phases' shots (shots, tokens, channels), after a `yield` a step.

        With a `fork` it begins with the state that an earlier call kept, and keeps those that later calls begin with.
        """
        schedule, latents = self._begin(phases[0])
        fork = fork or Fork()
        # A state is gone where memory ran out and the parts were placed anew; the shot is then made whole.
        start = fork.start if fork.start in self._states else 0
        if start:
            latents = self._states[start]
        self._states = {step: state for step, state in self._states.items() if step <= start}
        on_step(start, schedule.steps, None)
        velocities: dict[int, Velocity] = {}
        for index in range(start, schedule.steps):
            if index in fork.keep:
                self._states[index] = latents
            now = max(number for number, phase in enumerate(phases) if phase.first <= index)
            if now not in velocities:
                velocities = {now: self._velocity(phases[now], schedule)}
            before, direction, latents = denoise.step(velocities[now], latents, schedule, index)
            on_step(index + 1, schedule.steps, self._preview(phases[0].shots[0], schedule, index, before, direction))
            yield
        return latents

    def expose(self, shot: Shot, embeds: Embeds, negative: Embeds | None, on_step: OnStep) -> Any:
        """One shot's packed latents at once."""
        run = self.steps([Phase(0, (shot,), (embeds,), None if negative is None else (negative,))], on_step)
        while True:
            try:
                next(run)
            except StopIteration as end:
                return end.value

    def forget(self) -> None:
        """Let go of the states that were kept for shots that share steps."""
        self._states.clear()

    def _begin(self, phase: Phase) -> tuple[denoise.Schedule, Any]:
        channels, shot = self._parts["transformer"].config.in_channels, phase.shots[0]
        latents = noise(phase.shots, channels, phase.words[0].tokens.dtype, self._parts.device.kind)
        key = (pipelines.steps_of(shot), latents.shape[1])
        if key not in self._schedules:
            made = denoise.make_schedule(self._parts["scheduler"], *key, self._parts.device.kind, shot.spec.family)
            self._schedules[key] = made
        return self._schedules[key], latents

    def _velocity(self, phase: Phase, schedule: denoise.Schedule) -> Velocity:
        words = list(phase.words)
        for index, shot in enumerate(phase.shots):
            if shot.inputs is not None and shot.inputs.references:
                words[index] = flux1.blend(self._parts, shot.inputs.references, words[index])
        return Velocity(self._parts, schedule, phase.shots, words, phase.against)

    def _preview(
        self, shot: Shot, schedule: denoise.Schedule, index: int, before: Any, direction: Any
    ) -> Callable[[], Any]:
        """What makes the picture that the first shot is heading to; nothing is computed until it is called."""
        return lambda: self._develop(shot, denoise.predicted_end(schedule, index, before[:1], direction[:1]))
