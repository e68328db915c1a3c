"""The renderer: small photographic worlds drawn with numpy, in linear light, onto film."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fluxkit.nano.render.film import STOCKS, develop
from fluxkit.nano.render.landscape import landscape
from fluxkit.nano.render.portrait import portrait
from fluxkit.nano.render.still_life import still_life
from fluxkit.nano.render.world import Landscape, Portrait, StillLife, World

__all__ = ["Landscape", "Portrait", "StillLife", "World", "render"]


def render(world: World, size: int = 128) -> NDArray[np.uint8]:
    """The picture of `world`, uint8 of shape (size, size, 3); the same world gives the same pixels.

    >>> render(StillLife(seed=1, direction="left", azimuth_deg=-78, elevation_deg=14), size=32).shape
    (32, 32, 3)
    """
    rng = np.random.default_rng(world.seed)
    if isinstance(world, Portrait):
        light = portrait(world, size, rng)
    elif isinstance(world, StillLife):
        light = still_life(world, size, rng)
    elif isinstance(world, Landscape):
        light = landscape(world, size, rng)
    else:
        raise TypeError(f"{type(world).__name__} is no world to draw; use Portrait, StillLife or Landscape.")
    return develop(light, STOCKS[world.film], rng)
