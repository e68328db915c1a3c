"""The adapter itself: added to a transformer, its numbers in and out, and written as a file that others read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fluxkit.errors import InputError
from fluxkit.frames.atomic import write_atomic
from fluxkit.models import ModelSpec

NAME = "fluxkit_training"
"""What peft calls the adapter while it learns."""

TARGETS: dict[str, dict[str, tuple[str, ...]]] = {
    "flux.1": {
        "attention": ("attn.to_q", "attn.to_k", "attn.to_v", "attn.to_out.0",
                      "attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj", "attn.to_add_out"),
        "blocks": ("ff.net.0.proj", "ff.net.2", "ff_context.net.0.proj", "ff_context.net.2", "proj_mlp", "proj_out"),
    },
    "flux.2": {
        "attention": ("attn.to_q", "attn.to_k", "attn.to_v", "attn.to_out.0",
                      "attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj", "attn.to_add_out",
                      "attn.to_qkv_mlp_proj", "attn.to_out"),
        "blocks": ("ff.linear_in", "ff.linear_out", "ff_context.linear_in", "ff_context.linear_out"),
    },
}  # fmt: skip
"""Linear layers by the names of diffusers 0.42. Modulation is left alone: it says when, not what."""


def layers(transformer: Any, family: str, targets: str) -> list[str]:
    """The names of the layers that learn: `attention`, or `all` for the feed-forward layers too.

    Raises `InputError` where the model has none of them.
    """
    import torch

    groups = TARGETS[family]
    endings = groups["attention"] if targets == "attention" else (*groups["attention"], *groups["blocks"])
    found = [
        name
        for name, module in transformer.named_modules()
        if isinstance(module, torch.nn.Linear) and "blocks." in name and name.endswith(tuple(f".{e}" for e in endings))
    ]
    if not found:
        raise InputError(
            f"targets={targets!r} was asked for on {type(transformer).__name__}, which has no layer of those names. "
            f"Weights of {family} in diffusers' layout are allowed. Check the weights folder."
        )
    return found


def add(transformer: Any, *, family: str, rank: int, alpha: float, targets: str, seed: int) -> dict[str, Any]:
    """Put a fresh adapter on a transformer whose own weights no longer learn; returns its parameters by name.

    It starts as nothing: its second matrix is zero, so the model says at first what it said before. Parameters are
    float32 whatever the model's format, since small steps would be lost in bfloat16.
    """
    import torch
    from peft import LoraConfig

    transformer.requires_grad_(False)
    config = LoraConfig(
        r=rank, lora_alpha=alpha, init_lora_weights="gaussian", target_modules=layers(transformer, family, targets)
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        transformer.add_adapter(config, adapter_name=NAME)
    learned = {name: weight for name, weight in transformer.named_parameters() if weight.requires_grad}
    for weight in learned.values():
        weight.data = weight.data.to(torch.float32)
    return learned


def remove(transformer: Any) -> None:
    """Take the adapter off again."""
    transformer.unload_lora()


def save(path: Path, learned: dict[str, Any], spec: ModelSpec, *, scale: float, told: dict[str, str]) -> Path:
    """Write the adapter as one safetensors file in bfloat16; returns the path.

    Keys are those that diffusers writes for FLUX (`transformer.<layer>.lora_A.weight`), which ComfyUI reads too. The
    factor alpha / rank is multiplied in, so that readers that know no alpha give it the right strength. `told` goes
    into the header.
    """
    from safetensors.torch import save as encode

    tensors = {}
    for name, weight in learned.items():
        layer, _, side = name.replace(f".{NAME}.", ".").rpartition(".lora_")
        tensors[f"transformer.{layer}.lora_{side}"] = _kept(name, weight, scale).cpu().contiguous()
    header = {"format": "pt", "fluxkit.family": spec.family, "modelspec.architecture": f"{spec.family}/lora", **told}
    write_atomic(path, _in_order(encode(tensors, metadata=header)))
    return path


@contextmanager
def as_kept(learned: dict[str, Any], best: dict[str, Any], *, scale: float) -> Iterator[None]:
    """Give the parameters the values that a file of `best` holds, and afterwards their own again, to the bit."""
    import torch

    own = {name: weight.detach().clone() for name, weight in learned.items()}
    try:
        with torch.no_grad():
            for name, weight in learned.items():
                weight.copy_(_kept(name, best[name], scale).float() / _factor(name, scale))
        yield
    finally:
        with torch.no_grad():
            for name, weight in learned.items():
                weight.copy_(own[name])


def _kept(name: str, weight: Any, scale: float) -> Any:
    """A parameter as a file holds it."""
    import torch

    return (weight.detach().float() * _factor(name, scale)).to(torch.bfloat16)


def _factor(name: str, scale: float) -> float:
    return scale if name.rpartition(".lora_")[2].startswith("B") else 1.0


def _in_order(data: bytes) -> bytes:
    """The same file with its header sorted: safetensors writes it in an order of chance, and equal adapters are to be
    equal files."""
    length = int.from_bytes(data[:8], "little")
    ordered = json.dumps(json.loads(data[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    ordered += b" " * (-len(ordered) % 8)
    return len(ordered).to_bytes(8, "little") + ordered + data[8 + length :]


def header(path: Path) -> dict[str, str]:
    """What a file says of itself."""
    from safetensors import safe_open

    with safe_open(str(path), "pt") as opened:
        return dict(opened.metadata() or {})


def told(**facts: Any) -> dict[str, str]:
    """Facts for a header: strings as they are, the rest as JSON."""
    return {
        f"fluxkit.{name}": fact if isinstance(fact, str) else json.dumps(fact, sort_keys=True)
        for name, fact in facts.items()
    }
