"""What a step and a decode need beside the weights, counted on torch's meta device; nothing is computed.

    python bench/activations.py

The real transformers and VAEs run with two blocks of each kind: a block frees what the one before it took, so the peak
is that of the whole model. Every tensor is followed from its making to its end. Attention counts as a kernel that keeps
no table of scores. Prints rows for docs/benchmarks.md beside the forecast's own figures, and exits with an error where
they are more than 5 % apart.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fluxkit import models
from fluxkit.models.forecast import forecast

FLUX2 = {"flux.2-dev": (48, 15360, True), "flux.2-klein-4b": (24, 7680, False), "flux.2-klein-9b": (32, 12288, False)}
"""Heads, channels of the words, and whether guidance is embedded."""


class Live(TorchDispatchMode):
    """The bytes of every tensor that is made inside and still lives, and their peak."""

    def __init__(self) -> None:
        super().__init__()
        self._alive: dict[int, tuple[Any, int]] = {}
        self.peak = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        given = {t.untyped_storage()._cdata for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)}
        for tensor in (t for t in tree_leaves(made) if isinstance(t, torch.Tensor)):
            storage = tensor.untyped_storage()
            if storage._cdata not in given:
                self._alive.setdefault(storage._cdata, (StorageWeakRef(storage), storage.nbytes()))
        self._alive = {key: entry for key, entry in self._alive.items() if not entry[0].expired()}
        self.peak = max(self.peak, sum(size for _, size in self._alive.values()))
        return made


class Fused(TorchFunctionMode):
    """Attention as a fused kernel: its result, and no table of scores."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.nn.functional.scaled_dot_product_attention:
            return torch.empty_like(args[0] if args else kwargs["query"])
        return func(*args, **(kwargs or {}))


def peak(work: Callable[[], Any]) -> int:
    """The most bytes alive at once while something runs, of those made inside."""
    with torch.no_grad(), Fused(), Live() as live:
        work()
    return live.peak


def empty(*shape: int, dtype: Any = torch.bfloat16) -> Any:
    """A tensor without memory."""
    return torch.empty(*shape, device="meta", dtype=dtype)


def step_bytes(name: str, side: int, batch: int = 1) -> int:
    """What one pass of a model's transformer takes for pictures of `side` x `side` pixels."""
    from diffusers import Flux2Transformer2DModel, FluxTransformer2DModel

    tokens = side * side // 256
    words = min(512, max(models.get(name).windows.values()))
    with torch.device("meta"):
        if name in FLUX2:
            heads, channels, guided = FLUX2[name]
            made = Flux2Transformer2DModel(
                num_layers=2, num_single_layers=2, num_attention_heads=heads, joint_attention_dim=channels,
                guidance_embeds=guided,
            )  # fmt: skip
        else:
            channels, guided = 4096, name == "flux.1-dev"
            made = FluxTransformer2DModel(num_layers=2, num_single_layers=2, guidance_embeds=guided)
    transformer: Any = made.to(torch.bfloat16)
    given = {
        "hidden_states": empty(batch, tokens, 128 if name in FLUX2 else 64),
        "encoder_hidden_states": empty(batch, words, channels),
        "timestep": empty(batch),
        "guidance": empty(batch) if guided else None,
        "img_ids": empty(tokens, 4 if name in FLUX2 else 3),
        "txt_ids": empty(words, 4 if name in FLUX2 else 3),
        "return_dict": False,
    }
    if name not in FLUX2:
        given["pooled_projections"] = empty(batch, 768)
    return peak(lambda: transformer(**given))


def decode_bytes(name: str, side: int) -> int:
    """What turning one picture's latents into pixels takes."""
    from diffusers import AutoencoderKL, AutoencoderKLFlux2

    with torch.device("meta"):
        made = AutoencoderKLFlux2() if name in FLUX2 else AutoencoderKL(
            latent_channels=16, block_out_channels=(128, 256, 512, 512), layers_per_block=2,
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
            use_quant_conv=False, use_post_quant_conv=False,
        )  # fmt: skip
    vae: Any = made.to(torch.bfloat16)
    latents = empty(1, 32 if name in FLUX2 else 16, side // 8, side // 8)
    return peak(lambda: vae.decode(latents, return_dict=False))


def main() -> int:
    """Print the table; returns the exit status."""
    from fluxkit.engines.local.device import quiet

    worst = 0.0
    for name in ("flux.1-dev", "flux.1-schnell", *FLUX2):
        for side, batch in ((512, 1), (1024, 1), (1024, 4), (2048, 1)):
            told = forecast(models.get(name), side, side, batch=batch)
            weights = told.stages("offload")["denoise"] - told._step()
            with quiet():
                step, decode = step_bytes(name, side, batch), decode_bytes(name, side)
            apart = max(abs(told._step() - step) / step, abs(told.beside() - decode) / decode)
            worst = max(worst, apart)
            print(
                f"| {name}, {side} x {side}, batch {batch} | {step / 1e9:.2f} GB | {told._step() / 1e9:.2f} GB "
                f"| {decode / 1e9:.2f} GB | {told.beside() / 1e9:.2f} GB | {weights / 1e9:.1f} GB |"
            )
    return 0 if worst < 0.05 else 1


if __name__ == "__main__":
    sys.exit(main())
