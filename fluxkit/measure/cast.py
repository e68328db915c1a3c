"""The colour cast: whether the picture's light looks warm, neutral or cool."""

from __future__ import annotations

import numpy as np

from fluxkit.measure.committee import opinion
from fluxkit.measure.head import grid, head_grid
from fluxkit.measure.measurement import Measurement, abstain
from fluxkit.measure.monochrome import is_monochrome
from fluxkit.measure.pixels import Mask, Picture, Plane, blurred, grown, linear, luma, pixels, resized
from fluxkit.measure.subject import SubjectRegion, find_subject

WARM, COOL = 0.40, -0.20
"""Stops of red over blue from which a picture is called warm, and below which it is called cool."""

_METHOD = "colours of skin, lights, shadows, edges and the least saturated places, read by networks fitted on renders"
_SIDE = 96
_GRID = 24
_DARK, _CLIPPED = 0.003, 0.99
_EPSILON = 0.004
_LEVELS = ((0.0, 0.3), (0.3, 0.7), (0.7, 0.95), (0.95, 1.0))
_APART = 0.15


def cast(picture: Picture, *, region: SubjectRegion | None = None) -> Measurement:
    """How warm the light on the subject looks, in stops of red over blue on a neutral grey; positive is warm.

    Measured against the film's own balance, as the eye would after a look at the whole picture: cameras and
    laboratories balance white, so no colour temperature can be read from a picture. Variants of one scene compare best.
    Abstains on black and white, and where the colours of the things leave the light in doubt.
    """
    code = pixels(picture)
    if is_monochrome(code):
        return abstain("cast", "the picture is black and white", method=_METHOD)
    light = linear(code)
    if float(((luma(light) > 0.01) & (code.max(-1) < _CLIPPED)).mean()) < 0.05:
        return abstain("cast", "too little of the picture is neither black nor clipped", method=_METHOD)
    found = opinion("cast", features(code, region or find_subject(picture)))
    if found.apart > _APART:
        reason = "the colours of the things leave the colour of the light in doubt"
        return abstain("cast", reason, method=_METHOD, value=found.value, unit="stops of red over blue")
    words = "warm" if found.value > WARM else "cool" if found.value < COOL else "neutral"
    edge = min(abs(found.value - WARM), abs(found.value - COOL))
    sure = float(np.clip(0.3 + edge / (0.25 + 2 * found.apart), 0, 0.9)) * (1 - found.apart / _APART / 2)
    return Measurement(
        name="cast",
        value=found.value,
        unit="stops of red over blue",
        words=f"{words} ({found.value:+.2f} stops of red over blue)",
        confidence=round(sure, 2),
        method=_METHOD,
    )


def features(code: Plane, region: SubjectRegion | None) -> Plane:
    """What the committee reads: colours of the whole, the subject, what is around it, above and below, and the face."""
    scale = _SIDE / min(code.shape[:2])
    small = resized(code, round(code.shape[0] * scale), round(code.shape[1] * scale))
    light, rows = linear(small), small.shape[0]
    seen = (small.max(-1) < _CLIPPED) & (luma(light) > _DARK)
    above, below = np.zeros_like(seen), np.zeros_like(seen)
    above[: rows // 3], below[-rows // 4 :] = True, True
    subject, around = np.zeros_like(seen), np.zeros_like(seen)
    if region is not None:
        subject = resized(region.mask.astype(np.float32), *small.shape[:2]) > 0.5
        around = ~grown(subject, 2)
    parts = [_colours(light, seen & mask) for mask in (np.ones_like(seen), subject, around, above, below)]
    parts.append(_log_chroma(np.array([_edges(light[..., c]) for c in range(3)])))
    parts += _face(code, region)
    return np.concatenate(parts).astype(np.float32)


def _face(code: Plane, region: SubjectRegion | None) -> list[Plane]:
    if region is None or region.face is None:
        return [np.zeros(2 * _WIDE + 1, np.float32)]
    light = linear(code)
    cells = np.stack([head_grid(light[..., c], region.face, _GRID) for c in range(3)], -1)
    x, y = grid(_GRID)
    cheeks, brow = (np.abs(x) < 0.5) & (y < 0) & (y > -0.35), (np.abs(x) < 0.4) & (y > 0.35) & (y < 0.6)
    return [np.ones(1, np.float32), _colours(cells, cheeks), _colours(cells, brow)]


_WIDE = 2 * (len(_LEVELS) + 2) + 2


def _colours(light: Plane, where: Mask) -> Plane:
    """Log colours of a region: mean, four levels of brightness, the least saturated fifth; and how bright and pale."""
    values = light[where]
    if len(values) < 12:
        return np.zeros(_WIDE, np.float32)
    y = values @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    found = [_log_chroma(values.mean(0))]
    for low, high in _LEVELS:
        a, b = np.quantile(y, [low, high])
        found.append(_log_chroma(values[(y >= a) & (y <= b)].mean(0)))
    share = (values.max(1) - values.min(1)) / (values.max(1) + 0.02)
    quiet = float(np.quantile(share, 0.2))
    found += [_log_chroma(values[share <= quiet].mean(0)), np.array([np.log2(y.mean() + _EPSILON), quiet])]
    return np.concatenate(found).astype(np.float32)


def _log_chroma(rgb: Plane) -> Plane:
    red, green, blue = np.log2(rgb + _EPSILON)
    return np.array([red - green, blue - green], np.float32)


def _edges(plane: Plane) -> float:
    """The Minkowski mean (p = 3) of the slopes, as in grey-edge colour constancy (van de Weijer and others, 2007)."""
    return float(10 * np.mean(np.hypot(*np.gradient(blurred(plane, 1.0))) ** 3) ** (1 / 3))
