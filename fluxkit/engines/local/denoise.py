"""The denoising loop: from noise to latents along a schedule, one velocity at a time.

It is fluxkit's own, for three reasons: diffusers' pipelines spend about 15 ms of Python around it for each picture,
they show no place to share steps between shots, and they return half-made pictures when interrupted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
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

    @cached_property
    def changes(self) -> Any:
        """By how much each step lowers the noise level."""
        return self.sigmas.diff()

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return len(self.timesteps)


def make_schedule(scheduler: Any, steps: int, tokens: int, device: str, family: str = "flux.1") -> Schedule:
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
                        device=device, mu=shift(config, tokens, steps, family))  # fmt: skip
    return Schedule(fresh.sigmas, fresh.timesteps)


def run(velocity: Velocity, latents: Any, schedule: Schedule, on_step: OnStep) -> Any:
    """The latents after every step: Euler's method in float32, kept in the model's format."""
    for index in range(schedule.steps):
        before, direction, latents = step(velocity, latents, schedule, index)
        on_step(index, before, direction)
    return latents


def step(velocity: Velocity, latents: Any, schedule: Schedule, index: int) -> tuple[Any, Any, Any]:
    """One step: the latents before it, the direction, and the latents after it."""
    import torch

    with torch.inference_mode():  # as no_grad, and a twentieth faster where tensors are small
        direction = velocity(latents, index)
        return latents, direction, (latents.to(torch.float32) + schedule.changes[index] * direction).to(direction.dtype)


def predicted_end(schedule: Schedule, index: int, latents: Any, direction: Any) -> Any:
    """Where the picture is heading: the latents at noise level 0, if the velocity stayed as it is."""
    return latents - schedule.sigmas[index].to(latents.dtype) * direction


def shift(config: Any, tokens: int, steps: int, family: str) -> float:
    """How far the schedule is pushed towards noise for a picture of so many tokens."""
    return _by_size_and_steps(tokens, steps) if family == "flux.2" else _by_size(config, tokens)


def _by_size(config: Any, tokens: int) -> float:
    """FLUX.1: a line through two sizes (the FLUX paper's values)."""
    low, high = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    start, end = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
    slope = (end - start) / (high - low)
    return float(tokens * slope + (start - slope * low))


def _by_size_and_steps(tokens: int, steps: int) -> float:
    """FLUX.2: lines fitted at 10 and at 200 steps (`compute_empirical_mu` in BFL's and diffusers' code)."""
    at_200 = 0.00016927 * tokens + 0.45666666
    if tokens > 4300:
        return float(at_200)
    at_10 = 8.73809524e-05 * tokens + 1.89833333
    slope = (at_200 - at_10) / 190.0
    return float(slope * steps + at_200 - 200.0 * slope)
