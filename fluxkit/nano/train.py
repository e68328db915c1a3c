"""Trains nano from nothing: renders, words, autoencoder, flow, guidance, export. One command, resumable, from a seed.

Run as a program: `python -m fluxkit.nano.train --work nano-work`.
"""

from __future__ import annotations

import argparse
import copy
from dataclasses import dataclass
from pathlib import Path

import torch

from fluxkit.nano import dit, text, vae
from fluxkit.nano.captions import captions
from fluxkit.nano.data import pictures, render_all
from fluxkit.nano.export import WEIGHTS, export
from fluxkit.nano.model import Nano


@dataclass(frozen=True)
class Plan:
    """How much of everything the shipped weights were given."""

    count: int = 26000
    size: int = 128
    vae_steps: int = 5600
    flow_steps: int = 2300
    guide_steps: int = 400


def run(work: Path, plan: Plan, *, to: Path, mirror: bool = False) -> Path:
    """Trains and exports; every stage goes on from its last checkpoint in `work`."""
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
    return export(work, "guide", plan.count, to)


def main() -> None:
    """Trains from the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--work", type=Path, default=Path("nano-work"))
    parser.add_argument("--to", type=Path, default=WEIGHTS)
    parser.add_argument("--mirror", action="store_true", help="train on mirror images too")
    given = parser.parse_args()
    run(given.work, Plan(), to=given.to, mirror=given.mirror)


if __name__ == "__main__":
    main()
