"""Training of the autoencoder: 128 x 128 x 3 pictures into 16 x 16 x 16 latents and back.

Run as a program: `python -m fluxkit.nano.vae --work nano-work --count 26000 --steps 6000`. A stopped run goes on.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor, nn

from fluxkit.nano.data import pictures
from fluxkit.nano.progress import Log, Pace, cosine, load, save, set_rate

CHANNELS = (16, 48, 96, 128)
KL_WEIGHT = 1e-4


@dataclass(frozen=True)
class Recipe:
    """How the autoencoder is trained."""

    steps: int
    size: int = 128
    crop: int = 64
    crops: int = 16
    """Batch of the first part, which sees crops."""
    wholes: int = 4
    """Batch of the last part, which sees whole pictures, as the model will."""
    whole_from: float = 0.45
    rate: float = 2e-3
    seed: int = 11


def build() -> AutoencoderKL:
    """An untrained autoencoder with FLUX.1's geometry (16 channels, factor 8) and narrow layers."""
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=CHANNELS,
        layers_per_block=1,
        latent_channels=16,
        norm_num_groups=8,
        use_quant_conv=False,
        use_post_quant_conv=False,
        mid_block_add_attention=False,
        sample_size=128,
    )


def loss(vae: nn.Module, batch: Tensor) -> tuple[Tensor, Tensor]:
    """The training loss of a batch (-1..1), and the reconstruction's mean squared error."""
    with torch.autocast(batch.device.type, dtype=torch.bfloat16):
        posterior = vae.encode(batch).latent_dist
        made = vae.decode(posterior.sample()).sample
    made = made.float()
    edges = sum(
        _edges(nn.functional.avg_pool2d(made - batch, scale) if scale > 1 else made - batch) for scale in (1, 2)
    )
    spread = posterior.kl().float().mean() / posterior.mean[0].numel()
    error = made - batch
    total = error.abs().mean() + 0.8 * edges + _tint(error) + KL_WEIGHT * spread
    return total, error.square().mean().detach()


def _edges(error: Tensor) -> Tensor:
    """How far the slopes are off: keeps outlines crisp where a plain error would blur them."""
    return (error[..., 1:] - error[..., :-1]).abs().mean() + (error[..., 1:, :] - error[..., :-1, :]).abs().mean()


def _tint(error: Tensor) -> Tensor:
    """How far broad areas are off in colour: a small part of a plain error, and otherwise learned last."""
    broad = nn.functional.avg_pool2d(error, 4)
    return broad.abs().mean() + 8 * (broad - broad.mean(1, keepdim=True)).abs().mean()


def _batch(data: NDArray[np.uint8], recipe: Recipe, step: int) -> Tensor:
    rng = np.random.default_rng((recipe.seed, step))
    whole = step >= recipe.whole_from * recipe.steps
    side, count = (recipe.size, recipe.wholes) if whole else (recipe.crop, recipe.crops)
    out = np.empty((count, side, side, 3), np.uint8)
    for i, index in enumerate(rng.integers(0, len(data), count)):
        y, x = rng.integers(0, recipe.size - side + 1, 2)
        picture = data[index, y : y + side, x : x + side]
        out[i] = picture[:, ::-1] if rng.random() < 0.5 else picture
    return to_model(out)


def to_model(images: NDArray[np.uint8]) -> Tensor:
    """Pictures (n, h, w, 3) as the model takes them: (n, 3, h, w), -1..1."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1).contiguous()


def train(work: Path, data: NDArray[np.uint8], recipe: Recipe, *, device: str = "cpu") -> AutoencoderKL:
    """The trained autoencoder; continues from `vae.pt` in the work folder."""
    torch.manual_seed(recipe.seed)
    log, vae = Log(work), build().to(device)
    optimizer = torch.optim.AdamW(
        [{"params": vae.parameters(), "peak": recipe.rate}], betas=(0.9, 0.99), weight_decay=0
    )
    state: dict[str, Any] | None = load(work / "vae.pt")
    first = 0
    if state:
        vae.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
    pace, error = Pace(first, recipe.steps), 0.0
    for step in range(first, recipe.steps):
        set_rate(optimizer, cosine(step, recipe.steps))
        value, squared = loss(vae, _batch(data, recipe, step).to(device))
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimizer.step()
        error = 0.97 * error + 0.03 * float(squared) if error else float(squared)
        if (step + 1) % 100 == 0:
            psnr = 10 * np.log10(4 / error)
            found = f"loss {float(value.detach()):.4f} psnr {psnr:.2f} dB"
            log(f"vae {step + 1}/{recipe.steps} {found}, ends {pace.eta(step + 1)}")
        if (step + 1) % 500 == 0 or step + 1 == recipe.steps:
            save(work / "vae.pt", {"model": vae.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1})
    return vae.eval()


def main() -> None:
    """Trains from the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--work", type=Path, default=Path("nano-work"))
    parser.add_argument("--count", type=int, default=26000)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    recipe = Recipe(steps=given.steps)
    train(given.work, pictures(given.work, given.count, recipe.size), recipe, device=given.device)


if __name__ == "__main__":
    main()
