"""What decides the numbers of a training, kept with its state, so that no training goes on from another's."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fluxkit.errors import InputError
from fluxkit.models import ModelSpec
from fluxkit.models.weights import weights_content
from fluxkit.scene import Scene
from fluxkit.train.photographs import TrainingSet
from fluxkit.train.recipe import LoRARecipe
from fluxkit.train.state import State

_log = logging.getLogger(__name__)

_FREE = {"steps", "checkpoint_every", "patience", "checkpointing"}
"""Fields of a recipe that may change on the way: how long, what is kept, and what is computed twice."""


def asked(
    photographs: TrainingSet, spec: ModelSpec, recipe: LoRARecipe, prior: Iterable[Scene | str] | None
) -> dict[str, Any]:
    """What decides a training's numbers, by name; read in milliseconds, whatever the size of the weights.

    Recipe fields stand with their defaults filled in: a default that changes later is another training.
    """
    return {
        "photographs": photographs.content,
        "model": spec.id,
        "weights": weights_content(spec),
        **recipe.model_dump(mode="json", exclude=_FREE),
        "alpha": recipe.alpha_used,
        "prior scenes": scenes_tag(prior) if recipe.prior else "",
    }


def scenes_tag(scenes: Iterable[Scene | str] | None) -> str:
    """A hash of what the base is not to forget; `ready` for the scenes that fluxkit brings."""
    if scenes is None:
        return "ready"
    told = [scene.canonical_json() if isinstance(scene, Scene) else scene for scene in scenes]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]


def refuse_another(wanted: dict[str, Any], kept: State, recipe: LoRARecipe, folder: Path) -> None:
    """Raise `InputError` where a folder's state is not of the training that is asked for, or is past its end."""
    if kept.asked is not None:
        # A field that the recipe had not yet when the training began stood at its default.
        begun = {**LoRARecipe().model_dump(mode="json"), **kept.asked}
        _refuse_unlike(wanted, begun, kept.step, folder)
    if kept.step > recipe.steps:
        there = ", ".join(f"{entry['step']:.0f}" for entry in kept.history)
        raise InputError(
            f"steps={recipe.steps} was asked for in the folder {folder.name!r}, where the training is at step "
            f"{kept.step}. As many or more are allowed. Ask for steps={kept.step}"
            f"{f' and take one of its checkpoints with .at(step): {there}' if there else ''}; or give another folder."
        )


def warn_of_unknown(kept: State, folder: Path) -> None:
    """Tell in the log of a state that does not say what it was begun with; the training goes on from it."""
    if kept.step and kept.asked is None:
        _log.warning(
            "The training in %r, at step %d, was begun by an earlier fluxkit, which did not note its photographs and "
            "recipe, so they cannot be compared with what is asked for. It goes on as asked. If these are others than "
            "it was begun with, stop it and give another folder.",
            folder.name,
            kept.step,
        )


def _refuse_unlike(wanted: dict[str, Any], begun: dict[str, Any], step: int, folder: Path) -> None:
    unlike = [name for name, value in wanted.items() if begun.get(name) != value]
    if unlike:
        raise InputError(
            f"A training with {_told(wanted, unlike)} was asked for in the folder {folder.name!r}, but the one that "
            f"was begun there, now at step {step}, has {_told(begun, unlike)}. A training goes on with what it was "
            f"begun with; only {', '.join(sorted(_FREE))} may change. Ask for it as it was begun, or give another "
            f"folder; nothing in this one was changed."
        )


def _told(settings: dict[str, Any], names: list[str]) -> str:
    return ", ".join(f"{name}={settings.get(name)!r}" for name in names)
