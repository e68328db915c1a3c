"""Light in words and numbers: the named directions, softness, colour temperature."""

from __future__ import annotations

import functools
import math

import numpy as np

from fluxkit.nano.render.field import LUMA, Plane, colour

DIRECTIONS: dict[str, tuple[float, float]] = {
    "front": (0, 12),
    "front left": (-35, 22),
    "front right": (35, 22),
    "left": (-78, 14),
    "right": (78, 14),
    "upper left": (-52, 46),
    "upper right": (52, 46),
    "above": (0, 72),
    "below": (0, -42),
    "behind": (180, 24),
    "behind left": (-142, 24),
    "behind right": (142, 24),
}
"""Direction name -> azimuth and elevation in degrees (0 from the camera, positive from camera right, elevation up)."""

SPREAD_DEG: dict[str, float] = {"hard": 4.0, "soft": 30.0}
"""Apparent half size of the light."""

KELVIN: dict[str, float] = {"tungsten": 3000.0, "daylight": 5500.0, "cool": 8500.0}
"""Temperature words and the temperature that is drawn for them."""


def towards(azimuth_deg: float, elevation_deg: float) -> Plane:
    """The unit vector from the subject to the light."""
    a, e = math.radians(azimuth_deg), math.radians(elevation_deg)
    return colour(math.sin(a) * math.cos(e), math.sin(e), math.cos(a) * math.cos(e))


@functools.lru_cache(maxsize=256)
def _black_body(kelvin: int) -> tuple[float, float, float]:
    """Linear sRGB of the Planckian locus (cubic fit of Kim et al., US patent 7024034), not normalised."""
    t = float(np.clip(kelvin, 1667, 25000))
    if t < 4000:
        x = -0.2661239e9 / t**3 - 0.2343589e6 / t**2 + 0.8776956e3 / t + 0.179910
        y = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    else:
        x = -3.0258469e9 / t**3 + 2.1070379e6 / t**2 + 0.2226347e3 / t + 0.240390
        y = 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483
    big_x, big_z = x / y, (1 - x - y) / y
    red = 3.2404542 * big_x - 1.5371385 - 0.4985314 * big_z
    green = -0.9692660 * big_x + 1.8760108 + 0.0415560 * big_z
    blue = 0.0556434 * big_x - 0.2040259 + 1.0572252 * big_z
    return max(red, 0.01), max(green, 0.01), max(blue, 0.01)


def cast(kelvin: float, balance: float, adaptation: float = 0.55) -> Plane:
    """The tint, at luminance 1, that light of `kelvin` leaves on film balanced for `balance`.

    `adaptation` is the share of the difference (in mired) that the lab or the camera takes out.
    """
    neutral = 1 / (adaptation / kelvin + (1 - adaptation) / balance)
    tint = colour(*_black_body(round(kelvin / 50) * 50)) / colour(*_black_body(round(neutral / 50) * 50))
    return (tint / float(tint @ LUMA)).astype(np.float32)
