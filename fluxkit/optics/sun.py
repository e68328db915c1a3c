"""The sun's place in the sky, and the names that photographers give to its heights.

Source of the position: the low-precision formulas of the Astronomical Almanac (page C5), good to 0.01 degrees from 1950
to 2050. Names: golden hour −4° to +6° and blue hour −6° to −4° as photographers' almanacs use them; civil, nautical and
astronomical twilight end at −6°, −12° and −18° (US Naval Observatory).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

from fluxkit.errors import InputError

SkyName = Literal["day", "golden hour", "blue hour", "nautical twilight", "astronomical twilight", "night"]

_Test = Callable[[datetime], bool]
_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


class SunPosition(NamedTuple):
    """Where the sun's centre is seen: azimuth clockwise from north, elevation above the horizon, in degrees."""

    azimuth_deg: float
    elevation_deg: float


class Span(NamedTuple):
    """A stretch of time, in the time zone it was asked in."""

    start: datetime
    end: datetime


def sun_position(when: datetime, *, latitude_deg: float, longitude_deg: float, refraction: bool = False) -> SunPosition:
    """Azimuth (from north, clockwise) and elevation of the sun's centre in degrees, at an aware time.

    Geometric unless `refraction` is asked for. Raises `InputError` for a time without a zone.

    >>> noon = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)
    >>> round(sun_position(noon, latitude_deg=51.48, longitude_deg=0).elevation_deg, 1)
    62.0
    """
    days = _days(when)
    ascension, declination = _equatorial(days)
    sidereal = math.radians((280.46061837 + 360.98564736629 * days + longitude_deg) % 360)
    hour, latitude = sidereal - ascension, math.radians(latitude_deg)
    sine = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(hour)
    elevation = math.degrees(math.asin(max(-1.0, min(1.0, sine))))
    azimuth = math.atan2(
        -math.sin(hour), math.tan(declination) * math.cos(latitude) - math.sin(latitude) * math.cos(hour)
    )
    lifted = elevation + (refraction_deg(elevation) if refraction else 0.0)
    return SunPosition(math.degrees(azimuth) % 360, lifted)


def refraction_deg(elevation_deg: float) -> float:
    """How much the air lifts the sun, in degrees, at 10 °C and 1010 hPa; 0 well below the horizon.

    Source: Sæmundsson, Sky & Telescope 72 (1986) 70.
    """
    if elevation_deg < -1:
        return 0.0
    return 1.02 / math.tan(math.radians(elevation_deg + 10.3 / (elevation_deg + 5.11))) / 60


def sky_name(elevation_deg: float) -> SkyName:
    """What photographers call the light at that height of the sun.

    >>> sky_name(3), sky_name(-5), sky_name(-20)
    ('golden hour', 'blue hour', 'night')
    """
    bands: tuple[tuple[float, SkyName], ...] = (
        (-18, "night"),
        (-12, "astronomical twilight"),
        (-6, "nautical twilight"),
        (-4, "blue hour"),
        (6, "golden hour"),
    )
    return next((name for limit, name in bands if elevation_deg < limit), "day")


def shadow_length(elevation_deg: float) -> float:
    """Length of a cast shadow in heights of what casts it: 1/tan(elevation); infinite with the sun at or below 0.

    >>> round(shadow_length(6), 1)
    9.5
    """
    return 1 / math.tan(math.radians(elevation_deg)) if elevation_deg > 0 else math.inf


def sun_kelvin(elevation_deg: float) -> float | None:
    """Roughly how warm direct sunlight is at that height; None with the sun down.

    A straight line through imaging practice (2000 K at the horizon, 3500 K at 6°, 4500 K at 20°, 5500 K from 40° on);
    clear air near sea level, give or take 500 K.
    """
    if elevation_deg < 0:
        return None
    points = ((0.0, 2000.0), (6.0, 3500.0), (20.0, 4500.0), (40.0, 5500.0), (90.0, 5500.0))
    for (low, cold), (high, warm) in pairwise(points):
        if elevation_deg <= high:
            return cold + (warm - cold) * (elevation_deg - low) / (high - low)
    return 5500.0


def sun_spans(
    day: datetime, *, latitude_deg: float, longitude_deg: float, low_deg: float = -4.0, high_deg: float = 6.0
) -> tuple[Span, ...]:
    """When, within 24 hours from `day`, the sun stands between two heights: by default its golden hours.

    Found by scanning every 2 minutes and halving to the second; crossings shorter than that can be missed.

    >>> midnight = datetime(2026, 3, 20, tzinfo=UTC)
    >>> evening = sun_spans(midnight, latitude_deg=52, longitude_deg=0)[-1]
    >>> round((evening.end - evening.start).total_seconds() / 60)
    65
    """

    def inside(moment: datetime) -> bool:
        height = sun_position(moment, latitude_deg=latitude_deg, longitude_deg=longitude_deg).elevation_deg
        return low_deg <= height <= high_deg

    moments = [day + timedelta(minutes=2 * step) for step in range(721)]
    spans: list[Span] = []
    start = day if inside(day) else None
    for before, after in pairwise(moments):
        if inside(before) == inside(after):
            continue
        edge = _edge(before, after, inside(before), inside)
        if start is None:
            start = edge
        else:
            spans.append(Span(start, edge))
            start = None
    return (*spans, Span(start, moments[-1])) if start is not None else tuple(spans)


def _edge(before: datetime, after: datetime, state: bool, inside: _Test) -> datetime:
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        before, after = (middle, after) if inside(middle) == state else (before, middle)
    return after


def _days(when: datetime) -> float:
    if when.tzinfo is None:
        raise InputError(
            f"A time without a zone was given ({when.isoformat()}). The sun needs an aware time. Add tzinfo, for "
            "example datetime(2026, 6, 21, 18, 30, tzinfo=ZoneInfo('Europe/Lisbon'))."
        )
    return (when - _J2000).total_seconds() / 86400.0


def _equatorial(days: float) -> tuple[float, float]:
    longitude = math.radians((280.460 + 0.9856474 * days) % 360)
    anomaly = math.radians((357.528 + 0.9856003 * days) % 360)
    ecliptic = longitude + math.radians(1.915) * math.sin(anomaly) + math.radians(0.020) * math.sin(2 * anomaly)
    obliquity = math.radians(23.439 - 4e-7 * days)
    ascension = math.atan2(math.cos(obliquity) * math.sin(ecliptic), math.cos(ecliptic))
    return ascension, math.asin(math.sin(obliquity) * math.sin(ecliptic))
