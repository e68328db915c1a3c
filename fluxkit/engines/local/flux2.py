"""FLUX.2's own arithmetic: words through three layers of a language model, and latents normalised over 128 channels."""

from __future__ import annotations

from typing import Any

from fluxkit.engines.local.embeds import Embeds


def encode(parts: Any, text: str, window: int) -> Embeds:
    """A text as three stacked hidden layers of the language model, in the encoder's number format."""
    import torch
    from diffusers import Flux2KleinPipeline, Flux2Pipeline

    encoder, tokenizer = parts["text_encoder"], parts["tokenizer"]
    options = {"max_sequence_length": window, "hidden_states_layers": layers(encoder.config)}
    with torch.no_grad():
        if "Mistral" in type(encoder).__name__:
            return Embeds(Flux2Pipeline._get_mistral_3_small_prompt_embeds(encoder, tokenizer, text, **options))
        return Embeds(Flux2KleinPipeline._get_qwen3_prompt_embeds(encoder, tokenizer, text, **options))


def layers(config: Any) -> tuple[int, ...]:
    """The layers that are read: at a quarter, half and three quarters of the model's depth.

    This gives 10, 20, 30 of the 40 layers of Mistral Small 3 and 9, 18, 27 of the 36 of Qwen3, as BFL trained them.
    """
    depth = getattr(config, "text_config", config).num_hidden_layers
    return tuple(depth * quarter // 4 for quarter in (1, 2, 3))


def decode(vae: Any, latents: Any, width: int, height: int) -> Any:
    """Latents, packed (1, tokens, 128) or not, as a picture tensor (1, 3, height, width) of about -1 to 1."""
    import torch

    with torch.inference_mode():
        if latents.ndim == 3:
            latents = _unpacked(vae, latents, width, height)
        return vae.decode(latents, return_dict=False)[0]


def _unpacked(vae: Any, tokens: Any, width: int, height: int) -> Any:
    """Tokens back as latents (1, 32, rows, columns), with the normalisation over channels undone."""
    import torch

    batch, _count, channels = tokens.shape
    rows, columns = height // 16, width // 16
    latents = tokens.permute(0, 2, 1).reshape(batch, channels, rows, columns)
    mean = vae.bn.running_mean.view(1, -1, 1, 1).to(latents.device, latents.dtype)
    deviation = torch.sqrt(vae.bn.running_var.view(1, -1, 1, 1) + vae.config.batch_norm_eps)
    latents = latents * deviation.to(latents.device, latents.dtype) + mean
    squares = latents.reshape(batch, channels // 4, 2, 2, rows, columns).permute(0, 1, 4, 2, 5, 3)
    return squares.reshape(batch, channels // 4, rows * 2, columns * 2)
