"""What tells focus in a small picture: detail by size in subject and background, and how soft their edges are."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from fluxkit.measure.edges import edge_blur, region_blur
from fluxkit.measure.pixels import LUMA, Mask, Plane, blurred, resized
from fluxkit.measure.subject import SubjectRegion, background

SIDE = 128
"""The shorter side at which pictures are read."""
_SIGMAS = (0.0, 0.6, 1.0, 1.7, 2.8, 4.6, 8.0)
_SMALL = 0.001


def level(radius: float) -> float:
    """What the committee reads for a blur disc of this radius, a share of the shorter side."""
    return math.log2(radius * SIDE + 0.4)


def radius(level: float) -> float:
    """The radius of the blur disc, as a share of the shorter side, that stands for a level."""
    return float(max(2.0**level - 0.4, 0.0) / SIDE)


def features(code: Plane, region: SubjectRegion) -> Plane:
    """Detail of subject and background in six bands (mean and strongest tenth, in stops), tones, sizes and edges."""
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
    rest = [*grain, inner.mean(), outer.mean(), *_edges(edge_blur(small), inner, outer)]
    return np.concatenate([*found, np.array(rest)]).astype(np.float32)


def _strengths(bands: list[Plane], y: Plane, where: Mask) -> Plane:
    if where.sum() < 30:
        return np.zeros(2 * len(bands) + 1, np.float32)
    kept = [band[where] for band in bands]
    rows = [(v.mean(), v[v >= np.quantile(v, 0.9)].mean()) for v in kept]
    return np.array([*np.log2(np.array(rows).ravel() + _SMALL), y[where].mean()], np.float32)


def _edges(blur: Plane, inner: Mask, outer: Mask) -> list[float]:
    """How soft the edges of both are, in octaves, and how many there are."""
    near, many = region_blur(blur, inner)
    far, more = region_blur(blur, outer, share=0.5)
    known = blur[outer & np.isfinite(blur)]
    spread = np.quantile(known, [0.1, 0.35, 0.8]) if more >= 8 else np.ones(3)
    soft = [float(np.log2(v + 0.2)) for v in (near or 1.0, far or 1.0, *spread)]
    told = [float(near is not None), float(far is not None), float(np.log2(many + 1)), float(np.log2(more + 1))]
    return [*soft, *told, float(np.log2((far or 1.0) / max(near or 1.0, 0.4)))]
