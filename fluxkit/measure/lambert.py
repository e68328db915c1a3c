"""Which light explains a shaded surface best: a robust fit over all directions at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluxkit.measure.pixels import Plane

_SHARPNESS = 25.0
"""How much better a direction must explain the surface to outweigh its neighbours in the mean direction."""


@dataclass(frozen=True)
class LightFit:
    """The light that explains a surface, as luminance = ambient + key x shading."""

    vector: NDArray[np.float64]
    """Unit vector to the light."""
    explained: float
    """Share of the variance that it explains, 0 to 1, less where the ambient light would be negative."""
    focus: float
    """How closely the good directions lie together: 1 is one direction, 0 all round."""
    ambient: float
    key: float


def fit_light(values: Plane, shading: Plane, weights: Plane, vectors: NDArray[np.float64]) -> LightFit:
    """The direction whose `shading` (directions, points) explains `values` (points) best.

    Three rounds, in which points that no light explains (hair, gloss, cast shadow) lose weight.
    """
    used = weights > 0.05
    level = float(np.average(values[used], weights=weights[used]))
    y, s = values[used].astype(np.float64) / max(level, 1e-6), shading[:, used].astype(np.float64)
    first = weights[used].astype(np.float64)
    w = first
    for _ in range(3):
        w = w / w.sum()
        y_mean, s_mean = w @ y, s @ w
        shared, spread = s @ (w * (y - y_mean)), (s * s) @ w - s_mean**2 + 1e-4
        key = np.clip(shared / spread, 0, None)
        ambient = y_mean - key * s_mean
        explained = np.where(key > 0, shared**2 / (spread * (w @ (y - y_mean) ** 2 + 1e-9)), 0)
        explained = explained - 0.5 * np.clip(-ambient / y_mean, 0, 1)
        best = int(explained.argmax())
        rest = y - ambient[best] - key[best] * s[best]
        w = first / (1 + (rest / (2 * 1.4826 * float(np.median(np.abs(rest))) + 1e-6)) ** 2)
    share = np.exp((explained - explained[best]) * _SHARPNESS)
    mean = share @ vectors / share.sum()
    length = float(np.linalg.norm(mean))
    return LightFit(mean / max(length, 1e-6), float(explained[best]), length, float(ambient[best]), float(key[best]))
