"""The cast shadow: to which side of the subject it falls on the ground."""

from __future__ import annotations

import math

import numpy as np

from fluxkit.measure.measurement import Measurement, abstain
from fluxkit.measure.pixels import Mask, Picture, Plane, blurred, linear, luma, pixels, resized
from fluxkit.measure.subject import SubjectRegion, find_subject

_METHOD = "what is darker than the ground's own slope of light beside the foot of the subject"
_SIDE = 96
_DARKER = 0.45  # stops below the ground
_LEAST = 0.04  # of the ground that was looked at
_SIDED = 0.40


def shadow(picture: Picture, *, region: SubjectRegion | None = None) -> Measurement:
    """Where the subject's shadow falls: `side` (-1 camera left to 1 camera right) and `angle_deg` in the picture.

    The angle is 0 to camera right, 90 up (away from the camera), as on paper. Abstains for heads, which stand on
    nothing, without a subject that stands free on its ground, and where nothing beside its foot is darker.
    """
    region = region or find_subject(picture)
    if region is None or region.face is not None:
        reason = "a head stands on no ground" if region else "nothing stands out from the border"
        return abstain("shadow", reason, method=_METHOD, region="ground")
    code = pixels(picture)
    scale = _SIDE / max(code.shape[:2])
    size = max(round(code.shape[0] * scale), 16), max(round(code.shape[1] * scale), 16)
    mask = resized(region.mask.astype(np.float32), *size) > 0.4
    stops = np.log2(blurred(luma(linear(resized(code, *size))), 0.8) + 0.004)
    found = _beside(stops, mask)
    if found is None:
        return abstain("shadow", "the subject does not stand free on its ground", method=_METHOD, region="ground")
    share, side, up = found
    if share < _LEAST:
        return abstain("shadow", "no cast shadow stands out beside the foot", method=_METHOD, region="ground")
    value = {"side": side, "angle_deg": math.degrees(math.atan2(up, side)), "share": share}
    if abs(side) < _SIDED:
        reason = "the darkness lies on both sides of the foot alike"
        return abstain("shadow", reason, method=_METHOD, region="ground", value=value, unit="")
    return Measurement(
        name="shadow",
        value=value,
        unit="side from -1 to 1, degrees",
        words=f"falls to the {'left' if side < 0 else 'right'}",
        confidence=round(float(np.clip(0.2 + 0.7 * abs(side), 0, 0.85)) * min(region.confidence + 0.3, 1.0), 2),
        region="ground",
        method=_METHOD,
    )


def _beside(stops: Plane, mask: Mask) -> tuple[float, float, float] | None:
    """The share of the ground that is in shadow, and to which side of the foot and how far up it lies."""
    rows, columns = np.nonzero(mask)
    foot, tall = int(rows.max()), int(np.ptp(rows)) + 1
    low = rows > foot - 0.35 * tall
    middle, half = float(columns[low].mean()), max(float(np.ptp(columns[low])) / 2, 3.0)
    if foot >= stops.shape[0] - 2:
        return None
    y, x = np.mgrid[0 : stops.shape[0], 0 : stops.shape[1]]
    away = (x - middle) / half
    reach = (y > foot - 0.30 * tall) & (y < foot + 0.14 * tall) & (np.abs(away) < 3.2)
    ground = reach & ~_grown(mask)
    left, right = ground & (away < 0), ground & (away > 0)
    if min(left.sum(), right.sum()) < 20:
        return None
    rest = stops - _slope(stops, x / stops.shape[1], y / stops.shape[0], ground)
    dark = ground & (rest < -_DARKER)
    share = float(dark.sum() / ground.sum())
    if not dark.any():
        return 0.0, 0.0, 0.0
    depth = np.clip(-rest, 0, 2)
    shares = [float((depth * (dark & where)).sum() / where.sum()) for where in (left, right)]
    side = (shares[1] - shares[0]) / (sum(shares) + 1e-6)
    up = float(np.average((foot - 0.08 * tall - y[dark]) / (0.34 * half), weights=depth[dark]))
    return share, side, float(np.clip(up / 3, -1, 1))


def _slope(stops: Plane, x: Plane, y: Plane, ground: Mask) -> Plane:
    """The ground's own light as a plane through its lit part."""
    basis = np.stack([np.ones_like(x), x, y], -1)
    rows, values = basis[ground], stops[ground]
    weight = np.ones(len(values))
    for _ in range(6):
        fit = np.linalg.lstsq(rows * weight[:, None], values * weight, rcond=None)[0]
        rest = values - rows @ fit
        weight = np.where(rest > -0.15, 1.0, 0.15)
    return np.asarray(basis @ fit, np.float32)


def _grown(mask: Mask) -> Mask:
    return np.asarray(blurred(mask.astype(np.float32), 1.2) > 0.12)
