"""The siblings that work on a picture: filling a mask, following a map, changing a photograph by an order.

Each starts from nano's own weights, widened by inputs that begin at zero, so that its training takes minutes.

Run as a program: `python -m fluxkit.nano.siblings --work nano-work --task fill --steps 900`. A stopped run goes on.
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from fluxkit.nano import dit, text
from fluxkit.nano.captions import captions, mirrored_slots
from fluxkit.nano.conditions import Conditions, Task, conditions, fill_mask, unpacked
from fluxkit.nano.data import pictures
from fluxkit.nano.model import LATENT, Nano
from fluxkit.nano.progress import save

CHANNELS: dict[Task, int] = {"fill": LATENT * 2 + 256, "control": LATENT * 2, "kontext": LATENT}
"""What each transformer takes in, as diffusers' pipelines give it: 384, 128 and 64."""
COUNT: dict[Task, int] = {"fill": 12000, "kontext": 8000, "control": 6000}
"""Pictures that each task is taught with."""
RECIPES: dict[Task, dit.Recipe] = {
    "fill": dit.Recipe(
        steps=2300, batch=48, rate=1e-3, seed=21, drop_all=0.15, average=0.98, inputs=4.0, save_every=50
    ),
    "kontext": dit.Recipe(
        steps=1100, batch=40, rate=1e-3, seed=22, drop_all=0.05, drop_slots=0.0, average=0.98, save_every=50
    ),
    "control": dit.Recipe(steps=1500, batch=48, rate=1e-3, seed=23, average=0.98, inputs=4.0, save_every=50),
}
"""How each of the shipped siblings learns the flow."""
GUIDE = dit.Recipe(steps=250, batch=32, rate=5e-4, seed=24, drop_all=0.05, average=0.98, save_every=50)
"""How a sibling then learns its guidance."""
GUIDED: dict[Task, int] = {"fill": GUIDE.steps, "control": GUIDE.steps, "kontext": 0}
"""Steps of that stage. An order and its picture leave little open: guidance would only overdo what is asked."""


class Tasks:
    """The examples of one task: a picture, its caption or the order for it, and what the model sees beside them."""

    def __init__(
        self, task: Task, latents: Tensor, slots: list[list[str]], words: dict[str, int], seen: Conditions
    ) -> None:
        """`latents` are the base's, plain and mirrored (two sides)."""
        self.task, self.latents, self.seen, self.words = task, latents, seen, words
        self._mono, self._hair = text.numbers(["black and white"], words)[0], words.get("hair", text.UNKNOWN)
        told = seen.orders or [slots[int(i)] for i in seen.index]
        self.rows = [self._numbers(row, int(side)) for row, side in zip(told, seen.side, strict=True)]
        back = seen.undo or []
        self.back = [self._numbers(row, int(side)) for row, side in zip(back, seen.side, strict=False)]

    def _numbers(self, row: list[str], side: int) -> list[list[int]]:
        return text.numbers(mirrored_slots(row) if side else row, self.words)

    def batch(self, recipe: dit.Recipe, step: int) -> dit.Batch:
        """The examples of one step, the same for the same step."""
        chance = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        rng = np.random.default_rng((recipe.seed, step))
        at = rng.integers(0, len(self.seen.index), recipe.batch)
        picture = self.latents[self.seen.side[at], self.seen.index[at]].float()
        beside = self.seen.latents[at].float()
        if self.task == "kontext":
            return self._edits(picture, beside, at, recipe, rng, chance)
        rows = [dit.thinned(self.rows[i], recipe, rng) for i in at]
        if self.seen.masks is None:
            return dit.Batch(picture, rows, chance, beside)
        hidden = fill_mask(unpacked(self.seen.masks[at]).float())
        inside = hidden.mean(-1, keepdim=True)
        return dit.Batch(picture, rows, chance, torch.cat([beside, hidden], -1), 0.3 + 1.4 * inside)

    def _edits(
        self,
        before: Tensor,
        after: Tensor,
        at: np.ndarray[Any, Any],
        recipe: dit.Recipe,
        rng: np.random.Generator,
        chance: torch.Generator,
    ) -> dit.Batch:
        """Half of the changes are learned forwards, half backwards."""
        back = rng.random(len(at)) < 0.5
        told = [(self.back if b else self.rows)[i] for i, b in zip(at, back, strict=True)]
        rows = [dit.thinned(self._brief(row, rng), recipe, rng) for row in told]
        turn = torch.from_numpy(back)[:, None, None]
        return dit.Batch(torch.where(turn, before, after), rows, chance, torch.where(turn, after, before))

    def _brief(self, row: list[list[int]], rng: np.random.Generator) -> list[list[int]]:
        """An order as people say it: often "black and white" without a film, "red hair" without its length."""
        if self._mono in row and rng.random() < 0.6:
            row = row[: row.index(self._mono) + 1]
        short = rng.random() < 0.6
        row = [slot[1:] if short and slot[-1] == self._hair and len(slot) == 3 else slot for slot in row]
        return [_talkative(slot, rng) for slot in row] if rng.random() < 0.35 else row


