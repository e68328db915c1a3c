"""Tiny FLUX pipelines with random weights, made in code: every class that fluxkit runs, under 1 MB, no download.

Widths and depths are tiny; the geometry is real (a VAE of factor 8, 16 or 32 latent channels, 2 x 2 packing), so that
sizes, packing and channel counts behave as in the real checkpoints. The weights are seeded, so a folder made twice
holds the same numbers.
"""

from __future__ import annotations

from tests.tiny.beside import control_lora, controlnet, depth_model, ip_adapter, lora
from tests.tiny.flux3 import FLUX3_LAYERS, flux3
from tests.tiny.pipelines import OUT_LAYERS, flux1, flux2_dev, flux2_klein, redux_prior, saved
from tests.tiny.tokenizers import WORDS

__all__ = [
    "FLUX3_LAYERS",
    "OUT_LAYERS",
    "WORDS",
    "control_lora",
    "controlnet",
    "depth_model",
    "flux1",
    "flux2_dev",
    "flux2_klein",
    "flux3",
    "ip_adapter",
    "lora",
    "redux_prior",
    "saved",
]
