"""How near everything in a picture is, as a depth camera would see it: bright is near."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fluxkit.nano.render.field import Plane, over
from fluxkit.nano.render.landscape import nearness as land
from fluxkit.nano.render.portrait import nearness as head
from fluxkit.nano.render.still_life import nearness as table
from fluxkit.nano.render.world import Landscape, Portrait, StillLife, World

_FAR = 0.06
"""Nearness of what lies behind the subject."""


def depth(world: World, size: int = 128) -> NDArray[np.uint8]:
    """The depth map of `world`, uint8 of shape (size, size, 3), near is bright; it belongs to `render(world, size)`.

    >>> depth(StillLife(seed=1, direction="left", azimuth_deg=-78, elevation_deg=14), size=32).shape
    (32, 32, 3)
    """
    rng = np.random.default_rng(world.seed)
    near: Plane
    if isinstance(world, Portrait):
        near, cover = head(world, size, rng)
    elif isinstance(world, StillLife):
        near, cover = table(world, size, rng)
    elif isinstance(world, Landscape):
        near, cover = land(world, size, rng)
    else:
        raise TypeError(f"{type(world).__name__} has no depth to draw; use Portrait, StillLife or Landscape.")
    far = np.full((size, size, 1), _FAR, np.float32)
    grey = over(far, near[..., None], cover)
    return np.repeat(np.asarray(np.clip(grey, 0, 1) * 255 + 0.5, np.uint8), 3, -1)
