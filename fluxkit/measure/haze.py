"""Haze: how much the air between near and far lifts the shadows of the far land."""

from __future__ import annotations

import numpy as np

from fluxkit.measure.measurement import Measurement, abstain
from fluxkit.measure.pixels import Picture, Plane, blurred, linear, luma, pixels, resized

_METHOD = "darkest channel of the land below the skyline over the sky's light (after He, Sun, Tang 2009)"
_SIDE = 128
_DARK, _PALE = 0.05, 0.3
_UNSURE = 0.3  # below what gives a verdict: on renders of unlike lands it tells haze from clear air with AUC 0.6
_UNEVEN = 0.14  # most that luma may vary along a row of sky, between its quartiles: clouds do, walls and crowds do more


def haze(picture: Picture) -> Measurement:
    """How hazy a landscape is: 0 where the far land is black, 1 where it has the sky's tone.

    Unsure: it gives no verdict (`docs/measures.md` says how often it errs). Abstains without a smooth, light sky
    above land, at night, and where the near land is as pale as snow.
    """
    code = pixels(picture)
    scale = _SIDE / max(code.shape[:2])
    small = resized(code, max(round(code.shape[0] * scale), 16), max(round(code.shape[1] * scale), 16))
    skyline = _skyline(small)
    if skyline is None:
        return abstain("haze", "no sky above land was found", method=_METHOD)
    light = linear(small)
    y, rows = luma(light), small.shape[0]
    air = float(np.median(y[: max(round(0.8 * skyline), 1)]))
    if air < _DARK:
        return abstain("haze", "it is too dark to tell haze from night", method=_METHOD, region="land")
    if float(np.quantile(light.min(-1)[round(0.8 * rows) :], 0.1)) > _PALE * air:
        return abstain("haze", "the near land is as pale as snow, which looks like haze", method=_METHOD, region="land")
    far = light.min(-1)[skyline + 2 : skyline + 2 + max(round(0.11 * rows), 3)]
    value = float(np.clip(np.quantile(far, 0.1) / air, 0, 1))
    words = "clear" if value < 0.2 else "light haze" if value < 0.35 else "medium haze" if value < 0.6 else "dense haze"
    return Measurement(
        name="haze",
        value=value,
        unit="share of the sky's light",
        words=f"{words} ({value:.2f})",
        confidence=_UNSURE,
        reason="pale or sunlit land looks hazy too",
        region="land",
        method=_METHOD,
    )


def _skyline(small: Plane) -> int | None:
    """The row at which the sky ends; None where nothing above it is a sky."""
    y = blurred(luma(small), 1.0)
    rows, band = y.shape[0], max(round(0.05 * y.shape[0]), 2)
    level = np.median(y, axis=1)
    tried = np.arange(round(0.25 * rows), round(0.72 * rows))
    drop = np.array([level[r - band : r].mean() - level[r : r + band].mean() for r in tried])
    row = int(tried[int(np.argmax(drop >= 0.6 * drop.max()))])
    sky = y[: row - band]
    uneven = float(np.median(np.subtract(*np.percentile(sky, [75, 25], axis=1))))
    if drop.max() < 0.01 or uneven > _UNEVEN or float(np.median(sky)) < 0.9 * float(np.median(y[row + band :])):
        return None
    return row
