"""Pictures as a model's own latents, and the question that training asks: which way from noise to the picture?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fluxkit.engines.local import flux1, velocity
from fluxkit.engines.local.embeds import Embeds
from fluxkit.errors import CapabilityError
from fluxkit.models import ModelSpec

if TYPE_CHECKING:
    from PIL.Image import Image


def encode(vae: Any, picture: Image, family: str) -> Any:
    """The picture as packed latents (1, tokens, channels), float32 on the CPU: what a finished denoising run ends with.

    Computed as diffusers 0.42's image-to-image pipelines do, from the middle of the VAE's distribution.
    """
    import numpy as np
    import torch

    values = torch.from_numpy(np.asarray(picture.convert("RGB"), np.float32) / 127.5 - 1)
    pixels = values.permute(2, 0, 1)[None].to(vae.device, vae.dtype)
    with torch.no_grad():
        found = vae.encode(pixels).latent_dist.mode()
        if family == "flux.1":
            tokens = flux1.pack((found - vae.config.shift_factor) * vae.config.scaling_factor)
        else:
            tokens = _packed_32(vae, found)
    return tokens.float().cpu()


def _packed_32(vae: Any, found: Any) -> Any:
    """FLUX.2's latents: two by two in a token, then normalised over 128 channels."""
    import torch

    batch, channels, rows, columns = found.shape
    squares = found.view(batch, channels, rows // 2, 2, columns // 2, 2).permute(0, 1, 3, 5, 2, 4)
    latents = squares.reshape(batch, channels * 4, rows // 2, columns // 2)
    mean = vae.bn.running_mean.view(1, -1, 1, 1).to(latents.device, latents.dtype)
    deviation = torch.sqrt(vae.bn.running_var.view(1, -1, 1, 1) + vae.config.batch_norm_eps)
    latents = (latents - mean) / deviation.to(latents.device, latents.dtype)
    return latents.reshape(batch, channels * 4, -1).permute(0, 2, 1)


class Question:
    """One training example at one noise level: noisy latents, and the answer that the model should give.

    Rectified flow (Liu et al. 2022; Esser et al. 2024, the way FLUX was trained): at noise level s the latents are
    (1 - s) x picture + s x noise, and the model answers noise - picture.
    """

    def __init__(self, picture: Any, noise: Any, level: Any) -> None:
        """`picture` and `noise` of shape (n, tokens, channels), `level` of shape (n,) from 0 to 1; all float32."""
        at = level.view(-1, 1, 1)
        self.noisy = (1 - at) * picture + at * noise
        self.answer = noise - picture
        self.level = level


def levels(kind: str, count: int, generator: Any, shift: float = 1.0) -> Any:
    """Noise levels to train at, shape (count,): `uniform`, or `logit-normal`, which dwells in the middle.

    `shift` above 1 moves them towards noise, as large pictures need: s' = shift s / (1 + (shift - 1) s).
    """
    import torch

    if kind == "uniform":
        drawn = torch.rand(count, generator=generator)
    else:
        drawn = torch.sigmoid(torch.randn(count, generator=generator))
    return shift * drawn / (1 + (shift - 1) * drawn)


def answer(
    transformer: Any, spec: ModelSpec, noisy: Any, level: Any, words: Embeds, *, size: tuple[int, int], guidance: float
) -> Any:
    """What the model says: the direction from the picture to the noise, shape (n, tokens, channels).

    `words` are joined over the batch, `size` is (width, height) in pixels.
    """
    import torch

    device = noisy.device.type if noisy.device.index is None else str(noisy.device)
    dtype = words.tokens.dtype
    given: dict[str, Any] = {
        "hidden_states": noisy.to(dtype),
        "timestep": level.to(noisy.device, dtype),
        "encoder_hidden_states": words.tokens,
        "img_ids": velocity.positions(spec.family, *size, dtype, device),
        "txt_ids": velocity.word_positions(spec.family, words.tokens.shape[1], dtype, device),
        "return_dict": False,
    }
    if words.pooled is not None:
        given["pooled_projections"] = words.pooled
    if transformer.config.guidance_embeds:
        given["guidance"] = torch.full((len(noisy),), guidance, device=noisy.device, dtype=torch.float32)
    return transformer(**given)[0]


def check_family(spec: ModelSpec) -> None:
    """Raise `CapabilityError` for a model that LoRAs are not trained on here."""
    if spec.where != "local" or spec.family not in ("flux.1", "flux.2") or spec.task != "text" or spec.distilled:
        why = "distilled to few steps" if spec.distilled else f"{spec.where}, {spec.family}, for {spec.task}"
        raise CapabilityError(
            f"A LoRA was to be trained on {spec.id}, which is {why}. Open models that make pictures from words and are "
            f"not distilled to few steps learn: flux.1-dev, flux.1-krea-dev, flux.2-dev, flux.2-klein-base-4b, "
            f"flux.2-klein-base-9b, nano. Train on one of them; FLUX.1 LoRAs also act on schnell."
        )
