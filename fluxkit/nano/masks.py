"""Masks for the filling sibling: the subject, a thing, an edge of the frame, or everything but the middle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fluxkit.nano.render.world import Portrait, StillLife, World

Mask = NDArray[np.bool_]
"""True where the picture is to be painted anew."""

_KINDS = ("subject", "all but the subject", "ellipse", "box", "edge", "frame", "all")
_SHARES = (0.30, 0.12, 0.20, 0.18, 0.12, 0.06, 0.02)


def mask(world: World, seed: int, index: int, size: int = 128) -> Mask:
    """The mask that picture `index` is trained with."""
    rng = np.random.default_rng((seed, index, 3))
    kind = _KINDS[int(rng.choice(len(_KINDS), p=_SHARES))]
    x, y, wide, tall = _middle(world) if "subject" in kind else _anywhere(rng)
    if kind == "box":
        return _box(size, x - wide, x + wide, y - tall, y + tall)
    if kind == "edge":
        depth = float(rng.uniform(0.15, 0.5))
        return (
            _box(size, 0, depth, 0, 1),
            _box(size, 1 - depth, 1, 0, 1),
            _box(size, 0, 1, 0, depth),
            _box(size, 0, 1, 1 - depth, 1),
        )[int(rng.integers(4))]
    if kind == "frame":
        depth = float(rng.uniform(0.08, 0.28))
        return ~_box(size, depth, 1 - depth, depth, 1 - depth)
    if kind == "all":
        return np.ones((size, size), bool)
    grow = float(rng.uniform(0.95, 1.3))
    inside = _ellipse(size, x, y, wide * grow, tall * grow)
    return ~inside if kind == "all but the subject" else inside


def subject_mask(world: World, size: int = 128, grow: float = 1.1) -> Mask:
    """An ellipse round the head or the thing."""
    x, y, wide, tall = _middle(world)
    return _ellipse(size, x, y, wide * grow, tall * grow)


def _middle(world: World) -> tuple[float, float, float, float]:
    """Where the subject is: middle, half width and half height as shares of the frame."""
    if isinstance(world, Portrait):
        return 0.5 + world.x, 0.445, 0.78 * world.scale, 1.12 * world.scale
    if isinstance(world, StillLife):
        return 0.5 + world.x, 0.83 - 0.5 * world.scale, 0.42 * world.scale, 0.62 * world.scale
    return 0.5, 0.62, 0.40, 0.25


def _anywhere(rng: np.random.Generator) -> tuple[float, float, float, float]:
    x, y = rng.uniform(0.2, 0.8, 2)
    wide, tall = rng.uniform(0.10, 0.34, 2)
    return float(x), float(y), float(wide), float(tall)


def _grid(size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows, columns = np.mgrid[0:size, 0:size]
    return (columns + 0.5) / size, (rows + 0.5) / size


def _ellipse(size: int, x: float, y: float, wide: float, tall: float) -> Mask:
    across, down = _grid(size)
    return np.asarray(((across - x) / wide) ** 2 + ((down - y) / tall) ** 2 <= 1)


def _box(size: int, left: float, right: float, top: float, bottom: float) -> Mask:
    across, down = _grid(size)
    return np.asarray((across >= left) & (across <= right) & (down >= top) & (down <= bottom))
