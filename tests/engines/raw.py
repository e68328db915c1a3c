"""What diffusers' own pipelines make of a request: the measure that fluxkit's pixels are held to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fluxkit import models
from fluxkit.engines import silent
from fluxkit.engines.local import LocalEngine
from fluxkit.models import ModelSpec, SizeRule
from fluxkit.shots.inputs import Inputs
from fluxkit.shots.shot import Shot
from tests.tiny.pipelines import OUT_LAYERS

PROMPT = "a photo of the red cat on street with soft window light"
STEPS = 3
SIZE = (64, 96)


def noise(width: int = SIZE[0], height: int = SIZE[1], seed: int = 0) -> Image.Image:
    """A picture of random pixels, in which every change shows."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def spec_of(name: str, weights: Path, **fields: Any) -> ModelSpec:
    """A model of the table with tiny weights, at sizes that tiny weights take."""
    return models.get(name).with_(weights=str(weights), size=SizeRule(min_side=16), **fields)


def a_shot(spec: ModelSpec, inputs: Inputs | None = None, **changes: Any) -> Shot:
    """A request with its model's own guidance."""
    request = {"prompt": PROMPT, "seed": 3, "steps": STEPS, "width": SIZE[0], "height": SIZE[1]}
    if spec.guidance.default is not None:
        request["guidance"] = spec.guidance.default
    return Shot(model=spec.id, spec=spec, inputs=inputs, **{**request, **changes})


def shoot(engine: LocalEngine, shot: Shot) -> np.ndarray:
    """The pixels that fluxkit makes."""
    return np.asarray(next(iter(engine.shoot([shot], silent))).image)


def by_diffusers(
    pipeline: str,
    shot: Shot,
    folder: Path | str | None = None,
    change: Callable[[Any], Any] = lambda _made: None,
    parts: dict[str, Any] | None = None,
    **call: Any,
) -> np.ndarray:
    """The pixels of diffusers' own pipeline, loaded from a folder (the shot's) and changed as a user would."""
    import diffusers
    import torch

    options = {"local_files_only": True, "disable_mmap": True, **(parts or {})}
    made = getattr(diffusers, pipeline).from_pretrained(folder or shot.spec.weights, **options)
    made.set_progress_bar_config(disable=True)
    change(made)
    if shot.guidance is not None:
        call.setdefault("guidance_scale", shot.guidance)
    if pipeline.startswith("Flux2"):
        call.setdefault("text_encoder_out_layers", OUT_LAYERS)
    generator = torch.Generator("cpu").manual_seed(shot.seed)
    request = {"prompt": str(shot.prompt), "width": shot.width, "height": shot.height, "generator": generator}
    return np.asarray(made(**{**request, "num_inference_steps": shot.steps, **call}).images[0])


def equal(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two pictures are the same to the last bit."""
    return one.shape == other.shape and bool((one == other).all())
