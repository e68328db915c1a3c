"""The blur of edges: how soft each edge of a picture is, read at the finest scale at which it stands above the grain.

Scale by Elder and Zucker ("Local scale control for edge detection and blur estimation", 1998); blur from the ratio of
gradients before and after a known re-blur, after Zhuo and Sim ("Defocus map estimation from a single image", 2011).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fluxkit.measure.pixels import LUMA, Mask, Plane, blurred, grown, sampled

Spots: TypeAlias = NDArray[np.intp]
"""Row or column numbers of points."""

SCALES = (0.8, 1.5, 3.0, 6.0)
FEWEST = 15
"""Edge points without which a region has no answer."""

_STANDS_OUT = 5.5
_FLOOR = 0.004
_WIDEST = 24.0
_TONES = 6


def edge_blur(code: Plane) -> Plane:
    """The blur of each edge point as a Gaussian sigma in pixels, NaN off the edges; a disc of radius r has r / 2."""
    y = (code @ LUMA).astype(np.float32)
    out = np.full(y.shape, np.nan, np.float32)
    taken: Mask = np.zeros(y.shape, bool)
    grain = _grain(y)
    for scale in SCALES:
        if 4 * scale > min(y.shape):
            break
        smooth = blurred(y, scale)
        down, right = _gradient(smooth)
        slope = np.hypot(down, right)
        least = np.maximum(_STANDS_OUT * grain * 1.36 / (scale**2 + 0.36), _FLOOR / scale**0.5)
        rows, columns = np.nonzero((slope > least) & ~taken)
        peak = _peaks(slope, down, right, rows, columns)
        rows, columns = rows[peak], columns[peak]
        sigma = _sigma(slope, _slope(blurred(smooth, 1.3 * scale)), rows, columns, scale)
        sure = sigma < 5 * scale + 1  # else a coarser scale decides
        out[rows[sure], columns[sure]] = sigma[sure]
        here = np.zeros_like(taken)
        here[rows[sure], columns[sure]] = True
        taken |= grown(here, max(int(2 * scale), 2))
    return out


def region_blur(blur: Plane, region: Mask, share: float = 0.35) -> tuple[float | None, int]:
    """The blur of a region, as a low quantile of its edges, and their number; None where there are too few.

    Soft shading and texture only add softness, so the sharper edges tell how well a region is in focus.
    """
    values = blur[region & np.isfinite(blur)]
    return (float(np.quantile(values, share)) if len(values) >= FEWEST else None), len(values)


def _grain(y: Plane) -> Plane:
    """The slope that grain alone gives at scale 1, for each pixel: film grain differs from tone to tone."""
    slope, tone = _slope(blurred(y, 1.0)), blurred(y, 2.0)
    edges = np.quantile(tone, np.linspace(0, 1, _TONES + 1))
    centres = (edges[:-1] + edges[1:]) / 2
    bins = np.clip(np.searchsorted(edges, tone.ravel(), "right") - 1, 0, _TONES - 1)
    level = [np.quantile(slope.ravel()[bins == k], 0.15) / 0.570 if (bins == k).any() else 0.0 for k in range(_TONES)]
    least = max(float(np.quantile(slope, 0.15)) / 0.570, 4e-4)  # 15 % of a Rayleigh distribution lie below 0.570 sigma
    return np.asarray(np.interp(tone, centres, np.clip(level, least, 4 * least)), np.float32)


def _gradient(plane: Plane) -> tuple[Plane, Plane]:
    down, right = np.gradient(plane)
    return np.asarray(down, np.float32), np.asarray(right, np.float32)


def _slope(plane: Plane) -> Plane:
    return np.asarray(np.hypot(*_gradient(plane)), np.float32)


def _peaks(slope: Plane, down: Plane, right: Plane, rows: Spots, columns: Spots) -> Mask:
    """Which points are ridges of the slope across the edge."""
    here = slope[rows, columns]
    dy, dx = down[rows, columns] / here, right[rows, columns] / here
    ahead = sampled(slope, (rows + dy).astype(np.float32), (columns + dx).astype(np.float32))
    back = sampled(slope, (rows - dy).astype(np.float32), (columns - dx).astype(np.float32))
    return np.asarray((here >= ahead) & (here >= back))


def _sigma(slope: Plane, softer: Plane, rows: Spots, columns: Spots, scale: float) -> Plane:
    again = 1.3 * scale
    ratio = np.clip(slope[rows, columns] / (softer[rows, columns] + 1e-9), 1.003, None) ** 2 - 1
    return np.asarray(np.sqrt(np.clip(again**2 / ratio - scale**2, 0.04, _WIDEST**2)), np.float32)
