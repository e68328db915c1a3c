"""Keeps a diffusers folder small: matrices as 8-bit floats, which plain diffusers casts to whatever it is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

PARTS = ("transformer", "vae", "text_encoder", "text_encoder_2")


def compact(folder: Path) -> int:
    """Rewrites every weights file of a pipeline folder with its matrices as float8 (e4m3); returns the folder's bytes.

    Vectors (biases, norms) stay as they are. A weight moves by 3 % of itself at most; docs/nano.md measures what that
    does to pictures.
    """
    for file in sorted(folder.rglob("*.safetensors")):
        small = {name: eighths(weight) for name, weight in load_file(file).items()}
        save_file(small, file, metadata={"format": "pt"})
    for part in ("text_encoder", "text_encoder_2"):
        load_in_full_precision(folder / part / "config.json")
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def eighths(weight: Tensor) -> Tensor:
    """A matrix or a convolution as 8-bit floats; anything of one dimension in half precision."""
    return weight.to(torch.float8_e4m3fn if weight.ndim >= 2 else torch.float16).contiguous()


def rounded(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights as they come back from a compact folder, in full precision."""
    return {name: eighths(weight).float() for name, weight in state.items()}


def load_in_full_precision(config: Path) -> None:
    """Transformers loads a part in the precision its config names, diffusers in float32: they must agree."""
    settings: dict[str, Any] = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps({**settings, "dtype": "float32"}, indent=2) + "\n", encoding="utf-8")
