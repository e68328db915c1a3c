"""Grain: how strong it is at each tone, how large, and how coloured."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluxkit.measure.measurement import Measurement, abstain
from fluxkit.measure.pixels import LUMA, Picture, Plane, pixels

FLOOR = 0.005
"""Below this deviation (of full scale) a clean 8-bit photograph reads the same: no grain is named."""

_BLOCK = 8
_TONES = 8
_SHARE = 0.03
_LEAK = 1.08  # texture left in the flattest blocks of six real photographs (bench/measures.py)
_MOST_BLOCKS = 24000
_METHOD = "flattest 8 x 8 blocks of each tone, quadratic trend removed, bias calibrated on synthetic grain"

# Bias of the estimator on flat fields of Gaussian-correlated grain, by its lag-1 autocorrelation: (autocorrelation,
# size of the grain as a Gaussian sigma in px, estimated over true deviation); measured on fields of 384 x 384 px.
_CALIBRATION: NDArray[np.float64] = np.array(
    [
        (-0.0758, 0.0, 1.030),
        (-0.0687, 0.3, 1.027),
        (-0.0345, 0.4, 1.013),
        (0.0528, 0.5, 0.955),
        (0.1579, 0.6, 0.876),
        (0.2511, 0.7, 0.789),
        (0.3183, 0.8, 0.699),
        (0.3993, 1.0, 0.568),
        (0.4408, 1.2, 0.460),
        (0.4677, 1.5, 0.332),
    ]
)


@dataclass(frozen=True)
class GrainCurve:
    """Deviation against tone, and the shape of the grain."""

    tone: tuple[float, ...]
    """Mean luma (0 to 1) of each bin that was answered."""
    sigma: tuple[float, ...]
    """Deviation of luma at that tone, of full scale."""
    weight: tuple[int, ...]
    """Blocks that each value rests on."""
    lag: float
    """Autocorrelation of neighbours, before calibration."""
    size_px: float
    """Size of a grain as the sigma of a Gaussian, in pixels; 0 is pixel noise."""
    chroma: float
    """Deviation of the colour differences, as a share of that of luma."""


def grain(picture: Picture) -> Measurement:
    """How grainy a picture is: `sigma` (of full scale), `size_px`, `chroma`, and `shadow_highlight`.

    Measure the decoded picture itself, before it is resized or saved as JPEG. Values below 0.005 say "none detected".
    Abstains where fewer than two tones have flat places.
    """
    curve = grain_curve(picture)
    if curve is None or len(curve.tone) < 2:
        return abstain("grain", "fewer than two tones have a flat place to measure it in", method=_METHOD)
    sigma = _level(curve)
    value = {"sigma": sigma, "size_px": curve.size_px, "chroma": curve.chroma}
    ratio = _shadow_highlight(curve)
    if ratio is not None:
        value["shadow_highlight"] = ratio
    steady = min(sum(curve.weight) / 40, 1.0) * min(len(curve.tone) / 4, 1.0)
    return Measurement(
        name="grain",
        value=value,
        unit="of full scale",
        words=_words(sigma, curve.size_px),
        confidence=round(0.9 * steady, 2),
        method=_METHOD,
    )


def grain_curve(picture: Picture) -> GrainCurve | None:
    """Deviation of luma at each tone, and the grain's size and colour; None where no block is flat."""
    code = pixels(picture)
    blocks = _blocks(code @ LUMA)
    colour = _blocks(code[..., 0] - code @ LUMA), _blocks(code[..., 2] - code @ LUMA)
    if len(blocks) > _MOST_BLOCKS:
        keep = np.random.default_rng(0).choice(len(blocks), _MOST_BLOCKS, replace=False)
        blocks, colour = blocks[keep], (colour[0][keep], colour[1][keep])
    tone, rest = blocks.mean((1, 2)), _detrended(blocks)
    variance = (rest**2).sum((1, 2)) / (_BLOCK**2 - 6)
    fit = _grainlike(blocks, rest, variance)
    bins = _bins(tone, variance, fit)
    if not bins:
        return None
    chosen = np.concatenate([rows for rows, _ in bins])
    lag = _lag(rest[chosen], variance[chosen])
    size, bias = (float(np.interp(lag, _CALIBRATION[:, 0], _CALIBRATION[:, k])) for k in (1, 2))
    part = sum(float((_detrended(c[chosen]) ** 2).mean()) for c in colour) / 2
    return GrainCurve(
        tone=tuple(float(tone[rows].mean()) for rows, _ in bins),
        sigma=tuple(float(np.sqrt(v) / bias / _LEAK) for _, v in bins),
        weight=tuple(len(rows) for rows, _ in bins),
        lag=lag,
        size_px=size if lag > 0.02 else 0.0,
        chroma=float(np.sqrt(part / max(float(variance[chosen].mean()), 1e-12))),
    )


