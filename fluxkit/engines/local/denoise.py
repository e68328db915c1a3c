"""The denoising loop: from noise to latents along a schedule, one velocity at a time.

It is fluxkit's own, for three reasons: diffusers' pipelines spend about 15 ms of Python around it for each picture,
they
show no place to share steps between shots, and they return half-made pictures when interrupted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fluxkit.errors import WeightsError

Velocity = Callable[[Any, int], Any]
"""From the latents and the index of a step to the direction that the model wants to move them in."""

OnStep = Callable[[int, Any, Any], None]
"""Told after each step: its index, the latents before it and the velocity. May raise to stop."""


@dataclass(frozen=True)
class Schedule:
    """The noise levels of a number of steps."""

    sigmas: Any
    """Tensor of the noise level before each step, and 0 after the last; float32 on the device."""
    timesteps: Any
    """Tensor of what the transformer is told the time is (0 to 1000), one a step."""

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return len(self.timesteps)


def make_schedule(scheduler: Any, steps: int, tokens: int, device: str) -> Schedule:
    """The noise levels that a model's scheduler gives for `steps` steps over a picture of `tokens` latent tokens.

    Raises `WeightsError` for a scheduler that is not the plain Euler one that FLUX was trained with.
    """
    import numpy as np
    from diffusers import FlowMatchEulerDiscreteScheduler

    config = scheduler.config
    if type(scheduler) is not FlowMatchEulerDiscreteScheduler or config.get("stochastic_sampling"):
        raise WeightsError(
            f"The weights ask for the scheduler {type(scheduler).__name__}"
            f"{' with random steps' if config.get('stochastic_sampling') else ''}. FLUX models take "
            f"FlowMatchEulerDiscreteScheduler without them. Restore the scheduler_config.json of the base model."
        )
    fresh = FlowMatchEulerDiscreteScheduler.from_config(config)
    sigmas = None if config.get("use_flow_sigmas") else np.linspace(1.0, 1 / steps, steps)
    fresh.set_timesteps(**({"sigmas": sigmas} if sigmas is not None else {"num_inference_steps": steps}),
                        device=device, mu=_shift(config, tokens))  # fmt: skip
    return Schedule(fresh.sigmas, fresh.timesteps)


def run(velocity: Velocity, latents: Any, schedule: Schedule, on_step: OnStep, *, first: int = 0) -> Any:
    """The latents after every step from `first` on: Euler's method in float32, kept in the model's format."""
    import torch

    with torch.no_grad():
        changes = schedule.sigmas.diff()
        for index in range(first, schedule.steps):
            direction = velocity(latents, index)
            before = latents
            latents = (latents.to(torch.float32) + changes[index] * direction).to(direction.dtype)
            on_step(index, before, direction)
    return latents


def predicted_end(schedule: Schedule, index: int, latents: Any, direction: Any) -> Any:
    """Where the picture is heading: the latents at noise level 0, if the velocity stayed as it is."""
    return latents - schedule.sigmas[index].to(latents.dtype) * direction


def _shift(config: Any, tokens: int) -> float:
    """How far larger pictures push the schedule towards noise: a line through two sizes (the FLUX paper's values)."""
    low, high = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    start, end = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
    slope = (end - start) / (high - low)
    return float(tokens * slope + (start - slope * low))
