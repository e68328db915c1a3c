"""What a training will take, told before it starts: memory by what holds it, and the work of a step."""

from __future__ import annotations

from typing import Any

from fluxkit._base import Record
from fluxkit.errors import PlanError
from fluxkit.models import ModelSpec
from fluxkit.train.recipe import LoRARecipe

_BASE_BYTES = {"resident": 2.0, "int8": 1.0 + 1 / 512, "nf4": 0.5 + 1 / 32}
"""Bytes a weight of the frozen base, in the blocks; what lies outside them stays in its own format."""
_ADAPTER_BYTES = {"adamw": 16, "adamw8bit": 10}
"""Bytes a parameter that learns: float32 weight and gradient, and Adam's two means in 32 or 8 bits."""
_INSIDE = 34
"""Numbers that a block keeps for its backward pass, for each token and channel: inputs of its eight products, and what
attention and the activation keep. From the block's code in diffusers 0.42; not measured on a GPU."""


class TrainingForecast(Record):
    """Bytes on the device while it learns, and floating-point operations a step."""

    base_bytes: int
    adapter_bytes: int
    activation_bytes: int
    adapter_parameters: int
    step_flops: float
    """Forward and backward through the base, and forward again where activations are not kept."""

    @property
    def total_bytes(self) -> int:
        """Everything at once; the text encoders and the VAE are gone by then."""
        return self.base_bytes + self.adapter_bytes + self.activation_bytes

    def hours(self, steps: int, *, tflops: float, use: float = 0.5) -> float:
        """How long so many steps take on a device of `tflops`, of which a share of `use` is reached.

        An H100 has 800 dense bfloat16 TFLOPS, an RTX 4090 165. Trainers reach 0.26 to 0.61 (docs/training.md).
        """
        return steps * self.step_flops / (tflops * 1e12 * use) / 3600

    def __str__(self) -> str:
        gb = 1e9
        return (
            f"{self.total_bytes / gb:.1f} GB while it learns: base {self.base_bytes / gb:.1f}, adapter "
            f"{self.adapter_bytes / gb:.2f} ({self.adapter_parameters / 1e6:.1f} million parameters), activations "
            f"{self.activation_bytes / gb:.1f}; {self.step_flops / 1e12:.3g} TFLOP a step"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self}</p>"


def forecast(transformer_config: dict[str, Any], spec: ModelSpec, recipe: LoRARecipe, *, text: int) -> TrainingForecast:
    """From a transformer's configuration alone: it is built on torch's meta device, without weights.

    `text` is the number of text tokens.
    """
    import torch

    from fluxkit.train import adapter

    model = _on_meta(transformer_config, spec)
    weights = sum(parameter.numel() for parameter in model.parameters())
    own = sum(
        recipe.rank * (model.get_submodule(name).in_features + model.get_submodule(name).out_features)
        for name in adapter.layers(model, spec.family, recipe.targets)
    )
    tokens = (recipe.resolution // 16) ** 2 + text
    width = model.config.num_attention_heads * model.config.attention_head_dim
    blocks = sum(len(child) for child in model.children() if isinstance(child, torch.nn.ModuleList))
    kept = blocks + _INSIDE if recipe.checkpointing else blocks * _INSIDE
    attention = 4 * tokens * tokens * width * blocks
    forward = recipe.batch * (2.0 * _used(model) * tokens + attention)
    return TrainingForecast(
        base_bytes=int(weights * _BASE_BYTES[recipe.base]),
        adapter_bytes=own * _ADAPTER_BYTES[recipe.optimiser],
        activation_bytes=int(2 * recipe.batch * tokens * width * kept),
        adapter_parameters=own,
        step_flops=forward * (3.0 if recipe.checkpointing else 2.0),
    )


def refuse(found: TrainingForecast, recipe: LoRARecipe, spec: ModelSpec, free_bytes: int) -> None:
    """Raise `PlanError` where the training does not fit, naming what would."""
    if found.total_bytes <= free_bytes:
        return
    cures = []
    if recipe.base != "nf4":
        cures.append("base='nf4'")
    if not recipe.checkpointing:
        cures.append("checkpointing=True")
    if recipe.batch > 1:
        cures.append("batch=1")
    if recipe.resolution > 512:
        cures.append("resolution=512")
    raise PlanError(
        f"Training on {spec.id} takes {found}. The device has {free_bytes / 1e9:.1f} GB free. "
        f"{'Try ' + ', '.join(cures) if cures else 'A smaller base, such as flux.2-klein-base-4b, takes less'}."
    )


def _on_meta(config: dict[str, Any], spec: ModelSpec) -> Any:
    import diffusers
    import torch

    made = getattr(diffusers, config["_class_name"])
    with torch.device("meta"):
        return made.from_config({name: value for name, value in config.items() if not name.startswith("_")})


def _used(model: Any) -> float:
    """Weights that each token passes: those of its own stream in the double blocks, none of the modulation's, which
    works once a step."""
    total = 0.0
    for name, parameter in model.named_parameters():
        if (".linear." in name and "norm" in name) or "modulation" in name or "time_" in name:
            continue
        total += parameter.numel() * (0.5 if name.startswith("transformer_blocks.") else 1.0)
    return total
