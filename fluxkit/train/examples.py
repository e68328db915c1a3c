"""What the steps learn from: latents of pictures and words as the model reads them, made once and kept on the disk."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxkit.engines.local.embeds import Embeds
from fluxkit.frames.atomic import write_atomic
from fluxkit.models import ModelSpec
from fluxkit.train.recipe import LoRARecipe

if TYPE_CHECKING:
    from PIL.Image import Image


_LANCZOS = 1
"""Pillow's number for its Lanczos filter; Pillow is imported when a picture is."""


@dataclass(frozen=True)
class Example:
    """One picture and its words, ready for a step."""

    latents: Any
    """Tensor of shape (1, tokens, channels), float32, on the CPU."""
    words: Embeds
    size: tuple[int, int]
    """Width and height in pixels."""


class Examples:
    """Examples in groups of one size; each step draws from one group, the same for the same step."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self._groups: dict[tuple[int, int], list[Example]] = {}
        for example in examples:
            self._groups.setdefault(example.size, []).append(example)
        self._all = list(examples)

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Any:
        return iter(self._all)

    def drawn(self, count: int, generator: Any) -> list[Example]:
        """Examples of one size: a first one among all, the others beside it."""
        import torch

        first = self._all[int(torch.randint(len(self._all), (1,), generator=generator))]
        group = self._groups[first.size]
        others = torch.randint(len(group), (count - 1,), generator=generator)
        return [first, *(group[int(other)] for other in others)]


def bucket(width: int, height: int, spec: ModelSpec, resolution: int) -> tuple[int, int]:
    """The size at which a photograph is learned: its own shape, about resolution squared, in the model's multiples.

    >>> from fluxkit import models
    >>> bucket(3000, 2000, models.get("flux.1-dev"), 512)
    (624, 416)
    """
    rule = spec.size
    step, shape = rule.multiple, math.sqrt(width / height)

    def side(length: float) -> int:
        return max(rule.min_side, min(rule.max_side, round(length / step) * step))

    return side(resolution * shape), side(resolution / shape)


def fitted(image: Image, size: tuple[int, int]) -> Image:
    """The picture at a size: scaled to cover it, and what sticks out cut off evenly."""
    from PIL import ImageOps

    return ImageOps.fit(image, size, method=_LANCZOS)


class Kept:
    """Tensors on the disk by what they were made from; a second run of the same training makes none of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: object, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The tensors of a key: those on the disk, or those that `make` makes now."""
        from safetensors.torch import load, save

        path = self._folder / f"{hashlib.sha256(repr(key).encode()).hexdigest()[:24]}.safetensors"
        if path.is_file():
            found: dict[str, Any] = load(path.read_bytes())
            return found
        made = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, save({name: tensor.contiguous() for name, tensor in made.items()}))
        return made


def stacked(examples: Sequence[Example], device: str) -> tuple[Any, Embeds]:
    """Examples of one size as one batch on the device."""
    import torch

    words = [example.words for example in examples]
    pooled = None if words[0].pooled is None else torch.cat([each.pooled for each in words]).to(device)
    joined = Embeds(torch.cat([each.tokens for each in words]).to(device), pooled)
    return torch.cat([example.latents for example in examples]).to(device), joined


def shares(recipe: LoRARecipe, priors: int) -> tuple[int, int]:
    """How many of a step's pictures are the subject's, and how many prior ones."""
    if not priors:
        return recipe.batch, 0
    prior = round(recipe.batch * recipe.prior_share)
    return recipe.batch - prior, prior
