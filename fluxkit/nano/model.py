"""What learns from captions: text encoders, the FLUX transformer, and the flow they are trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from diffusers import FluxTransformer2DModel
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, T5Config, T5EncoderModel

from fluxkit.nano.text import CLIP_WINDOW, END, PAD, START

TEXT_WIDTH = 128
LATENT = 64
"""Numbers in a token of the latents: 16 channels, two by two."""
GUIDANCE = (1.0, 6.0)
"""The guidance that nano is taught to answer."""


class Nano(nn.Module):  # type: ignore[misc]
    """CLIP and T5 text encoders and the transformer, called as `FluxPipeline` calls them.

    `channels` is more than 64 for a model that takes something beside the noisy latents: a mask, a control map.
    """

    def __init__(self, words: int, channels: int = LATENT) -> None:
        super().__init__()
        self.clip = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=words,
                hidden_size=TEXT_WIDTH,
                intermediate_size=256,
                num_hidden_layers=2,
                num_attention_heads=4,
                projection_dim=TEXT_WIDTH,
                max_position_embeddings=CLIP_WINDOW,
                pad_token_id=PAD,
                bos_token_id=START,
                eos_token_id=END,
            )
        )
        self.t5 = T5EncoderModel(
            T5Config(
                vocab_size=words,
                d_model=TEXT_WIDTH,
                d_kv=32,
                d_ff=256,
                num_layers=2,
                num_heads=4,
                dropout_rate=0.0,
                feed_forward_proj="gated-gelu",
                is_encoder_decoder=False,
                pad_token_id=PAD,
                eos_token_id=END,
            )
        )
        self.transformer = FluxTransformer2DModel(
            patch_size=1,
            in_channels=channels,
            out_channels=LATENT,
            num_layers=1,
            num_single_layers=7,
            attention_head_dim=64,
            num_attention_heads=3,
            joint_attention_dim=TEXT_WIDTH,
            pooled_projection_dim=TEXT_WIDTH,
            guidance_embeds=True,
            axes_dims_rope=(16, 24, 24),
        )
        _start_small(self)

    def read(self, text: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """The pooled and the token-wise reading of a batch of captions."""
        clip, t5 = text
        return self.clip(input_ids=clip).pooler_output, self.t5(input_ids=t5).last_hidden_state

    def forward(
        self,
        noisy: Tensor,
        time: Tensor,
        guidance: Tensor,
        read: tuple[Tensor, Tensor],
        condition: Tensor | None = None,
    ) -> Tensor:
        """The velocity (noise minus picture) at `noisy` latents of shape (n, tokens, 64), times 0..1.

        `condition` is what else the model sees: more channels of the same tokens, or, with 64 channels of its own, a
        reference picture whose tokens follow the others (as FLUX.1 Kontext reads it).
        """
        count = noisy.shape[1]
        side = int(count**0.5)
        places = positions(side, side)
        follows = condition is not None and self.transformer.config.in_channels == LATENT
        if follows:
            places = torch.cat([places, places + torch.tensor([1.0, 0.0, 0.0])])
        if condition is not None:
            noisy = torch.cat([noisy, condition], 1 if follows else 2)
        velocity: Tensor = self.transformer(
            hidden_states=noisy,
            encoder_hidden_states=read[1],
            pooled_projections=read[0],
            timestep=time,
            guidance=guidance,
            img_ids=places.to(noisy.device),
            txt_ids=torch.zeros(read[1].shape[1], 3, device=noisy.device),
            return_dict=False,
        )[0]
        return velocity[:, :count]


def _start_small(nano: Nano) -> None:
    """Gates and the last layer start at zero, so that every block begins as no change (Peebles and Xie, 2023)."""
    for name, part in nano.transformer.named_modules():
        if isinstance(part, nn.Linear):
            nn.init.xavier_uniform_(part.weight)
            nn.init.zeros_(part.bias)
            if (".norm" in name and name.endswith("linear")) or name in ("proj_out", "norm_out.linear"):
                nn.init.zeros_(part.weight)


def positions(rows: int, columns: int) -> Tensor:
    """The place of each token, as `FluxPipeline` numbers them."""
    ids = torch.zeros(rows, columns, 3)
    ids[..., 1] += torch.arange(rows)[:, None]
    ids[..., 2] += torch.arange(columns)[None]
    return ids.reshape(rows * columns, 3)


def pack(latents: Tensor) -> Tensor:
    """Latents (n, 16, h, w) as tokens of two by two: (n, h/2 * w/2, 64)."""
    n, c, h, w = latents.shape
    return latents.view(n, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(n, h * w // 4, c * 4)


def unpack(tokens: Tensor) -> Tensor:
    """The inverse of `pack` for square pictures."""
    n, count, channels = tokens.shape
    side = int(count**0.5)
    return (
        tokens.view(n, side, side, channels // 4, 2, 2)
        .permute(0, 3, 1, 4, 2, 5)
        .reshape(n, channels // 4, 2 * side, 2 * side)
    )


@dataclass(frozen=True)
class Draw:
    """One batch of the flow: pictures on their way to noise."""

    noisy: Tensor
    time: Tensor
    velocity: Tensor


def draw(latents: Tensor, chance: torch.Generator) -> Draw:
    """Rectified flow with logit-normal times (Esser et al., 2024)."""
    noise = torch.randn(latents.shape, generator=chance)
    time = torch.sigmoid(torch.randn(len(latents), generator=chance))
    mix = time[:, None, None]
    return Draw((1 - mix) * latents + mix * noise, time, noise - latents)


def optimizers(nano: Nano, rate: float, inputs: float = 1.0) -> list[torch.optim.Optimizer]:
    """Muon for the blocks' matrices, AdamW for everything else; each group keeps its peak rate.

    `inputs` is how much faster the first layer learns: a sibling's begins at zero for what it sees beside the words.
    """
    matrices: list[Tensor] = []
    first: list[Tensor] = []
    others: list[Tensor] = []
    for name, weight in nano.named_parameters():
        inner = "transformer_blocks" in name and weight.ndim == 2 and ".norm" not in name
        early = name == "transformer.x_embedder.weight"
        (matrices if inner else first if early else others).append(weight)
    muon = torch.optim.Muon(
        [{"params": matrices, "peak": rate}], lr=rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"
    )
    groups = [{"params": others, "peak": rate}, {"params": first, "peak": rate * inputs}]
    adam = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), weight_decay=0.0)
    return [muon, adam]


def count(part: nn.Module) -> Any:
    """Parameters of a part."""
    return sum(weight.numel() for weight in part.parameters())
