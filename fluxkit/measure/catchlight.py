"""The catchlight: at which hour of the clock the light is mirrored in the eyes."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from fluxkit.measure.face import Face, Point
from fluxkit.measure.measurement import Measurement, abstain
from fluxkit.measure.pixels import LUMA, Mask, Picture, Plane, blurred, pixels, sampled
from fluxkit.measure.subject import SubjectRegion, find_subject

SMALLEST_IRIS_PX = 3.0
"""Radius of an iris below which no spot in it can be told from its edge."""

_METHOD = "brightest small spot within each iris, from the iris's middle; both eyes must agree"
_IRIS = 0.105  # radius of an iris over the distance of the eyes; 0.093 in adults, and the lids widen what looks dark
_CELLS = 37
_REACH = 2.6  # half side of the patch, in iris radii
_STANDS_OUT = 0.10
_LARGEST = 0.30
_APART_DEG = 50.0


class _Spot(NamedTuple):
    """A spot of light in an iris, in iris radii from its middle: x to camera right, y up."""

    x: float
    y: float
    contrast: float


def catchlight(picture: Picture, *, region: SubjectRegion | None = None) -> Measurement:
    """Where the light is mirrored in the eyes: `hour` (0 to 12, 12 on top), `x` and `y` in iris radii from the middle.

    The hour is seen from the camera: 10 is up and to camera left. It tells the side and the height of a light from
    before the head. Abstains without a face, where an iris has a radius under 3 pixels (a face of about 75 pixels), and
    where the eyes hold no spot or disagree.
    """
    region = region or find_subject(picture)
    if region is None or region.face is None:
        return abstain("catchlight", "no face was found", method=_METHOD, region="eyes")
    face = region.face
    radius = _IRIS * math.dist(face.left_eye, face.right_eye)
    if radius < SMALLEST_IRIS_PX:
        reason = f"an iris has a radius of {radius:.1f} px; {SMALLEST_IRIS_PX:g} are needed"
        return abstain("catchlight", reason, method=_METHOD, region="eyes")
    spots = _spots((pixels(picture) @ LUMA).astype(np.float32), face, radius)
    if not spots:
        return abstain("catchlight", "the eyes mirror no light that stands out", method=_METHOD, region="eyes")
    if len(spots) == 2 and _apart(*spots) > _APART_DEG:
        reason = f"the eyes disagree by {_apart(*spots):.0f}°"
        return abstain("catchlight", reason, method=_METHOD, region="eyes")
    x, y = float(np.mean([s.x for s in spots])), float(np.mean([s.y for s in spots]))
    hour = math.degrees(math.atan2(x, y)) / 30 % 12
    central = math.hypot(x, y) < 0.12
    sure = 0.35 + 0.35 * (len(spots) == 2) + 0.2 * min(min(s.contrast for s in spots) / 0.4, 1)
    return Measurement(
        name="catchlight",
        value={"hour": hour, "x": x, "y": y},
        unit="hours of a clock, seen from the camera",
        words="in the middle of the iris" if central else f"at {round(hour) % 12 or 12} o'clock",
        confidence=round(0.3 if central else sure, 2),
        region="eyes",
        method=_METHOD,
    )


def clock_hour(azimuth_deg: float, elevation_deg: float) -> float | None:
    """The hour at which a light is mirrored; None for lights from the camera's own place and from behind the head.

    >>> clock_hour(-45, 45), clock_hour(180, 20)
    (10.17532451722058, None)
    """
    a, e = math.radians(azimuth_deg), math.radians(elevation_deg)
    x, y, z = math.sin(a) * math.cos(e), math.sin(e), math.cos(a) * math.cos(e)
    return math.degrees(math.atan2(x, y)) / 30 % 12 if z > -0.1 and math.hypot(x, y) > 0.3 else None


def hours_apart(one: float, other: float) -> float:
    """The shorter way between two hours.

    >>> hours_apart(11, 1)
    2
    """
    return min((one - other) % 12, (other - one) % 12)


def _spots(y: Plane, face: Face, radius: float) -> list[_Spot]:
    return [spot for eye in (face.left_eye, face.right_eye) if (spot := _spot(y, eye, radius)) is not None]


def _spot(y: Plane, eye: Point, radius: float) -> _Spot | None:
    """The spot of light in the iris near `eye`: the brightest small spot that dark surrounds, then its iris."""
    axis = np.linspace(-_REACH, _REACH, _CELLS, dtype=np.float32)
    across, down = np.meshgrid(axis, axis)
    patch = sampled(y, eye[1] + down * radius, eye[0] + across * radius)
    near = np.hypot(across, down) < 1.5
    dark = float(np.quantile(patch[near], 0.12))
    around = _ring(patch, 0.6, 1.0)
    stands = np.where(near, blurred(patch, 1.2) - around, -1)
    row, column = np.unravel_index(int(stands.argmax()), stands.shape)
    contrast = float(patch[row, column] - around[row, column])
    spot = (np.hypot(across - across[row, column], down - down[row, column]) < 0.6) & (
        patch > patch[row, column] - contrast / 2
    )
    if contrast < _STANDS_OUT or around[row, column] > dark + 0.6 * contrast or spot.sum() > _LARGEST * _DISC:
        return None
    weight = np.where(spot, patch - around[row, column], 0)
    x, below = (float((weight * plane).sum() / weight.sum()) for plane in (across, down))
    middle = _middle(
        np.where(_near(across, down, x, below, 0.6), np.minimum(patch, around), patch), across, down, (x, below)
    )
    return None if middle is None else _Spot(x - middle[0], middle[1] - below, contrast)


_DISC = math.pi * (_CELLS / (2 * _REACH)) ** 2  # cells in an iris


def _near(across: Plane, down: Plane, x: float, y: float, reach: float) -> Mask:
    return np.asarray(np.hypot(across - x, down - y) < reach)


def _ring(patch: Plane, inner: float, outer: float) -> Plane:
    """The darker half of what lies in a ring round each place, by eight samples."""
    rows, columns = np.mgrid[0 : patch.shape[0], 0 : patch.shape[1]].astype(np.float32)
    step, far = (_CELLS - 1) / (2 * _REACH), (inner + outer) / 2
    turns = np.arange(12) * math.pi / 6
    seen = [sampled(patch, rows + far * step * math.sin(t), columns + far * step * math.cos(t)) for t in turns]
    return np.asarray(np.quantile(np.stack(seen), 0.35, axis=0), np.float32)


def _middle(patch: Plane, across: Plane, down: Plane, spot: Point) -> Point | None:
    """The middle of the iris that holds the spot: a dark disc beside the whites; lids may hide its top and foot."""
    best, found = 0.0, None
    for x in np.arange(spot[0] - 0.8, spot[0] + 0.81, 0.1):
        for y in np.arange(spot[1] - 0.8, spot[1] + 0.81, 0.1):
            away, flat = np.hypot(across - x, down - y), np.abs(down - y) < 0.75
            inside, whites = away < 0.92, (away > 1.08) & (away < 1.5) & flat
            low = (away > 1.08) & (away < 1.35) & (down - y > 0.6)
            if whites.sum() < 20 or low.sum() < 8:
                continue
            lit = 0.65 * float(patch[whites].mean()) + 0.35 * float(patch[low].mean())
            score = lit - float(patch[inside].mean()) - 0.5 * float(patch[inside].std())
            if score > best:
                best, found = score, (float(x), float(y))
    return found if best > 0.04 else None


def _apart(one: _Spot, other: _Spot) -> float:
    turn = math.degrees(math.atan2(one.x, one.y) - math.atan2(other.x, other.y))
    return abs((turn + 180) % 360 - 180)
