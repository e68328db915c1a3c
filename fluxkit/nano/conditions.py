"""What the siblings see beside the words, made once for many pictures and kept encoded in the work folder.

Run as a program: `python -m fluxkit.nano.conditions --work nano-work --task fill --count 12000`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor

from fluxkit.nano.captions import slots_of
from fluxkit.nano.changes import changed, order
from fluxkit.nano.data import SEED, pictures
from fluxkit.nano.dit import encode, encoded, trained_vae
from fluxkit.nano.masks import mask
from fluxkit.nano.model import pack
from fluxkit.nano.progress import Log, save
from fluxkit.nano.render import render
from fluxkit.nano.render.depth import depth
from fluxkit.nano.scenes import caption
from fluxkit.nano.vae import to_model
from fluxkit.nano.worlds import sample

Task = Literal["fill", "kontext", "control"]
CANNY = (100, 200)
"""Gradient thresholds of the edge maps, as `ControlMap.canny` has them."""
BLOCK = 48


@dataclass(frozen=True)
class Conditions:
    """The pictures of a task: `latents` (n, tokens, channels) beside which index and side they belong to."""

    index: Tensor
    """Which training picture each belongs to."""
    side: Tensor
    """1 where the picture is mirrored."""
    latents: Tensor
    """The masked picture, the control map, or the changed picture, centred as the model takes latents."""
    masks: Tensor | None = None
    """`fill` only: packed bits (n, 128 * 128 / 8), 1 where painted anew."""
    orders: list[list[str]] | None = None
    """`kontext` only: the slots that ask for the change."""
    undo: list[list[str]] | None = None
    """`kontext` only: the slots that ask for the way back."""


def edges(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """White edges on black, as the local engine finds them."""
    found = cv2.Canny(np.ascontiguousarray(picture), *CANNY)
    return np.repeat(np.asarray(found, np.uint8)[..., None], 3, -1)


def fill_mask(hidden: Tensor) -> Tensor:
    """A mask (n, 128, 128) as `FluxFillPipeline` packs it beside the latents: (n, 64, 256)."""
    n, height, width = hidden.shape
    cells = hidden.view(n, height // 8, 8, width // 8, 8).permute(0, 2, 4, 1, 3)
    n, a, b, rows, columns = cells.shape
    cells = cells.reshape(n, a * b, rows // 2, 2, columns // 2, 2).permute(0, 2, 4, 1, 3, 5)
    return cells.reshape(n, rows * columns // 4, a * b * 4)


def unpacked(bits: Tensor, size: int = 128) -> Tensor:
    """Masks (n, size, size) of 0 and 1 from their bits."""
    flat = np.unpackbits(bits.numpy(), axis=-1)
    return torch.from_numpy(flat).view(len(bits), size, size)


def conditions(work: Path, task: Task, count: int, data: NDArray[np.uint8], vae: AutoencoderKL) -> Conditions:
    """The conditions of a task, made now where the work folder does not hold them."""
    path = work / f"{task}-conditions.pt"
    if path.exists():
        kept = torch.load(path, weights_only=True)
        kept.pop("torch_rng", None)
        return Conditions(**kept)
    _, shift, scale = encoded(work, data, vae)
    found = {"fill": _fill, "kontext": _kontext, "control": _control}[task](data, vae, count, Log(work))
    found["latents"] = ((found["latents"] - shift) * scale).to(torch.bfloat16)
    save(path, found)
    return Conditions(**found)


def _encode(vae: AutoencoderKL, pictures_: Tensor) -> Tensor:
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        return pack(vae.encode(pictures_).latent_dist.mode().float())


def _blocks(count: int, name: str, log: Callable[[str], None]) -> Iterator[range]:
    for start in range(0, count, BLOCK):
        yield range(start, min(start + BLOCK, count))
        if start % (BLOCK * 20) == 0:
            log(f"conditions {name} {start}/{count}")


def _sides(count: int, salt: int) -> NDArray[np.int64]:
    return np.random.default_rng((SEED, salt)).integers(0, 2, count)


def _seen(data: NDArray[np.uint8], index: int, side: int) -> NDArray[np.uint8]:
    return np.asarray(data[index][:, ::-1] if side else data[index])


def _fill(data: NDArray[np.uint8], vae: AutoencoderKL, count: int, log: Callable[[str], None]) -> dict[str, Any]:
    sides, latents, bits = _sides(count, 4), [], []
    for block in _blocks(count, "fill", log):
        hidden = [mask(sample(SEED, i), SEED, i)[:, :: -1 if sides[i] else 1] for i in block]
        stack = np.stack([_seen(data, i, int(sides[i])) for i in block])
        known = 1 - torch.from_numpy(np.stack(hidden)).float()[:, None]
        latents.append(_encode(vae, to_model(stack) * known))
        bits.append(torch.from_numpy(np.packbits(np.stack(hidden).reshape(len(hidden), -1), axis=-1)))
    return {
        "index": torch.arange(count),
        "side": torch.from_numpy(sides),
        "latents": torch.cat(latents),
        "masks": torch.cat(bits),
    }


def _control(data: NDArray[np.uint8], vae: AutoencoderKL, count: int, log: Callable[[str], None]) -> dict[str, Any]:
    """Depth maps for the even pictures, edges for the odd ones."""
    sides, latents = _sides(count, 5), []
    for block in _blocks(count, "control", log):
        maps = []
        for i in block:
            found = edges(data[i]) if i % 2 else depth(sample(SEED, i))
            maps.append(found[:, ::-1] if sides[i] else found)
        latents.append(encode(vae, np.stack(maps)))
    return {"index": torch.arange(count), "side": torch.from_numpy(sides), "latents": torch.cat(latents)}


def _kontext(data: NDArray[np.uint8], vae: AutoencoderKL, count: int, log: Callable[[str], None]) -> dict[str, Any]:
    """Each picture changed, plain and mirrored."""
    latents: list[Tensor] = []
    orders, undo = [], []
    for block in _blocks(count, "kontext", log):
        made = []
        for i in block:
            before = sample(SEED, i)
            after = changed(before, SEED, i)
            told = slots_of(caption(before)), slots_of(caption(after))
            orders.append(order(*told))
            undo.append(order(*reversed(told)))
            made.append(render(after))
        stack = np.stack(made)
        latents.append(torch.stack([encode(vae, stack[:, :, ::step]) for step in (1, -1)], 1))
    both = torch.cat(latents)
    return {
        "index": torch.arange(count).repeat_interleave(2),
        "side": torch.tensor([0, 1]).repeat(count),
        "latents": both.flatten(0, 1),
        "orders": [row for row in orders for _ in range(2)],
        "undo": [row for row in undo for _ in range(2)],
    }


def main() -> None:
    """Makes one task's conditions from the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--work", type=Path, default=Path("nano-work"))
    parser.add_argument("--task", choices=("fill", "kontext", "control"), default="fill")
    parser.add_argument("--count", type=int, default=12000)
    given = parser.parse_args()
    data = pictures(given.work, 26000, 128)
    conditions(given.work, given.task, given.count, data, trained_vae(given.work))


if __name__ == "__main__":
    main()
