"""Colour temperature: how warm light is, on a scale where equal steps look equal."""

from __future__ import annotations

import math
from typing import Literal

from fluxkit.optics.limits import require_positive

Cast = Literal["deep blue", "cool", "slightly cool", "neutral", "slightly warm", "warm", "deep orange"]

DAYLIGHT_K = 5500.0
"""What daylight film and photographic daylight are balanced for (ISO 7589)."""

TUNGSTEN_K = 3200.0
"""What tungsten (type B) film and studio lamps are balanced for (ISO 7589)."""

GEL_MIRED: dict[str, float] = {
    "full CTO": 159.0,
    "half CTO": 109.0,
    "quarter CTO": 64.0,
    "eighth CTO": 26.0,
    "full CTB": -137.0,
    "half CTB": -78.0,
    "quarter CTB": -35.0,
    "eighth CTB": -18.0,
}
"""Shift of correction gels in mired. Source: LEE Filters 204, 205, 206, 223 and 201, 202, 203, 218, as recalled
from the maker's list; check there before a shoot depends on it."""


def mired(kelvin: float) -> float:
    """Reciprocal megakelvin, 10⁶/K: equal steps of it look equal.

    >>> round(mired(5500))
    182
    """
    require_positive(kelvin=kelvin)
    return 1e6 / kelvin


def kelvin_from_mired(mired: float) -> float:
    """Kelvin of a reciprocal megakelvin value; the inverse of `mired`."""
    require_positive(mired=mired)
    return 1e6 / mired


def cast_mired(source_k: float, *, balance_k: float = DAYLIGHT_K) -> float:
    """How warm light looks to a film or camera balanced for `balance_k`, in mired: positive is warm.

    >>> round(cast_mired(3200)), round(cast_mired(3200, balance_k=3200)), round(cast_mired(5500, balance_k=3200))
    (131, 0, -131)
    """
    return mired(source_k) - mired(balance_k)


def cast(source_k: float, *, balance_k: float = DAYLIGHT_K) -> Cast:
    """The cast in a word; the bands (about 15, 50 and 130 mired either way) are our own. About 5 mired is just seen."""
    shift = cast_mired(source_k, balance_k=balance_k)
    bands: tuple[tuple[float, Cast], ...] = (
        (-100, "deep blue"),
        (-45, "cool"),
        (-15, "slightly cool"),
        (15, "neutral"),
        (60, "slightly warm"),
        (160, "warm"),
    )
    return next((name for limit, name in bands if shift < limit), "deep orange")


def gelled_k(kelvin: float, gel: str | None) -> float:
    """Kelvin behind a correction gel named as in `GEL_MIRED`; other gels and None leave it.

    >>> round(gelled_k(5500, "full CTO"), -2)
    2900.0
    """
    shift = 0.0 if gel is None else GEL_MIRED.get(gel, 0.0)
    return kelvin_from_mired(max(mired(kelvin) + shift, 10.0))


def planckian_xy(kelvin: float) -> tuple[float, float]:
    """CIE 1931 x and y of a black body from 1667 to 25,000 K.

    Source: Kim et al., "Design of advanced color temperature control system" (2002), US patent 7024034; cubic splines.
    """
    t = min(max(kelvin, 1667.0), 25000.0)
    if t <= 4000:
        x = -0.2661239e9 / t**3 - 0.2343589e6 / t**2 + 0.8776956e3 / t + 0.179910
    else:
        x = -3.0258469e9 / t**3 + 2.1070379e6 / t**2 + 0.2226347e3 / t + 0.240390
    if t <= 2222:
        y = -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
    elif t <= 4000:
        y = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    else:
        y = 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483
    return x, y


def kelvin_rgb(kelvin: float, *, balance_k: float = 6504.0) -> tuple[float, float, float]:
    """sRGB (0 to 1, brightest channel 1) of light of a colour temperature, seen by a camera balanced for another.

    Von Kries scaling in linear sRGB; good for swatches and plots, not for colorimetry.
    """
    light, white = _linear_rgb(kelvin), _linear_rgb(balance_k)
    linear = [max(a, 0.0) / b for a, b in zip(light, white, strict=True)]
    red, green, blue = (_encoded(value / max(linear)) for value in linear)
    return red, green, blue


def correlated_k(x: float, y: float) -> float:
    """Colour temperature in kelvin from CIE 1931 x and y; within 13 K from 1900 to 7500 K, 1000 K low at 15,000 K.

    Source: C. S. McCamy, "Correlated color temperature as an explicit function of chromaticity coordinates" (1992).
    """
    n = (x - 0.3320) / (0.1858 - y)
    return 449 * n**3 + 3525 * n**2 + 6823.3 * n + 5520.33


def _linear_rgb(kelvin: float) -> tuple[float, float, float]:
    x, y = planckian_xy(kelvin)
    big_x, big_z = x / y, (1 - x - y) / y
    # IEC 61966-2-1 (sRGB), XYZ to linear RGB, for Y = 1.
    return (
        3.2406 * big_x - 1.5372 - 0.4986 * big_z,
        -0.9689 * big_x + 1.8758 + 0.0415 * big_z,
        max(0.0557 * big_x - 0.2040 + 1.0570 * big_z, 1e-3),
    )


def _encoded(linear: float) -> float:
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * math.pow(linear, 1 / 2.4) - 0.055
