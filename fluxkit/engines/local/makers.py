"""What makes a picture with one loaded model: text to embeds, embeds to latents, latents to a picture tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from fluxkit.engines.local import flux1, flux2, flux3, pipelines
from fluxkit.engines.local.device import quiet
from fluxkit.engines.local.embeds import Embeds
from fluxkit.engines.local.parts import Parts
from fluxkit.engines.local.pipelines import Route
from fluxkit.shots.shot import Shot

OnStep = Callable[[int, int, Callable[[], Any] | None], None]
"""Told before each step: how many are done, of how many, and what makes a picture tensor of the state so far."""


class Maker(Protocol):
    """Makes the latents of shots of one kind."""

    def expose(self, shot: Shot, embeds: Embeds, negative: Embeds | None, on_step: OnStep) -> Any:
        """The shot's finished latents, in whatever form `develop` takes them."""


def encode(parts: Parts, text: str) -> Embeds:
    """A text as the model's transformer reads it."""
    spec = parts.spec
    if spec.family == "flux.1":
        return flux1.encode(parts, text, spec.windows["t5"])
    if spec.family == "flux.3":
        return flux3.encode(parts, text, next(iter(spec.windows.values())))
    return flux2.encode(parts, text, next(iter(spec.windows.values())))


def develop(parts: Parts, shot: Shot, latents: Any) -> Any:
    """Latents as the VAE's picture tensor (1, 3, height, width) of about -1 to 1."""
    if parts.spec.family == "flux.1":
        return flux1.decode(parts["vae"], latents, shot.width, shot.height)
    return flux2.decode(parts["vae"], latents, shot.width, shot.height)


def made(parts: Parts, route: Route | None) -> Maker:
    """The maker for a route of `pipelines.route`; what has none is made by `loop.OwnLoop`."""
    if route is None:
        raise ValueError("there is no pipeline for this; fluxkit's own loop makes it, see loop.makes")
    return flux3.Loop(parts) if route is pipelines.FLUX_3 else Piped(parts, route)


def negative_text(shot: Shot) -> str | None:
    """The words that a shot works against in a second pass a step; None where there is none."""
    if shot.spec.guidance.kind == "cfg":
        return (shot.negative or "") if (shot.spec.guidance_for(shot.guidance) or 1) > 1 else None
    return shot.negative if (shot.true_cfg or 1) > 1 else None


class Piped:
    """A task through one of diffusers' pipelines, given encoded words and asked for latents.

    One shot at a time with one fresh generator: in seven of the pipelines a batch draws the wrong noise for all but its
    first picture.
    """

    def __init__(self, parts: Parts, route: Route) -> None:
        self._parts = parts
        self._route = route
        self._pipeline: Any = None

    def expose(self, shot: Shot, embeds: Embeds, negative: Embeds | None, on_step: OnStep) -> Any:
        """The latents that the pipeline ends with."""
        self._parts.whole()
        device = self._parts.device.kind
        against = None if negative is None else negative.to(device)
        spoken = pipelines.words(shot.spec.family, embeds.to(device), against, shot.true_cfg)
        guided = shot.spec.guidance.kind != "none"
        call = pipelines.common(shot) | spoken | self._route.arguments(shot, guided)
        watch = _Watch(self._parts, shot, on_step)
        on_step(0, pipelines.steps_of(shot), None)
        with quiet():
            pipeline = self._built()
            self._route.ready(pipeline, shot)
            try:
                return pipeline(**call, callback_on_step_end=watch).images
            finally:
                # After a run that was stopped, hooks and caches still hold its state, and the next picture would
                # show it.
                pipeline.maybe_free_model_hooks()

    def _built(self) -> Any:
        if self._pipeline is None:
            import diffusers

            made = getattr(diffusers, self._route.pipeline)
            parts = self._parts.for_constructor(made)
            # Its own scheduler, for pipelines keep the state of a run in it; not `from_pipe`, which casts weights.
            parts["scheduler"] = type(parts["scheduler"]).from_config(parts["scheduler"].config)
            if self._route.changes_transformer:
                self._parts.keep_to_itself("transformer")
            pipeline = made(**parts, **self._route.flags)
            pipeline.set_progress_bar_config(disable=True)
            self._route.build(pipeline, self._parts.folder)
            self._pipeline = pipeline
        return self._pipeline


class _Watch:
    """The pipelines' callback: progress after each step, with what the picture is heading to."""

    def __init__(self, parts: Parts, shot: Shot, on_step: OnStep) -> None:
        self._parts = parts
        self._shot = shot
        self._on_step = on_step
        self._before: Any = None

    def __call__(self, pipeline: Any, index: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        latents, before, self._before = tensors["latents"], self._before, tensors["latents"]
        sigmas = pipeline.scheduler.sigmas[-pipeline.num_timesteps - 1 :]

        def state() -> Any:
            heading = latents
            if before is not None and sigmas[index + 1] > 0:
                heading = latents + (before - latents) / (sigmas[index + 1] - sigmas[index]) * sigmas[index + 1]
            return develop(self._parts, self._shot, heading.to(latents.dtype))

        self._on_step(index + 1, pipeline.num_timesteps, state)
        return tensors
