"""Trains nano from nothing: renders, words, autoencoder, flow, guidance, export. One command, resumable, from a seed.

Run as a program: `python -m fluxkit.nano.train --work nano-work`.
"""

from __future__ import annotations

import argparse
import copy
from dataclasses import dataclass, field
from pathlib import Path

import torch

from fluxkit.nano import dit, siblings, text, vae
from fluxkit.nano.captions import captions
from fluxkit.nano.conditions import Task
from fluxkit.nano.data import pictures, render_all
from fluxkit.nano.export import FOLDERS, WEIGHTS, export
from fluxkit.nano.model import Nano
from fluxkit.nano.siblings import CHANNELS, COUNT, GUIDED, RECIPES


@dataclass(frozen=True)
class Plan:
    """How much of everything the shipped weights were given."""

    count: int = 26000
    size: int = 128
    vae_steps: int = 5600
    flow_steps: int = 2300
    guide_steps: int = 400
    siblings: dict[Task, tuple[int, int, int]] = field(
        default_factory=lambda: {task: (COUNT[task], RECIPES[task].steps, GUIDED[task]) for task in CHANNELS}
    )
    """For each task: how many pictures, how many steps of the flow and of guidance."""


TOY = Plan(count=6, vae_steps=1, flow_steps=1, guide_steps=1, siblings=dict.fromkeys(CHANNELS, (4, 1, 1)))
"""Enough to see that every stage runs and fits the next; its weights are worthless."""


def run(work: Path, plan: Plan, *, folders: dict[str, Path], mirror: bool = False) -> list[Path]:
    """Trains and exports; every stage goes on from its last checkpoint in `work`. Returns the folders written."""
    render_all(work, count=plan.count, size=plan.size)
    data, slots = pictures(work, plan.count, plan.size), captions(work, plan.count)
    words = text.vocabulary(slots)
    coder = vae.train(work, data, vae.Recipe(steps=plan.vae_steps, size=plan.size))
    latents, _, _ = dit.encoded(work, data, coder.requires_grad_(False), mirror=mirror)
    examples = dit.Examples(latents, slots, words)
    flow = dit.FLOW.lasting(plan.flow_steps)
    torch.manual_seed(flow.seed)
    teacher = dit.train(work, "flow", Nano(len(words)), examples, flow)
    student = copy.deepcopy(teacher).train()
    dit.train(work, "guide", student, examples, dit.GUIDE.lasting(plan.guide_steps), dit.guided_target(teacher))
    made = [export(work, "guide", plan.count, folders["guide"])]
    for task, (count, steps, guide) in plan.siblings.items():
        recipe = RECIPES[task].lasting(steps)
        siblings.train(work, task, recipe, count=count, guide=guide, pictures_count=plan.count)
        made.append(export(work, f"nano-{task}", plan.count, folders[f"nano-{task}"]))
    return made


def main() -> None:
    """Trains from the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--work", type=Path, default=Path("nano-work"))
    parser.add_argument("--to", type=Path, default=WEIGHTS.parent, help="the folder that holds the weights folders")
    parser.add_argument("--mirror", action="store_true", help="train on mirror images too")
    parser.add_argument("--toy", action="store_true", help="a few pictures and one step of each stage, into --to")
    given = parser.parse_args()
    folders = {stage: given.to / folder.name for stage, folder in FOLDERS.items()}
    run(given.work, TOY if given.toy else Plan(), folders=folders, mirror=given.mirror)


if __name__ == "__main__":
    main()
