"""What gives light and what shapes it: named sources, modifiers and gels, as data.

Colour temperatures: section 1.4 of the imaging reference (lamps as their makers rate them; sky and shade as
photographers meter them, give or take 500 K). Modifier sizes: the usual product sizes. Correction gels:
`optics.GEL_MIRED`.
"""

from __future__ import annotations

from typing import Literal, get_args

from fluxkit.optics import GEL_MIRED

Source = Literal[
    "sun",
    "window",
    "north window",
    "open shade",
    "overcast sky",
    "candle",
    "firelight",
    "tungsten",
    "household bulb",
    "fluorescent",
    "flash",
    "LED panel",
    "neon",
    "street lamp",
    "screen",
    "moon",
]

Modifier = Literal[
    "bare bulb",
    "speedlight",
    "fresnel",
    "snoot",
    "gridded reflector",
    "ring flash",
    "beauty dish",
    "small softbox",
    "softbox",
    "large softbox",
    "strip box",
    "octabox",
    "umbrella",
    "shoot-through umbrella",
    "parabolic umbrella",
    "lantern",
    "reflector",
    "scrim",
    "window",
    "light tent",
]

Gel = Literal[
    "full CTO",
    "half CTO",
    "quarter CTO",
    "eighth CTO",
    "full CTB",
    "half CTB",
    "quarter CTB",
    "eighth CTB",
    "red",
    "orange",
    "amber",
    "yellow",
    "green",
    "teal",
    "cyan",
    "blue",
    "purple",
    "magenta",
    "pink",
]

SOURCE_KELVIN: dict[Source, float | None] = {
    "sun": 5500.0,
    "window": 6500.0,
    "north window": 7000.0,
    "open shade": 7500.0,
    "overcast sky": 6750.0,
    "candle": 1900.0,
    "firelight": 2000.0,
    "tungsten": 3200.0,
    "household bulb": 2700.0,
    "fluorescent": 4200.0,
    "flash": 5600.0,
    "LED panel": 5600.0,
    "neon": None,
    "street lamp": 2100.0,
    "screen": 6500.0,
    "moon": 4100.0,
}
"""Colour temperature of each named source in kelvin; None where its light is a colour rather than a temperature."""

SOURCE_WORDS: dict[Source, str] = {
    "sun": "direct sunlight",
    "window": "window light",
    "north window": "light from a north-facing window",
    "open shade": "open-shade daylight",
    "overcast sky": "overcast daylight",
    "candle": "candlelight",
    "firelight": "firelight",
    "tungsten": "tungsten light",
    "household bulb": "the light of a household bulb",
    "fluorescent": "fluorescent light",
    "flash": "flash",
    "LED panel": "LED light",
    "neon": "neon light",
    "street lamp": "street-lamp light",
    "screen": "the glow of a screen",
    "moon": "moonlight",
}
"""Each source as the light that it gives."""

SOURCE_ANGLE_DEG: dict[Source, float] = {"sun": 0.53, "moon": 0.53, "open shade": 120.0, "overcast sky": 180.0}
"""How large the sources look that are equally large from everywhere, in degrees."""

MODIFIER_SIZE_M: dict[Modifier, float] = {
    "bare bulb": 0.06,
    "speedlight": 0.06,
    "fresnel": 0.15,
    "snoot": 0.08,
    "gridded reflector": 0.18,
    "ring flash": 0.25,
    "beauty dish": 0.55,
    "small softbox": 0.6,
    "softbox": 0.9,
    "large softbox": 1.5,
    "strip box": 0.6,
    "octabox": 1.5,
    "umbrella": 1.0,
    "shoot-through umbrella": 1.0,
    "parabolic umbrella": 1.8,
    "lantern": 0.5,
    "reflector": 1.0,
    "scrim": 2.0,
    "window": 1.2,
    "light tent": 1.5,
}
"""The usual width of each modifier in metres (a strip box counts as the square of its area)."""

GELS: dict[Gel, float | None] = {gel: GEL_MIRED.get(gel) for gel in get_args(Gel)}
"""Shift of each gel in mired; None for a coloured gel."""
