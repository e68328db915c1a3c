"""The trial: held-out scenes, shot with nano and judged by the light meter, beside the renderer's own pictures.

Run as a program: `python -m fluxkit.nano.trial` prints both tables. Needs the weights, not the work folder.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fluxkit.measure import agreement, grain
from fluxkit.measure.agreement import SIX, Agreement
from fluxkit.nano.changes import turned
from fluxkit.nano.evaluate import GUIDANCE, Shoot, camera
from fluxkit.nano.export import WEIGHTS
from fluxkit.nano.measures import Image
from fluxkit.nano.render import Portrait, World, render
from fluxkit.nano.render.film import STOCKS
from fluxkit.nano.scenes import caption, scene_of
from fluxkit.nano.worlds import sample

SEED = 99
"""The stream of worlds that the trial draws from; training draws from another."""
FLOORS: dict[str, float] = {
    "light side": 0.99,
    "six directions": 0.85,
    "aperture": 0.90,
    "black and white": 0.99,
    "warm or cool": 0.90,
    "grain": 0.80,
}
"""What is wanted of each field."""
BUSY = ("night city", "library", "cafe", "green garden", "window room")
"""Places with detail, on which an aperture shows."""

Pair = tuple[World, World]


def held_out(count: int = 300) -> list[tuple[World, int]]:
    """Worlds with words that were not seen together in training, each with the seed to shoot it with.

    Two fifths are heads under one of six directions; the rest are pairs that differ in one field and share a seed:
    the aperture, the temperature, the film. No combination with light from straight behind is kept from training, so
    those heads are held-out ones lit from behind left or right, turned.
    """
    each = count // 10
    singles = [turned(world, name) for name in SIX for world in _heads(_lit_from(name), 4 * each // 6)]
    worlds = [(world, 5000 + i) for i, world in enumerate(singles)]
    pairs = [
        *_pairs(_heads(lambda w: w.place in BUSY, each), _apertures),
        *_pairs(_heads(lambda w: w.place.endswith("studio"), each), _lamps),
        *_pairs(_heads(lambda w: True, each), _grains),
    ]
    return worlds + [(world, 6000 + i) for i, pair in enumerate(pairs) for world in pair]


def trial(shoot: Shoot, count: int = 300, guidance: float = GUIDANCE) -> Agreement:
    """What the meter says of pictures of the held-out worlds."""
    asked = held_out(count)
    made = shoot([caption(world) for world, _ in asked], [seed for _, seed in asked], guidance)
    return agreement([scene_of(world) for world, _ in asked], made)


def ceiling(count: int = 300) -> Agreement:
    """What the meter says of the renderer's own pictures: the most that can be reached."""
    worlds = [world for world, _ in held_out(count)]
    return agreement([scene_of(world) for world in worlds], [render(world) for world in worlds])


def by_guidance(shoot: Shoot, count: int, guidances: Sequence[float]) -> list[tuple[float, float, float]]:
    """For each guidance: share of all answers that are right, and how far pixels are from those at the first (0..255).

    The seeds and scenes are the same throughout.
    """
    asked, rows, base = held_out(count), [], None
    prompts, seeds = [caption(world) for world, _ in asked], [seed for _, seed in asked]
    scenes = [scene_of(world) for world, _ in asked]
    for guidance in guidances:
        made = shoot(prompts, seeds, guidance)
        stack = np.array(made, np.float64)
        base = stack if base is None else base
        found = agreement(scenes, made)
        right, answered = sum(row.right for row in found.rows), sum(row.answered for row in found.rows)
        rows.append((guidance, right / max(answered, 1), float(np.abs(stack - base).mean())))
    return rows


def grain_through_vae(folder: Path, count: int) -> tuple[Agreement, Agreement, float]:
    """Whether the autoencoder carries grain: the meter on rendered pairs before and after it, and how much is left.

    What is left is the median of the coarse film's grain after the autoencoder over the same before it.
    """
    import torch
    from diffusers import AutoencoderKL

    from fluxkit.nano.vae import to_model

    pairs = _pairs(_heads(lambda w: True, count), _grains)
    scenes = [scene_of(world) for pair in pairs for world in pair]
    before = np.stack([render(world) for pair in pairs for world in pair])
    vae = AutoencoderKL.from_pretrained(folder / "vae", local_files_only=True)
    with torch.no_grad():
        seen = vae.decode(vae.encode(to_model(before)).latent_dist.mode()).sample
    after = ((seen.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    left = [_sigma(b) / max(_sigma(a), 1e-4) for a, b in zip(before[1::2], after[1::2], strict=True)]
    return agreement(scenes, list(before)), agreement(scenes, list(after)), float(np.median(left))


def _sigma(picture: Image) -> float:
    found = grain(picture)
    return float(found.value["sigma"]) if isinstance(found.value, dict) else 0.0


def _lit_from(direction: str) -> Callable[[Portrait], bool]:
    """Held-out heads are lit from behind only from behind left and behind right."""
    return lambda world: (
        world.direction == direction or (direction == "behind" and world.direction.startswith("behind"))
    )


def _heads(fits: Callable[[Portrait], bool], count: int) -> list[Portrait]:
    found: list[Portrait] = []
    index = 0
    while len(found) < count:
        world = sample(SEED, index, kind="portrait", held_out=True)
        index += 1
        if isinstance(world, Portrait) and fits(world) and not _shows_no_colour(world):
            found.append(world)
    return found


def _shows_no_colour(world: Portrait) -> bool:
    """A marble bust on colour film: in a plain studio nothing in the picture has a colour to be judged."""
    return world.who == "marble bust" and not STOCKS[world.film].mono


def _pairs(worlds: list[Portrait], both: Callable[[World], Pair]) -> list[Pair]:
    return [both(world) for world in worlds]


def _apertures(world: World) -> Pair:
    near = replace(world, focal_length_mm=85)
    return replace(near, f_number=1.4), replace(near, f_number=16.0)


def _lamps(world: World) -> Pair:
    plain = replace(world, film="digital")
    return replace(plain, temperature="tungsten"), replace(plain, temperature="cool")


def _grains(world: World) -> Pair:
    return replace(world, film="Acros 100"), replace(world, film="Delta 3200")


def main() -> None:
    """Prints the table of a folder's weights."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--guidance", type=float, default=GUIDANCE)
    given = parser.parse_args()
    sys.stdout.write(f"nano\n{trial(camera(given.weights), given.count, given.guidance)!r}\n\n")
    sys.stdout.write(f"the renderer\n{ceiling(given.count)!r}\n")


if __name__ == "__main__":
    main()
