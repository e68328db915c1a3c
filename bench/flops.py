"""How many floating-point operations a step takes, by a closed formula, checked against torch's own count.

    python bench/flops.py

The formula needs a model's widths alone; `FlopCounterMode` counts the real class on the meta device (on a CPU it counts
0 for attention, pytorch issue 195460). Exits with an error where the two are not equal.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")


@dataclass(frozen=True)
class Shape:
    """What decides the work of one pass: blocks, width, channels, and how wide the MLP is."""

    double: int
    single: int
    width: int
    words: int
    inner: int
    """Numbers of the wide middle of an MLP for each number of the width: 4, or 3 twice where it is gated."""
    channels: int = 64
    pooled: int = 0
    guided: bool = True
    shared_modulation: bool = False


SHAPES = {
    "flux.1-dev": Shape(19, 38, 3072, 4096, 8, pooled=768),
    "flux.1-schnell": Shape(19, 38, 3072, 4096, 8, pooled=768, guided=False),
    "flux.2-dev": Shape(8, 48, 6144, 15360, 9, channels=128, shared_modulation=True),
    "flux.2-klein-4b": Shape(5, 20, 3072, 7680, 9, channels=128, guided=False, shared_modulation=True),
    "flux.2-klein-9b": Shape(8, 24, 4096, 12288, 9, channels=128, guided=False, shared_modulation=True),
}


def of_step(shape: Shape, width: int, height: int, words: int = 512, batch: int = 1) -> int:
    """Operations of one pass of the transformer; a multiplication and an addition are two."""
    tokens = width * height // 256
    both, d = tokens + words, shape.width
    # Attention's four projections and the MLP (in and out) on every token, and the two products of attention.
    blocks = (shape.double + shape.single) * (2 * both * d * d * (4 + shape.inner) + 4 * both * both * d)
    ends = 2 * d * (tokens * shape.channels * 2 + words * shape.words)
    sets = [12 * shape.double, 3 * shape.single] if not shape.shared_modulation else [12, 3]
    modulation = 2 * d * d * (sum(sets) + 2)
    embedded = 2 * d * (256 + d) * (1 + shape.guided) + (2 * d * (shape.pooled + d) if shape.pooled else 0)
    return batch * (blocks + ends + modulation + embedded)


@cache
def real(name: str) -> Any:
    """The real class of a model, without memory."""
    import torch
    from diffusers import Flux2Transformer2DModel, FluxTransformer2DModel

    shape = SHAPES[name]
    with torch.device("meta"):
        if not shape.shared_modulation:
            return FluxTransformer2DModel(guidance_embeds=shape.guided)
        return Flux2Transformer2DModel(
            num_layers=shape.double, num_single_layers=shape.single, num_attention_heads=shape.width // 128,
            joint_attention_dim=shape.words, guidance_embeds=shape.guided,
        )  # fmt: skip


def counted(name: str, side: int) -> int:
    """Torch's count of the real class."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    shape, tokens = SHAPES[name], side * side // 256
    places = 4 if shape.shared_modulation else 3
    made = real(name)
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        given = {
            "hidden_states": torch.empty(1, tokens, shape.channels),
            "encoder_hidden_states": torch.empty(1, 512, shape.words),
            "timestep": torch.empty(1),
            "guidance": torch.empty(1) if shape.guided else None,
            "img_ids": torch.empty(tokens, places),
            "txt_ids": torch.empty(512, places),
        }
        if shape.pooled:
            given["pooled_projections"] = torch.empty(1, shape.pooled)
        made(**given)
    return int(counter.get_total_flops())


def main() -> int:
    """Print the table; returns the exit status."""
    apart = 0.0
    for name, shape in SHAPES.items():
        for side in (512, 1024, 2048):
            ours, theirs = of_step(shape, side, side), counted(name, side)
            apart = max(apart, abs(ours / theirs - 1))
            print(f"| {name}, {side} x {side} | {ours / 1e12:.2f} TFLOP | {ours / theirs:.5f} |")
    return 0 if apart < 5e-4 else 1


if __name__ == "__main__":
    sys.exit(main())
