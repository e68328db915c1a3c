"""Asks nano for scenes that it never saw together, measures what came, and writes `docs/nano.md`.

Run as a program: `python -m fluxkit.nano.evaluate`. Needs the weights, not the work folder.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fluxkit.nano.measures import Image, Lookalike, side_of_light
from fluxkit.nano.render import Portrait, StillLife, World, render
from fluxkit.nano.render.light import DIRECTIONS
from fluxkit.nano.scenes import caption
from fluxkit.nano.text import T5_WINDOW
from fluxkit.nano.worlds import mirrored, place_of, sample, subject_of

SEED = 77
"""The stream of worlds that evaluation draws from; training draws from another."""
STEPS, GUIDANCE, SIZE = 12, 3.0, 128

Shoot = Callable[..., list[Image]]


@dataclass(frozen=True)
class Score:
    """How often the picture showed what was asked."""

    name: str
    asked: int
    shown: int
    ceiling: float
    """The same measure's share on the renderer's own pictures."""
    how: str

    @property
    def share(self) -> float:
        """Share of prompts that were answered."""
        return self.shown / max(self.asked, 1)


def camera(folder: Path, *, steps: int = STEPS) -> Shoot:
    """A function from captions and seeds to pictures, through plain diffusers."""
    from diffusers import FluxPipeline

    pipe = FluxPipeline.from_pretrained(folder, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)

    def shoot(prompts: Sequence[str], seeds: Sequence[int], guidance: float = GUIDANCE) -> list[Image]:
        out: list[Image] = []
        for start in range(0, len(prompts), 16):
            made = pipe(
                prompt=list(prompts[start : start + 16]),
                num_inference_steps=steps,
                guidance_scale=guidance,
                width=SIZE,
                height=SIZE,
                max_sequence_length=T5_WINDOW,
                generator=[torch.Generator().manual_seed(seed) for seed in seeds[start : start + 16]],
                output_type="np",
            ).images
            out += list((np.asarray(made) * 255 + 0.5).astype(np.uint8))
        return out

    return shoot


def turned(world: World, direction: str) -> World:
    """The same world with the key light moved."""
    azimuth, elevation = DIRECTIONS[direction]
    return dataclasses.replace(world, direction=direction, azimuth_deg=azimuth, elevation_deg=elevation)


def changed(world: World, **fields: Any) -> World:
    """The same world with fields changed."""
    return dataclasses.replace(world, **fields)


def paired(
    shoot: Shoot,
    name: str,
    how: str,
    pairs: Sequence[tuple[World, World]],
    answers: Callable[[Image, Image], tuple[bool, ...]],
) -> Score:
    """Shoots both worlds of each pair with one seed and counts which of the pair's answers came out right."""
    worlds = [world for pair in pairs for world in pair]
    seeds = [1000 + i // 2 for i in range(len(worlds))]
    made = shoot([caption(world) for world in worlds], seeds)
    true = [render(world, SIZE) for world in worlds]
    shown = [right for i in range(0, len(made), 2) for right in answers(made[i], made[i + 1])]
    best = [right for i in range(0, len(true), 2) for right in answers(true[i], true[i + 1])]
    return Score(name, len(shown), sum(shown), float(np.mean(best)), how)


def _draws(kind: str, count: int, fits: Callable[[World], bool] = lambda world: True) -> list[World]:
    found: list[World] = []
    index = 0
    while len(found) < count:
        world = sample(SEED, index, kind=kind, held_out=True)
        index += 1
        if fits(world):
            found.append(world)
    return found


def _sides(world: World) -> tuple[World, World]:
    """The world lit from the left and from the right, at the height it was drawn with; both are held out if it is."""
    left = world.direction.replace("right", "left")
    return turned(world, left), turned(world, mirrored(left))


def _sided(world: World) -> bool:
    return world.direction.endswith(("left", "right")) and not world.direction.startswith("behind")


def thing_score(shoot: Shoot, count: int) -> Score:
    """Left against right on still lifes, within the pair."""

    def within_pair(a: Image, b: Image) -> tuple[bool, ...]:
        box = (0.30, 0.70, 0.45, 0.85)
        return (side_of_light(a, box) < side_of_light(b, box),)

    pairs = [_sides(world) for world in _draws("still life", count, _sided)]
    return paired(shoot, "light left or right, things", "brighter half, within the pair", pairs, within_pair)


def kind_scores(shoot: Shoot, count: int, known: int) -> list[Score]:
    """Subject and place, named by a thumbnail model that was fitted to rendered pictures."""
    told = [sample(SEED + 1, index) for index in range(known)]
    pictures = [render(world, SIZE) for world in told]
    fresh = [sample(SEED + 2, index) for index in range(known // 5)]
    fresh_pictures = [render(world, SIZE) for world in fresh]
    scores = []
    for name, word, kinds in (
        ("subject", subject_of, (Portrait, StillLife)),
        ("place", place_of, (Portrait, StillLife)),
    ):
        kept = [i for i, world in enumerate(told) if isinstance(world, kinds)]
        judge = Lookalike([pictures[i] for i in kept], [word(told[i]) for i in kept])
        new = [i for i, world in enumerate(fresh) if isinstance(world, kinds)]
        ceiling = float(np.mean([judge(fresh_pictures[i]) == word(fresh[i]) for i in new]))
        asked = [*_draws("portrait", count), *_draws("still life", count)]
        made = shoot([caption(world) for world in asked], range(len(asked)))
        shown = sum(judge(picture) == word(world) for picture, world in zip(made, asked, strict=True))
        scores.append(Score(name, len(asked), shown, ceiling, "linear model of a 16 x 16 thumbnail"))
    return scores


def seconds_each(shoot: Shoot, count: int = 6) -> float:
    """Seconds for one picture at a time, warm."""
    prompts = [caption(world) for world in _draws("portrait", count)]
    shoot(prompts[:1], [0])
    begun = time.perf_counter()
    for i, prompt in enumerate(prompts):
        shoot([prompt], [i])
    return (time.perf_counter() - begun) / count


def main() -> None:
    """Evaluates from the command line and writes the report."""
    from fluxkit.nano.export import WEIGHTS
    from fluxkit.nano.report import write

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--docs", type=Path, default=WEIGHTS.parents[2] / "docs")
    parser.add_argument("--count", type=int, default=300, help="scenes of the trial")
    parser.add_argument("--known", type=int, default=2400, help="pictures that the thumbnail model is fitted to")
    parser.add_argument("--log", type=Path, default=Path("nano-work/train.log"))
    given = parser.parse_args()
    shoot = camera(WEIGHTS)
    scores = [thing_score(shoot, given.count // 10), *kind_scores(shoot, given.count // 15, given.known)]
    write(given.docs, shoot, scores, given.count, given.log)


if __name__ == "__main__":
    main()
