"""FLUX.1's own arithmetic: its two text encoders, its pictures as words, and its latents.

Each function computes what diffusers 0.42's `FluxPipeline` computes, operation for operation; the tests compare pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fluxkit.engines.local.embeds import Embeds
from fluxkit.shots.inputs import ReferenceImage

LATENT_FACTOR = 8
"""Pixels of the picture for one latent; two by two latents make a token."""


def encode(parts: Any, text: str, window: int) -> Embeds:
    """A text as T5's token vectors and CLIP's pooled vector, in the number format of the encoders."""
    import torch

    with torch.no_grad():  # with gradients on, attention takes another kernel and the pixels drift
        clip = parts["text_encoder"]
        ids = _ids(parts["tokenizer"], text, parts["tokenizer"].model_max_length)
        pooled = clip(ids.to(clip.device), output_hidden_states=False).pooler_output.to(clip.dtype)
        t5 = parts["text_encoder_2"]
        ids = _ids(parts["tokenizer_2"], text, window)
        tokens = t5(ids.to(t5.device), output_hidden_states=False)[0].to(t5.dtype)
    return Embeds(tokens, pooled)


def blend(parts: Any, pictures: Sequence[ReferenceImage], words: Embeds) -> Embeds:
    """Words joined by the tokens that Redux makes of pictures; several pictures are summed, each with its weight.

    A picture without a weight counts one part of as many as there are pictures, so that two are not twice as strong.
    """
    import torch

    encoder, embedder = parts["image_encoder"], parts["image_embedder"]
    scales = [picture.weight if picture.weight is not None else 1 / len(pictures) for picture in pictures]
    with torch.no_grad():
        seen = parts["feature_extractor"].preprocess(
            images=[picture.image for picture in pictures], do_resize=True, return_tensors="pt", do_convert_rgb=True
        )
        hidden = encoder(**seen.to(device=encoder.device, dtype=encoder.dtype)).last_hidden_state
        found = embedder(hidden).image_embeds
        device, dtype = found.device, found.dtype
        tokens = torch.cat([words.tokens.to(device).expand(len(pictures), -1, -1), found], dim=1)
        scale = torch.tensor(scales, device=device, dtype=dtype)
        tokens = (tokens * scale[:, None, None]).sum(dim=0, keepdim=True)
        pooled = (words.pooled.to(device).expand(len(pictures), -1) * scale[:, None]).sum(dim=0, keepdim=True)
    return Embeds(tokens, pooled)


def noise(channels: int, width: int, height: int, seed: int, dtype: Any, device: str) -> Any:
    """The starting latents of a seed, packed as tokens; drawn on the CPU, so the same on every device."""
    import torch

    rows, columns = height // LATENT_FACTOR, width // LATENT_FACTOR
    drawn = torch.randn(
        (1, channels, rows, columns), generator=torch.Generator("cpu").manual_seed(seed), device="cpu", dtype=dtype
    )
    return pack(drawn.to(device))


def pack(latents: Any) -> Any:
    """Latents (1, channels, rows, columns) as tokens (1, rows x columns / 4, 4 x channels)."""
    batch, channels, rows, columns = latents.shape
    squares = latents.view(batch, channels, rows // 2, 2, columns // 2, 2).permute(0, 2, 4, 1, 3, 5)
    return squares.reshape(batch, (rows // 2) * (columns // 2), channels * 4)


def unpack(tokens: Any, width: int, height: int) -> Any:
    """Tokens back as latents (1, channels, rows, columns) for a picture size in pixels."""
    batch, _count, channels = tokens.shape
    rows, columns = height // LATENT_FACTOR, width // LATENT_FACTOR
    squares = tokens.view(batch, rows // 2, columns // 2, channels // 4, 2, 2).permute(0, 3, 1, 4, 2, 5)
    return squares.reshape(batch, channels // 4, rows, columns)


def positions(width: int, height: int, dtype: Any, device: str) -> Any:
    """The place of each latent token as (0, row, column)."""
    import torch

    rows, columns = height // LATENT_FACTOR // 2, width // LATENT_FACTOR // 2
    ids = torch.zeros(rows, columns, 3)
    ids[..., 1] += torch.arange(rows)[:, None]
    ids[..., 2] += torch.arange(columns)[None, :]
    return ids.reshape(rows * columns, 3).to(device=device, dtype=dtype)


def decode(vae: Any, tokens: Any, width: int, height: int) -> Any:
    """Packed latents as a picture tensor (1, 3, height, width), about -1 to 1."""
    import torch

    with torch.inference_mode():
        latents = unpack(tokens, width, height) / vae.config.scaling_factor + vae.config.shift_factor
        return vae.decode(latents, return_dict=False)[0]


def _ids(tokenizer: Any, text: str, window: int) -> Any:
    padded = tokenizer([text], padding="max_length", max_length=window, truncation=True, return_tensors="pt")
    return padded.input_ids
