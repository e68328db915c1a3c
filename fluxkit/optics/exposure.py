"""Exposure values, and how bright the usual subjects are.

Sources: ISO 2720 (meters, C = 250 lux·s for incident light); ANSI PH2.7-1986, table of exposure values for the
scenes below, rounded to whole steps as Kodak's exposure tables print them.
"""

from __future__ import annotations

import math
from typing import Literal

from fluxkit.optics.limits import require_positive

BrightnessName = Literal[
    "sand or snow in sun",
    "full sun",
    "hazy sun",
    "golden hour",
    "cloudy bright",
    "overcast",
    "open shade",
    "sunset",
    "bright office",
    "window light",
    "home interior",
    "neon street",
    "blue hour",
    "night street",
    "candle close-up",
    "full moon",
]

SCENE_EV100: dict[BrightnessName, float] = {
    "sand or snow in sun": 16,
    "full sun": 15,
    "hazy sun": 14,
    "golden hour": 13,
    "cloudy bright": 13,
    "overcast": 12,
    "open shade": 12,
    "sunset": 12,
    "bright office": 8,
    "window light": 8,
    "home interior": 6,
    "neon street": 6,
    "blue hour": 6,
    "night street": 4,
    "candle close-up": 4,
    "full moon": -3,
}
"""Exposure value at ISO 100 that each kind of light asks for."""


def ev(f_number: float, shutter_s: float) -> float:
    """The exposure value of camera settings, whatever the film: log2(N²/t)."""
    require_positive(f_number=f_number, shutter_s=shutter_s)
    return math.log2(f_number**2 / shutter_s)


def ev100(f_number: float, shutter_s: float, *, iso: float = 100.0) -> float:
    """The light that settings expose correctly, as an exposure value at ISO 100: log2(N²/t) − log2(ISO/100).

    >>> round(ev100(16, 1 / 100), 2)
    14.64
    """
    require_positive(iso=iso)
    return ev(f_number, shutter_s) - math.log2(iso / 100)


def lux(ev100: float, *, calibration: float = 250.0) -> float:
    """Incident light in lux: C/100 · 2^EV (ISO 2720, C = 250); about 82,000 lux at EV 15.

    >>> round(lux(15))
    81920
    """
    return calibration / 100 * 2**ev100


def shutter_for(ev100: float, f_number: float, *, iso: float = 100.0) -> float:
    """The exposure time in seconds that an amount of light asks for at an aperture: N² / (2^EV · ISO/100).

    >>> round(1 / shutter_for(15, 16))
    128
    """
    require_positive(f_number=f_number, iso=iso)
    return float(f_number**2 / (2**ev100 * iso / 100))


def overexposure_stops(scene_ev100: float, settings_ev100: float) -> float:
    """How many stops brighter than normal the picture becomes; negative is darker."""
    return scene_ev100 - settings_ev100


def handheld_limit_s(equivalent_focal_length_mm: float) -> float:
    """The longest exposure that a steady hand holds: 1/f seconds for the full-frame focal length.

    The reciprocal rule of 35 mm photography, a rule of thumb; stabilised lenses allow more.
    """
    require_positive(equivalent_focal_length_mm=equivalent_focal_length_mm)
    return 1 / equivalent_focal_length_mm
