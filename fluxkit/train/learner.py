"""`Learner`: the parameters that learn, and one step of it; all chance follows from the recipe's seed and the step."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any

from fluxkit.engines.local.embeds import Embeds
from fluxkit.errors import InputError
from fluxkit.models import ModelSpec
from fluxkit.train import adapter, latents, state
from fluxkit.train.examples import Example, Examples, shares, stacked
from fluxkit.train.recipe import LoRARecipe

_CLIP = 1.0
"""Largest length of a step's gradient."""


class Learner:
    """The parameters that learn, and one step of it."""

    def __init__(
        self, transformer: Any, learned: dict[str, Any], *, spec: ModelSpec, recipe: LoRARecipe, unspoken: Embeds
    ) -> None:
        """`learned` are the adapter's parameters by name, `unspoken` what the model reads where there are no words."""
        self._spec = spec
        self._recipe = recipe
        self._unspoken = unspoken
        self._transformer = transformer
        self._learned = learned
        self._optimiser = _optimiser(learned, recipe)
        self._average = (
            {name: weight.detach().clone() for name, weight in learned.items()} if self._recipe.average else None
        )
        self._first = {name: weight.detach().clone() for name, weight in learned.items()}

    def resume(self, path: Path, *, fresh: bool = False) -> state.State:
        """Where the training stands on the disk; its beginning where there is nothing yet.

        `fresh` forgets first what the optimiser remembers, for a return after a failure.
        """
        if fresh:
            self._optimiser = _optimiser(self._learned, self._recipe)
            self._put(self._first)
        return state.load(path, self._learned, self._optimiser, self._average) or state.State()

    def save(self, path: Path, now: state.State) -> None:
        """Everything that the next step depends on."""
        state.save(path, now, self._learned, self._optimiser, self._average)

    def best(self) -> dict[str, Any]:
        """The weights that are kept: the average where the recipe asks for one."""
        return self._average or self._learned

    def as_kept(self, scale: float) -> AbstractContextManager[None]:
        """Meanwhile the model has the weights that a file of the best ones gives it."""
        return adapter.as_kept(self._learned, self.best(), scale=scale)

    def step(self, now: state.State, examples: Examples, priors: Examples) -> float:
        """Learn from one batch; returns its loss."""
        import torch

        generator = torch.Generator().manual_seed(hash_of(self._recipe.seed, now.salt, now.step))
        self._set_rate(now.step)
        self._optimiser.zero_grad(set_to_none=True)
        own, prior = shares(self._recipe, len(priors))
        if self._recipe.batch == 1 and len(priors):
            own, prior = (0, 1) if float(torch.rand(1, generator=generator)) < self._recipe.prior_share else (1, 0)
        batches = [source.drawn(count, generator) for count, source in ((own, examples), (prior, priors)) if count]
        total = 0.0
        for batch in _joined(batches):
            loss = self._loss(batch, generator) * (len(batch) / (own + prior))
            loss.backward()
            total += float(loss.detach())
        if not math.isfinite(total):
            return total
        torch.nn.utils.clip_grad_norm_(list(self._learned.values()), _CLIP)
        self._optimiser.step()
        self._blend(now.step)
        return total

    def loss_of(self, held: Examples) -> float:
        """The loss of pictures never learned from, over the same noise and levels every time."""
        import torch

        total, rounds = 0.0, 8
        for example in held:
            generator = torch.Generator().manual_seed(hash_of(self._recipe.seed, 99, 0))
            with torch.no_grad():
                total += sum(float(self._loss([example], generator, dropout=0.0)) for _ in range(rounds)) / rounds
        return total / len(held)

    def _loss(self, drawn: Sequence[Example], generator: Any, dropout: float | None = None) -> Any:
        import torch

        dropout = self._recipe.caption_dropout if dropout is None else dropout
        spoken = [
            Example(one.latents, self._unspoken, one.size)
            if dropout and float(torch.rand(1, generator=generator)) < dropout
            else one
            for one in drawn
        ]
        device = next(iter(self._learned.values())).device
        pictures, words = stacked(spoken, device)
        noise = torch.randn(pictures.shape, generator=generator).to(device)
        level = latents.levels(self._recipe.levels, len(drawn), generator, self._recipe.shift).to(device)
        asked = latents.Question(pictures, noise, level)
        said = latents.answer(
            self._transformer,
            self._spec,
            asked.noisy,
            level,
            words,
            size=drawn[0].size,
            guidance=self._recipe.guidance,
        )
        return (said.float() - asked.answer).square().mean()

    def _set_rate(self, step: int) -> None:
        recipe = self._recipe
        rise = min(1.0, (step + 1) / (recipe.warmup + 1))
        fall = 0.5 * (1 + math.cos(math.pi * step / recipe.steps))
        for group in self._optimiser.param_groups:
            group["lr"] = recipe.learning_rate * rise * fall

    def _blend(self, step: int) -> None:
        if self._average is None or self._recipe.average is None:
            return
        decay = min(self._recipe.average, (step + 1) / (step + 10))
        for name, weight in self._learned.items():
            self._average[name].lerp_(weight.detach(), 1 - decay)

    def _put(self, weights: dict[str, Any]) -> None:
        for name, weight in self._learned.items():
            weight.data.copy_(weights[name])
            if self._average is not None:
                self._average[name].copy_(weights[name])


class Pace:
    """A smoothed loss, and the time that is left."""

    def __init__(self, first: int, steps: int) -> None:
        self._first, self._steps = first, steps
        self._began = time.monotonic()
        self.loss = math.nan

    def note(self, loss: float) -> None:
        """Take the loss of a step."""
        self.loss = loss if math.isnan(self.loss) else 0.98 * self.loss + 0.02 * loss

    def seconds_left(self, step: int) -> float | None:
        """An estimate from the pace since the run began."""
        done = step - self._first
        return (time.monotonic() - self._began) / done * (self._steps - step) if done else None


def hash_of(*numbers: int) -> int:
    """A seed from several numbers, the same on every machine."""
    found = 0
    for number in numbers:
        found = (found * 1_000_003 + number + 1) % (2**63)
    return found


def _joined(batches: list[list[Example]]) -> list[list[Example]]:
    """One batch where all pictures share a size: one pass through the model costs less than two."""
    joined = [example for batch in batches for example in batch]
    return [joined] if len({example.size for example in joined}) == 1 else batches


def _optimiser(learned: dict[str, Any], recipe: LoRARecipe) -> Any:
    import torch

    made = eight_bit() if recipe.optimiser == "adamw8bit" else torch.optim.AdamW
    return made(list(learned.values()), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)


def eight_bit() -> Any:
    """The optimiser class; raises `InputError` where it cannot run."""
    import torch

    try:
        found = import_module("bitsandbytes.optim").AdamW8bit
    except ImportError:
        found = None
    if found is None or not torch.cuda.is_available():
        raise InputError(
            "optimiser='adamw8bit' was asked for. It needs an NVIDIA GPU and the package bitsandbytes. Install it with "
            "pip install bitsandbytes, or use optimiser='adamw'."
        )
    return found
