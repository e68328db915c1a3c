"""Detail by size: how much of it a region holds in each band from one pixel to a sixteenth of the picture."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from fluxkit.measure.pixels import LUMA, Mask, Plane, blurred, resized
from fluxkit.measure.subject import SubjectRegion, background

SIDE = 128
"""The shorter side at which pictures are read."""
_SIGMAS = (0.0, 0.6, 1.0, 1.7, 2.8, 4.6, 8.0)
_SMALL = 0.001


def features(code: Plane, region: SubjectRegion) -> Plane:
    """Detail of subject and background in six bands (mean and strongest tenth, in stops), their tones and sizes."""
    scale = SIDE / min(code.shape[:2])
    small = code if scale == 1 else resized(code, round(code.shape[0] * scale), round(code.shape[1] * scale))
    mask = resized(region.mask.astype(np.float32), *small.shape[:2]) > 0.5
    y = (small @ LUMA).astype(np.float32)
    layers = [blurred(y, sigma) for sigma in _SIGMAS]
    bands = [np.abs(fine - coarse) for fine, coarse in pairwise(layers)]
    inner = blurred(mask.astype(np.float32), 2.0) > 0.9
    outer = background(SubjectRegion(mask, region.confidence))
    found = [_strengths(bands, y, where) for where in (inner, outer)]
    grain = [np.log2(np.quantile(band, 0.1) + _SMALL) for band in bands[:3]]
    return np.concatenate([*found, np.array([*grain, inner.mean(), outer.mean()])]).astype(np.float32)


def _strengths(bands: list[Plane], y: Plane, where: Mask) -> Plane:
    if where.sum() < 30:
        return np.zeros(2 * len(bands) + 1, np.float32)
    kept = [band[where] for band in bands]
    rows = [(v.mean(), v[v >= np.quantile(v, 0.9)].mean()) for v in kept]
    return np.array([*np.log2(np.array(rows).ravel() + _SMALL), y[where].mean()], np.float32)
