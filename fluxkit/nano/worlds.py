"""Draws worlds at random, the same one for the same seed and index, and keeps some combinations back for evaluation."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from fluxkit.nano.render.film import STOCKS
from fluxkit.nano.render.landscape import HOURS, LANDS, WEATHER
from fluxkit.nano.render.light import DIRECTIONS, KELVIN
from fluxkit.nano.render.places import PLACES
from fluxkit.nano.render.portrait import CLOTHES, HAIR, SKIN
from fluxkit.nano.render.still_life import TABLES, THINGS
from fluxkit.nano.render.world import Landscape, Portrait, StillLife, World

F_NUMBERS: tuple[float, ...] = (1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 16.0)
FOCAL_LENGTHS_MM: tuple[int, ...] = (35, 50, 85, 135)
KINDS: tuple[str, ...] = ("portrait", "still life", "landscape")
HELD_OUT_SHARE = 12
"""One combination of subject, place and direction in this many is never trained on."""

_SHARES = (0.56, 0.27, 0.17)
_DIRECTION_WEIGHTS = {"left": 1.8, "right": 1.8, "below": 0.6}
_FILM_WEIGHTS = {"digital": 3.0, "Portra 400": 1.8, "Acros 100": 0.6, "Tri-X 400": 1.4, "Delta 3200": 0.8}

Choice = TypeVar("Choice")


def sample(seed: int, index: int, *, kind: str | None = None, held_out: bool = False) -> World:
    """World number `index` of the stream `seed`; `held_out` draws from the combinations that training never sees."""
    rng = np.random.default_rng((seed, index, held_out))
    while True:
        drawn = _draw(rng, kind or _pick(rng, KINDS, _SHARES))
        if is_held_out(drawn) == held_out:
            return drawn


def is_held_out(world: World) -> bool:
    """Whether this combination of subject, place and light direction is kept for evaluation.

    Mirrored twins are kept together, since training mirrors its pictures.
    """
    side = world.direction.replace("left", "side").replace("right", "side")
    return zlib.crc32(f"{subject_of(world)}|{place_of(world)}|{side}".encode()) % HELD_OUT_SHARE == 0


def subject_of(world: World) -> str:
    """The word for what is photographed."""
    if isinstance(world, Portrait):
        return world.who
    return world.thing if isinstance(world, StillLife) else world.land if isinstance(world, Landscape) else ""


def place_of(world: World) -> str:
    """The word for where it is: the place, or a landscape's hour."""
    return world.hour if isinstance(world, Landscape) else getattr(world, "place", "")


def mirrored(direction: str) -> str:
    """The direction name with left and right exchanged.

    >>> mirrored("upper left")
    'upper right'
    """
    return direction.replace("left", "*").replace("right", "left").replace("*", "right")


def _pick(rng: np.random.Generator, options: Sequence[Choice], weights: Sequence[float] | None = None) -> Choice:
    share = None if weights is None else np.array(weights) / sum(weights)
    return options[int(rng.choice(len(options), p=share))]


def _light(rng: np.random.Generator) -> dict[str, object]:
    names = list(DIRECTIONS)
    name = _pick(rng, names, [_DIRECTION_WEIGHTS.get(n, 1.0) for n in names])
    azimuth, elevation = DIRECTIONS[name]
    films = list(STOCKS)
    return {
        "seed": int(rng.integers(1 << 31)),
        "direction": name,
        "azimuth_deg": azimuth + float(rng.uniform(-6, 6)),
        "elevation_deg": elevation + float(rng.uniform(-5, 5)),
        "quality": _pick(rng, ("soft", "hard")),
        "temperature": _pick(rng, list(KELVIN), (1, 1.6, 1)),
        "f_number": _pick(rng, F_NUMBERS, (2, 1, 1, 1, 1, 1, 2)),
        "focal_length_mm": _pick(rng, FOCAL_LENGTHS_MM, (1, 1, 3, 1)),
        "film": _pick(rng, films, [_FILM_WEIGHTS.get(n, 1.0) for n in films]),
    }


def _draw(rng: np.random.Generator, kind: str) -> World:
    shared = _light(rng)
    if kind == "portrait":
        return _portrait(rng, shared)
    if kind == "still life":
        return _still_life(rng, shared)
    return _landscape(rng, shared)


def _portrait(rng: np.random.Generator, shared: dict[str, object]) -> Portrait:
    who = _pick(rng, ("woman", "man", "marble bust", "bronze bust"), (4, 3.2, 1, 1))
    lengths = {"woman": ("long", "long", "short", "up"), "man": ("short", "short", "cropped")}.get(who, ("short",))
    skin = _pick(rng, list(SKIN), (1.6, 1, 1, 1))
    hair = _pick(rng, list(HAIR)) if skin in ("fair", "tan") else _pick(rng, ("black", "black", "brown", "grey"))
    return Portrait(
        **shared,  # type: ignore[arg-type]
        who=who,
        hair=hair,
        hair_length=_pick(rng, lengths),
        skin=skin,
        clothes=_pick(rng, list(CLOTHES)),
        beard=who == "man" and bool(rng.random() < 0.35),
        place=_pick(rng, list(PLACES), (1.8, 1.2, 1.4, 1.2, 1.2, 1, 1, 1, 1)),
        yaw_deg=float(np.clip(rng.normal(0, 11), -24, 24)),
        roll_rad=float(np.clip(rng.normal(0, 0.03), -0.07, 0.07)),
        x=float(rng.uniform(-0.035, 0.035)),
        scale=float(rng.uniform(0.295, 0.345)),
    )


def _still_life(rng: np.random.Generator, shared: dict[str, object]) -> StillLife:
    thing = _pick(rng, list(THINGS))
    others = [name for name in THINGS if name != thing]
    return StillLife(
        **shared,  # type: ignore[arg-type]
        thing=thing,
        behind=_pick(rng, others) if rng.random() < 0.5 else None,
        table=_pick(rng, TABLES),
        place=_pick(rng, list(PLACES), (1.8, 1.2, 1.4, 1, 1.2, 1.2, 1, 1, 1)),
        x=float(_pick(rng, (-1, 1)) * rng.uniform(0.02, 0.09)),
        scale=float(rng.uniform(0.50, 0.58)),
    )


def _landscape(rng: np.random.Generator, shared: dict[str, object]) -> Landscape:
    sunny = ("left", "right", "behind left", "behind right", "behind", "front")
    direction = _pick(rng, sunny, (1.5, 1.5, 1, 1, 1, 1))
    azimuth, elevation = DIRECTIONS[direction]
    light = {
        **shared,
        "direction": direction,
        "azimuth_deg": azimuth + float(rng.uniform(-6, 6)),
        "elevation_deg": elevation,
    }
    return Landscape(
        **light,  # type: ignore[arg-type]
        land=_pick(rng, list(LANDS)),
        hour=_pick(rng, list(HOURS), (0.8, 1, 1.2, 1.4, 1.2, 1)),
        weather=_pick(rng, list(WEATHER), (1.5, 1.2, 1, 1, 1)),
        lake=bool(rng.random() < 0.35),
    )
