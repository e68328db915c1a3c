"""The trial: held-out scenes, shot with nano and judged by the light meter, beside the renderer's own pictures.

Run as a program: `python -m fluxkit.nano.trial` prints both tables. Needs the weights, not the work folder.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fluxkit.measure import agreement
from fluxkit.measure.agreement import SIX, Agreement
from fluxkit.nano.evaluate import GUIDANCE, Shoot, camera
from fluxkit.nano.export import WEIGHTS
from fluxkit.nano.render import Portrait, World, render
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
    the aperture, the temperature, the film.
    """
    each = count // 10
    singles = [world for name in SIX for world in _heads(_lit_from(name), 4 * each // 6)]
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


def _lit_from(direction: str) -> Callable[[Portrait], bool]:
    return lambda world: world.direction == direction


def _heads(fits: Callable[[Portrait], bool], count: int) -> list[Portrait]:
    found: list[Portrait] = []
    index = 0
    while len(found) < count:
        world = sample(SEED, index, kind="portrait", held_out=True)
        index += 1
        if isinstance(world, Portrait) and fits(world):
            found.append(world)
    return found


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
