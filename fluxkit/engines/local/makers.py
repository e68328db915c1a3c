"""What makes a picture with one loaded model: text to embeds, embeds to latents, latents to a picture tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from fluxkit.engines.local import denoise, flux1
from fluxkit.engines.local.embeds import Embeds
from fluxkit.engines.local.parts import Parts
from fluxkit.shots.shot import Shot

OnStep = Callable[[int, int, Callable[[], Any] | None], None]
"""Told before each step: how many are done, of how many, and what makes a picture tensor of the state so far."""


class Maker(Protocol):
    """Makes pictures of one model."""

    def encode(self, text: str) -> Embeds:
        """A text as the model's transformer reads it."""

    def expose(self, shot: Shot, embeds: Embeds, negative: Embeds | None, on_step: OnStep) -> Any:
        """The shot's finished latents, in whatever form `develop` takes them."""

    def develop(self, shot: Shot, latents: Any) -> Any:
        """Latents as a picture tensor (1, 3, height, width) of about -1 to 1."""


class Flux1Text:
    """FLUX.1 from words alone, through fluxkit's own loop."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._schedules: dict[tuple[int, int], denoise.Schedule] = {}

    def encode(self, text: str) -> Embeds:
        """T5's tokens and CLIP's pooled vector."""
        return flux1.encode(self._parts, text, self._parts.spec.windows["t5"])

    def expose(self, shot: Shot, embeds: Embeds, negative: Embeds | None, on_step: OnStep) -> Any:
        """The shot's packed latents, from its own seed's noise."""
        transformer, device = self._parts["transformer"], self._parts.device.kind
        dtype = embeds.tokens.dtype
        channels = transformer.config.in_channels // 4
        latents = flux1.noise(channels, shot.width, shot.height, shot.seed, dtype, device)
        schedule = self._schedule(shot, latents.shape[1])
        velocity = flux1.Velocity(transformer, schedule, shot, embeds, negative, device)

        def tell(index: int, before: Any, direction: Any) -> None:
            def state() -> Any:
                return self.develop(shot, denoise.predicted_end(schedule, index, before, direction))

            on_step(index + 1, schedule.steps, state)

        on_step(0, schedule.steps, None)
        return denoise.run(velocity, latents, schedule, tell)

    def develop(self, shot: Shot, latents: Any) -> Any:
        """The VAE's picture of packed latents."""
        return flux1.decode(self._parts["vae"], latents, shot.width, shot.height)

    def _schedule(self, shot: Shot, tokens: int) -> denoise.Schedule:
        key = (shot.steps or 1, tokens)
        if key not in self._schedules:
            made = denoise.make_schedule(self._parts["scheduler"], *key, self._parts.device.kind)
            self._schedules[key] = made
        return self._schedules[key]
