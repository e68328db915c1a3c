"""Pairs for the editing sibling: the same world twice, one thing changed, and the words that ask for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from fluxkit.nano.render.film import STOCKS
from fluxkit.nano.render.light import DIRECTIONS, KELVIN, SPREAD_DEG
from fluxkit.nano.render.places import PLACES
from fluxkit.nano.render.portrait import CLOTHES, HAIR
from fluxkit.nano.render.world import Landscape, Portrait, World
from fluxkit.nano.worlds import F_NUMBERS

Change = Callable[[World, np.random.Generator], World]


def changed(world: World, seed: int, index: int) -> World:
    """The same world with one thing changed, sometimes two; what no word names (leaves, the turn of a head) stays."""
    rng = np.random.default_rng((seed, index, 2))
    names = [name for name in _CHANGES if not (isinstance(world, Landscape) and name in _NOT_OF_LANDS)]
    names = [name for name in names if isinstance(world, Portrait) or name not in _OF_PEOPLE]
    share = np.array([_WEIGHTS[name] for name in names])
    count = 2 if rng.random() < 0.2 else 1
    for name in rng.choice(names, count, replace=False, p=share / share.sum()):
        world = _CHANGES[str(name)](world, rng)
    return world


def order(before: list[str], after: list[str]) -> list[str]:
    """The slots of a caption that turn `before` into `after`: what an editing model is told.

    >>> order(["woman", "light from the left", "f/2"], ["woman", "light from the right", "f/2"])
    ['light from the right']
    """
    return [slot for slot in after if slot not in before]


def turned(world: World, direction: str) -> World:
    """The world lit from another named direction."""
    azimuth, elevation = DIRECTIONS[direction]
    if isinstance(world, Landscape):
        elevation = world.elevation_deg
    return replace(world, direction=direction, azimuth_deg=float(azimuth), elevation_deg=float(elevation))


def _turn(world: World, rng: np.random.Generator) -> World:
    options = [name for name in DIRECTIONS if name != world.direction]
    if isinstance(world, Landscape):
        options = [name for name in options if name in ("left", "right", "behind", "behind left", "behind right")]
    likely = np.array([2.0 if name in ("left", "right") else 1.0 for name in options])
    return turned(world, str(rng.choice(options, p=likely / likely.sum())))


def _other(field: str, options: Any) -> Change:
    """A change of one field to another of its words."""
    known = list(options)

    def change(world: World, rng: np.random.Generator) -> World:
        others = [option for option in known if option != getattr(world, field)]
        value: Any = others[int(rng.integers(len(others)))]
        return replace(world, **{field: value})

    return change


def _stop(world: World, rng: np.random.Generator) -> World:
    """Another aperture, far enough that it shows; the focal length that shows it best in half of the cases."""
    wide = world.f_number >= 4 or (world.f_number > 2 and rng.random() < 0.5)
    options = [number for number in F_NUMBERS if (number <= 2 if wide else number >= 8)]
    return replace(world, f_number=options[int(rng.integers(len(options)))])


_CHANGES: dict[str, Change] = {
    "light": _turn,
    "aperture": _stop,
    "film": _other("film", STOCKS),
    "temperature": _other("temperature", KELVIN),
    "softness": _other("quality", SPREAD_DEG),
    "place": _other("place", PLACES),
    "hair": _other("hair", HAIR),
    "clothes": _other("clothes", CLOTHES),
}
_WEIGHTS = {
    "light": 5.0,
    "aperture": 1.6,
    "film": 1.3,
    "temperature": 1.0,
    "softness": 0.8,
    "place": 1.2,
    "hair": 0.5,
    "clothes": 0.5,
}
_NOT_OF_LANDS = ("aperture", "place", "softness", "temperature")
_OF_PEOPLE = ("hair", "clothes")