def _talkative(slot: list[int], rng: np.random.Generator) -> list[int]:
    """The slot among words that nano was never taught: "please turn the light to the right"."""
    kept = [number if rng.random() < 0.85 or len(slot) == 1 else text.UNKNOWN for number in slot[:-1]]
    before, after = rng.integers(0, 4), rng.integers(0, 2)
    return [*[text.UNKNOWN] * int(before), *kept, slot[-1], *[text.UNKNOWN] * int(after)]


def widened(base: Nano, task: Task, words: int) -> Nano:
    """A sibling that answers as `base` does until it is trained: what it sees beside the words counts for nothing."""
    nano = Nano(words, CHANNELS[task])
    state = copy.deepcopy(base.state_dict())
    narrow = state["transformer.x_embedder.weight"]
    wide = torch.zeros(len(narrow), CHANNELS[task])
    wide[:, :LATENT] = narrow
    nano.load_state_dict({**state, "transformer.x_embedder.weight": wide})
    nano.train()
    return nano


def both_sides(work: Path, data: np.ndarray[Any, Any], vae: AutoencoderKL, count: int) -> Tensor:
    """The latents of the first `count` pictures, plain and mirrored: (2, count, tokens, channels)."""
    path = work / "mirrored.pt"
    latents, shift, scale = dit.encoded(work, data, vae)
    if len(latents) == 2:
        return latents[:, :count]
    kept = torch.load(path, weights_only=True)["latents"] if path.exists() else latents[0, :0]
    if len(kept) < count:
        made = [dit.encode(vae, data[i : min(i + 48, count), :, ::-1]) for i in range(len(kept), count, 48)]
        kept = torch.cat([kept, ((torch.cat(made) - shift) * scale).to(latents.dtype)])
        save(path, {"latents": kept})
    return torch.stack([latents[0, :count], kept[:count]])


def train(
    work: Path,
    task: Task,
    recipe: dit.Recipe,
    *,
    count: int,
    guide: int,
    pictures_count: int = 26000,
    compiled: bool = False,
) -> Nano:
    """The trained sibling; goes on from its checkpoints in the work folder.

    `guide` is the number of steps that teach it guidance after those of the recipe, 0 for none.
    """
    data, slots = pictures(work, pictures_count, 128), captions(work, pictures_count)
    words, vae = text.vocabulary(slots), dit.trained_vae(work)
    seen = conditions(work, task, count, data, vae)
    latents = both_sides(work, data, vae, count)
    torch.manual_seed(recipe.seed)
    start = widened(dit.averaged(work, "guide", len(words)), task, len(words))
    if compiled:
        start.transformer.compile(dynamic=False)
    examples = Tasks(task, latents, slots, words, seen)
    if not guide:
        return dit.train(work, f"nano-{task}", start, examples, recipe)
    teacher = dit.train(work, f"nano-{task}-flow", start, examples, recipe)
    student = copy.deepcopy(teacher).train()
    if compiled:
        teacher.transformer.compile(dynamic=False)
        student.transformer.compile(dynamic=False)
    return dit.train(work, f"nano-{task}", student, examples, GUIDE.lasting(guide), dit.guided_target(teacher))


def main() -> None:
    """Trains one sibling from the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--work", type=Path, default=Path("nano-work"))
    parser.add_argument("--task", choices=tuple(CHANNELS), default="fill")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--compiled", action="store_true", help="compile first: a minute, then steps take two thirds")
    given = parser.parse_args()
    recipe = RECIPES[given.task]
    recipe = recipe.lasting(given.steps or recipe.steps)
    train(
        given.work,
        given.task,
        recipe,
        count=COUNT[given.task],
        guide=GUIDED[given.task],
        compiled=given.compiled,
    )


if __name__ == "__main__":
    main()
