"""Haze: how much of the land's own light and dark the air has veiled."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from fluxkit.measure.committee import opinion
from fluxkit.measure.measurement import Measurement, abstain
from fluxkit.measure.pixels import Picture, Plane, blurred, linear, luma, pixels, resized
from fluxkit.measure.saturation import oklab

LEVELS = ((0.13, "clear"), (0.28, "light haze"), (0.50, "medium haze"), (1.0, "dense haze"))
"""Upper ends of the veil that each word stands for."""

_METHOD = "tone, darkest channel, texture and colour of ten bands of land beside the air, read by networks"
_SIDE = 64
_BANDS = 10
_DARK = 0.05
_APART = 0.25
_UNEVEN = 0.14  # most that luma may vary along a row of sky, between its quartiles: clouds do, walls and crowds do more
_E = 0.004


def haze(picture: Picture) -> Measurement:
    """How hazy a landscape is: the share of the middle distance that the air has veiled, 0 to 1.

    Abstains without a smooth, light sky above land, at night, and where the bands of land say different things.
    """
    small = _small(pixels(picture))
    skyline = _skyline(small)
    if skyline is None or not _is_sky(small, skyline):
        return abstain("haze", "no sky above land was found", method=_METHOD)
    if float(np.median(luma(linear(small))[: max(round(0.8 * skyline), 1)])) < _DARK:
        return abstain("haze", "it is too dark to tell haze from night", method=_METHOD, region="land")
    found = opinion("haze", features(small, skyline))
    value = 1 / (1 + math.exp(-found.value))
    if found.apart > _APART:
        reason = "pale land and veiled land cannot be told apart here"
        return abstain("haze", reason, method=_METHOD, region="land", value=value, unit="veil")
    words = next(name for top, name in LEVELS if value <= top)
    edge = min(abs(found.value - math.log(top / (1 - top))) for top, _ in LEVELS[:-1])
    return Measurement(
        name="haze",
        value=value,
        unit="veil of the middle distance",
        words=f"{words} ({value:.0%} of the middle distance veiled)",
        confidence=round(float(np.clip(0.35 + 0.4 * edge - 0.3 * found.apart, 0.1, 0.9)), 2),
        region="land",
        method=_METHOD,
    )


def logit(veil: float) -> float:
    """What the committee reads: the logarithm of veiled over clear."""
    return math.log(veil / (1 - veil))


def features(small: Plane, skyline: int | None = None) -> Plane:
    """What the committee reads of a picture 64 pixels on its shorter side; `skyline` saves the search for it."""
    skyline = (_skyline(small) or len(small) // 2) if skyline is None else skyline
    light, lab = linear(small), oklab(small)
    y, band = luma(light), slice(max(skyline - 7, 0), max(skyline - 1, 1))
    air, tint = np.median(light[band].reshape(-1, 3), 0), np.median(lab[band].reshape(-1, 3), 0)
    level = np.log2(float(luma(air)) + _E)
    stops = np.log2(y + _E)
    fine = stops - blurred(stops, 2.0)
    edges = np.round(np.linspace(min(skyline + 1, len(y) - _BANDS), len(y), _BANDS + 1)).astype(int)
    found: list[float] = []
    for top, end in pairwise(edges):
        rows = slice(top, max(end, top + 1))
        away = lab[rows] - tint
        found += [
            np.log2(np.median(y[rows]) + _E) - level,
            np.log2(np.quantile(y[rows], 0.9) + _E) - level,
            np.log2(np.quantile(light[rows].min(-1), 0.1) + _E) - np.log2(air.min() + _E),
            np.log2(fine[rows].std() + 0.01),
            float(np.median(np.linalg.norm(away, axis=-1))),
            np.log2(np.median(np.hypot(lab[rows, :, 1], lab[rows, :, 2])) + 0.01),
        ]
    sky = y[:skyline]
    top_level = np.log2(np.median(sky[: max(skyline // 2, 1)]) + _E) - level
    found += [skyline / len(y), level, float(np.hypot(tint[1], tint[2])), float(sky.std()), float(top_level)]
    return np.array(found, np.float32)


def _small(code: Plane) -> Plane:
    scale = _SIDE / min(code.shape[:2])
    return resized(code, round(code.shape[0] * scale), round(code.shape[1] * scale))


def _skyline(small: Plane) -> int | None:
    """The row at which the light drops most from above to below."""
    y = blurred(luma(small), 0.7)
    rows, band = y.shape[0], 3
    level = np.median(y, axis=1)
    tried = np.arange(round(0.25 * rows), round(0.72 * rows))
    drop = np.array([level[r - band : r].mean() - level[r : r + band].mean() for r in tried])
    return int(tried[int(np.argmax(drop >= 0.6 * drop.max()))]) if drop.max() > 0 else None


def _is_sky(small: Plane, skyline: int) -> bool:
    """Whether what lies above the skyline is smooth and light, as a sky is."""
    y = blurred(luma(small), 0.7)
    sky, land = y[: max(skyline - 3, 2)], y[skyline + 3 :]
    uneven = float(np.median(np.subtract(*np.percentile(sky, [75, 25], axis=1))))
    return uneven <= _UNEVEN and float(np.median(sky)) >= 0.9 * float(np.median(land))