def _level(curve: GrainCurve) -> float:
    return float(np.average(curve.sigma, weights=curve.weight))


def _shadow_highlight(curve: GrainCurve) -> float | None:
    tone, sigma = np.array(curve.tone), np.array(curve.sigma)
    dark, light = sigma[(tone > 0.12) & (tone < 0.45)], sigma[tone > 0.7]
    return float(np.median(dark) / max(float(np.median(light)), 1e-4)) if dark.size and light.size else None


def _words(sigma: float, size_px: float) -> str:
    if sigma < FLOOR:
        return "none detected"
    strength = "very fine" if sigma < 0.010 else "fine" if sigma < 0.020 else "medium" if sigma < 0.035 else "coarse"
    return f"{strength} (sigma {sigma:.3f}, size {size_px:.1f} px)"


def _blocks(plane: Plane) -> Plane:
    """All 8 x 8 blocks on four grids, each shifted by half a block."""
    found = []
    for top in (0, _BLOCK // 2):
        for left in (0, _BLOCK // 2):
            rows, columns = (plane.shape[0] - top) // _BLOCK, (plane.shape[1] - left) // _BLOCK
            part = plane[top : top + rows * _BLOCK, left : left + columns * _BLOCK]
            found.append(part.reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2).reshape(-1, _BLOCK, _BLOCK))
    return np.concatenate(found)


@functools.cache
def _trend() -> Plane:
    y, x = np.mgrid[0:_BLOCK, 0:_BLOCK] / (_BLOCK - 1) - 0.5
    basis = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], -1).reshape(-1, 6)
    return np.linalg.qr(basis)[0].reshape(-1, 6).astype(np.float32)


def _detrended(blocks: Plane) -> Plane:
    flat, q = blocks.reshape(len(blocks), -1), _trend()
    rest: Plane = np.asarray(flat - (flat @ q) @ q.T, np.float32)
    return rest.reshape(blocks.shape)


def _grainlike(blocks: Plane, rest: Plane, variance: Plane) -> NDArray[np.bool_]:
    """Blocks without clipping, without a direction, and without the rare large values that texture has."""
    clipped = ((blocks < 2 / 255) | (blocks > 253 / 255)).mean((1, 2)) < 0.02
    smooth = (rest[:, :-1] + rest[:, 1:])[:, :, :-1] + (rest[:, :-1] + rest[:, 1:])[:, :, 1:]
    down, right = np.diff(smooth, axis=1)[:, :, :-1], np.diff(smooth, axis=2)[:, :-1]
    xx, yy, xy = ((a * b).mean((1, 2)) for a, b in ((right, right), (down, down), (right, down)))
    coherence = np.sqrt((xx - yy) ** 2 + 4 * xy**2) / (xx + yy + 1e-12)
    peaked = (rest**4).mean((1, 2)) / np.maximum(variance**2, 1e-14) - 3
    return np.asarray(clipped & (coherence < 0.6) & (peaked < 1.2))


def _bins(tone: Plane, variance: Plane, fit: NDArray[np.bool_]) -> list[tuple[NDArray[Any], float]]:
    """For each tone the flattest blocks and their variance; tones without a flat place are left out."""
    edges = np.linspace(0.02, 0.98, _TONES + 1)
    found: list[tuple[NDArray[Any], float]] = []
    for low, high in pairwise(edges):
        rows = np.flatnonzero(fit & (tone >= low) & (tone < high))
        if len(rows) < 12:
            continue
        chosen = rows[np.argsort(variance[rows])[: max(int(_SHARE * len(rows)), 8)]]
        found.append((chosen, float(variance[chosen].mean()) / _tail(len(chosen) / len(rows))))
    sigma = np.sqrt([v for _, v in found])
    near = [sigma[max(i - 2, 0) : i + 3].min() for i in range(len(found))]
    return [item for item, s, least in zip(found, sigma, near, strict=True) if s <= 2.5 * least]


def _tail(share: float) -> float:
    """The mean of the lowest `share` of the variances of pure noise, of their mean (normal approximation)."""
    if share >= 0.999:
        return 1.0
    z = _normal_quantile(share)
    mean = -np.exp(-z * z / 2) / np.sqrt(2 * np.pi) / share
    return float(max(1 + np.sqrt(2 / (_BLOCK**2 - 6)) * mean, 0.3))


def _normal_quantile(p: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(p)


def _lag(rest: Plane, variance: Plane) -> float:
    unit = rest / np.sqrt(np.maximum(variance, 1e-12))[:, None, None]
    return float(0.5 * ((unit[:, :, 1:] * unit[:, :, :-1]).mean() + (unit[:, 1:] * unit[:, :-1]).mean()))
