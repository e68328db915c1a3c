"""Haze: how much the air between near and far lifts the shadows and eats the contrast."""

from __future__ import annotations

import numpy as np

from fluxkit.measure.measurement import Measurement, abstain
from fluxkit.measure.pixels import Mask, Picture, Plane, blurred, box_mean, linear, luma, pixels, resized

_METHOD = "darkest channel of the far land over the sky's light (He, Sun, Tang 2009), with the loss of local contrast"
_SIDE = 128


def haze(picture: Picture) -> Measurement:
    """How hazy a landscape is, 0 (clear) to 1 (the far land has the sky's tone).

    Needs a sky above land: the smooth, light part that reaches the upper edge. Abstains where there is none, at night,
    and on pictures in which the land is as light as snow.
    """
    code = pixels(picture)
    scale = _SIDE / max(code.shape[:2])
    small = resized(code, max(round(code.shape[0] * scale), 16), max(round(code.shape[1] * scale), 16))
    skyline = _skyline(small)
    if skyline is None:
        return abstain("haze", "no sky above land was found", method=_METHOD)
    far, near = _bands(skyline, small.shape[:2])
    light = linear(small)
    above = ~(far | near) & (np.arange(small.shape[0])[:, None] < skyline[None] - 1)
    air = float(np.percentile(luma(light)[above], 50))
    if air < 0.02:
        return abstain("haze", "it is too dark to tell haze from night", method=_METHOD, region="land")
    if float(np.median(luma(light)[near])) > 0.6:
        return abstain("haze", "the land is as light as snow, which looks like haze", method=_METHOD, region="land")
    veil = float(np.quantile(light.min(-1)[far], 0.2)) / max(float(np.median(light.min(-1)[above])), 0.02)
    lost = 1 - min(_contrast(small, far) / max(_contrast(small, near), 1e-3), 1.0)
    value = float(np.clip(0.8 * veil + 0.2 * lost * veil, 0, 1))
    words = (
        "clear" if value < 0.15 else "light haze" if value < 0.35 else "medium haze" if value < 0.6 else "dense haze"
    )
    return Measurement(
        name="haze",
        value=value,
        unit="share of the sky's light",
        words=f"{words} ({value:.2f})",
        confidence=0.6,
        region="land",
        method=_METHOD,
    )


def _skyline(small: Plane) -> Plane | None:
    """The row at which the sky ends in each column; None without a sky."""
    y = blurred((small @ np.array([0.2, 0.4, 0.4], np.float32)).astype(np.float32), 1.0)
    rows = y.shape[0]
    step = np.abs(np.diff(y, axis=0))
    edge = step[2 : rows - 8]
    line = edge.argmax(0) + 2
    strong = edge.max(0)
    middle = float(np.median(line))
    even = float(np.mean(np.abs(line - middle) < 0.2 * rows))
    above, below = y[: max(int(middle) - 2, 1)], y[int(middle) + 3 :]
    if not 0.12 * rows < middle < 0.85 * rows or even < 0.5 or float(np.median(strong)) < 0.01:
        return None
    return (
        np.where(np.abs(line - middle) < 0.2 * rows, line, middle).astype(np.float32) if _is_sky(above, below) else None
    )


def _is_sky(above: Plane, below: Plane) -> bool:
    rough = [float(np.abs(np.diff(part, axis=1)).mean()) for part in (above, below)]
    return rough[0] < 1.5 * rough[1] + 0.01 and float(np.median(above)) > 0.8 * float(np.median(below))


def _bands(skyline: Plane, shape: tuple[int, ...]) -> tuple[Mask, Mask]:
    row = np.arange(shape[0])[:, None] - skyline[None]
    depth = max(float(shape[0] - np.median(skyline)), 8.0)
    return (row > 2) & (row < 2 + 0.14 * depth), row > 0.6 * depth


def _contrast(small: Plane, part: Mask) -> float:
    y = luma(small)
    return float(np.sqrt(np.clip(box_mean(y * y, 3) - box_mean(y, 3) ** 2, 0, None))[part].mean())
