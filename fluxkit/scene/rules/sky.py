"""Rules about sun, sky and season."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fluxkit.scene.rules.registry import Case, Found, rule

_GOLDEN = re.compile(r"\bgolden (light|glow|hour|sun\w*|rays?)\b|\bsunset (glow|light)\b", re.IGNORECASE)
_HEIGHTS: dict[str, tuple[float, float]] = {
    "blue hour": (-9, -2),
    "dawn": (-12, 2),
    "sunrise": (-3, 7),
    "morning": (3, 60),
    "midday": (20, 90),
    "afternoon": (6, 75),
    "golden hour": (-5, 9),
    "sunset": (-3, 7),
    "dusk": (-12, 2),
    "night": (-90, -6),
}
"""Where the sun stands at each named time, in degrees, with room for usage (the almanacs' golden hour is -4 to +6)."""
_NO_SHADOWS = {"overcast", "fog", "rain", "storm", "mist", "snow"}
_DARK = {"night", "blue hour", "dusk", "dawn"}


@rule(
    "noon-gold",
    "warning",
    reason="Above 20 degrees the sun's light is neutral; gold needs it below about 6 (imaging reference, 1.6).",
)
def noon_gold(case: Case) -> Iterator[Found]:
    """Golden light is asked for with the sun high."""
    environment, height = case.scene.environment, case.seen.sun_elevation_deg
    high = height is not None and height > 20
    if environment is None or not (environment.time_of_day == "midday" or high):
        return
    key = case.scene.lighting.key if case.scene.lighting else None
    warm_sun = key is not None and key.source in {None, "sun"} and key.kelvin is not None and key.kelvin < 4300
    said = next((path for path, text in case.texts() if _GOLDEN.search(text)), None)
    if said or (warm_sun and not (key and key.gel)):
        when = f"with the sun {height:.0f} degrees high" if height is not None else "at midday"
        yield Found(
            said or "lighting.key.temperature_k",
            f"Golden light is asked for {when}, where sunlight is neutral (about 5500 K) and shadows are short.",
            "Set time_of_day='golden hour' (or a clock near sunset), or a neutral 5500 K.",
        )


@rule("clock-time", "warning", reason="The sun's height by the Astronomical Almanac's formula against the named time.")
def clock_time(case: Case) -> Iterator[Found]:
    """The clock and the named time of day are different times."""
    environment, height = case.scene.environment, case.seen.sun_elevation_deg
    if environment is None or environment.time_of_day is None or height is None:
        return
    low, high = _HEIGHTS[environment.time_of_day]
    if not low <= height <= high:
        yield Found(
            "environment.time_of_day",
            f"time_of_day is {environment.time_of_day!r}, but at the clock's time and place the sun stands "
            f"{abs(height):.0f} degrees {'above' if height >= 0 else 'below'} the horizon ({case.seen.sky}).",
            "Drop one of the two, or move the clock.",
        )


@rule("overcast-shadows", "warning", reason="A closed sky is a source of 180 degrees: it casts no edges.")
def overcast_shadows(case: Case) -> Iterator[Found]:
    """Hard sunlight is asked for under a closed sky."""
    environment, lighting = case.scene.environment, case.scene.lighting
    key = lighting.key if lighting else None
    if environment is None or key is None or environment.weather not in _NO_SHADOWS or key.modifier:
        return
    # A lamp may be hard under any sky.
    if key.source == "sun" or (key.source is None and key.quality in {"hard", "crisp"} and not _lamp(case)):
        said = "direct sun" if key.source == "sun" else f"{key.quality} light"
        yield Found(
            "lighting.key",
            f"{said.capitalize()} is asked for under {environment.weather}, which spreads light over the whole sky.",
            "Set weather='clear' or 'scattered clouds', or the key's source to 'overcast sky'.",
        )


def _lamp(case: Case) -> bool:
    from fluxkit.scene.brightness import is_indoors

    return is_indoors(case.scene.environment)


@rule("sun-at-night", "warning", reason="The sun is down, or the moon is outshone.")
def sun_at_night(case: Case) -> Iterator[Found]:
    """Sunlight at night, or moonlight by day."""
    environment, lighting = case.scene.environment, case.scene.lighting
    key = lighting.key if lighting else None
    time = environment.time_of_day if environment else None
    if key is None or time is None:
        return
    if key.source == "sun" and time in {"night", "blue hour"}:
        yield Found(
            "lighting.key.source", f"The key is the sun, but it is {time}.", "Name a lamp, the moon, or another time."
        )
    if key.source == "moon" and time not in _DARK:
        yield Found(
            "lighting.key.source",
            f"The key is the moon, but at {time} the sky outshines it by more than ten stops.",
            "Set time_of_day='night', or name another source.",
        )


@rule("summer-snow", "note", reason="Snow in summer needs high mountains or high latitudes.")
def summer_snow(case: Case) -> Iterator[Found]:
    """Snow falls in summer."""
    environment = case.scene.environment
    if environment and environment.weather == "snow" and environment.season == "summer":
        yield Found(
            "environment.season", "It snows in summer.", "Set another season, or say the mountain in environment.place."
        )
