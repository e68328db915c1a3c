"""The colour cast: whether the picture's light looks warm, neutral or cool."""

from __future__ import annotations

import numpy as np

from fluxkit.measure.measurement import Measurement, abstain
from fluxkit.measure.monochrome import is_monochrome
from fluxkit.measure.pixels import Picture, linear, luma, pixels

WARM, COOL = 0.35, -0.06
"""Stops of red over blue from which a picture is called warm, and below which it is called cool."""

_METHOD = "red over blue of the least saturated fifth of the pixels"


def cast(picture: Picture) -> Measurement:
    """How warm the picture's light looks, in stops of red over blue; positive is warm.

    A relative measure: cameras and laboratories balance white, so no colour temperature can be read from a picture.
    Compare variants of one scene. Abstains on black and white.
    """
    code = pixels(picture)
    if is_monochrome(code):
        return abstain("cast", "the picture is black and white", method=_METHOD)
    light = linear(code)
    y = luma(light)
    seen = (y > 0.01) & (code.max(-1) < 0.985)
    if seen.mean() < 0.05:
        return abstain("cast", "too little of the picture is neither black nor clipped", method=_METHOD)
    values = np.clip(light[seen], 1e-4, None)
    chroma = code[seen].max(-1) - code[seen].min(-1)
    share = chroma / (code[seen].max(-1) + 0.05)
    quiet = values[share <= np.quantile(share, 0.2)]
    stops = float(np.log2(quiet[:, 0].mean() / quiet[:, 2].mean()))
    words = "warm" if stops > WARM else "cool" if stops < COOL else "neutral"
    return Measurement(
        name="cast",
        value=stops,
        unit="stops of red over blue",
        words=f"{words} ({stops:+.2f} stops of red over blue)",
        confidence=round(float(np.clip(0.4 + abs(stops - 0.14), 0, 0.85)), 2),
        method=_METHOD,
    )
