"""How bright a scene is, from its place, time and weather, before anybody meters it."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from fluxkit.optics import SCENE_EV100
from fluxkit.scene.environment import Environment, TimeOfDay, Weather
from fluxkit.scene.lighting import Lighting

_INDOORS = re.compile(
    r"\b(room|kitchen|bedroom|bathroom|studio|interior|indoors|inside|office|library|bookshop|cafe|café|bar|restaurant"
    r"|workshop|cellar|basement|attic|hallway|corridor|church|cathedral|museum|gallery|theatre|stage|club|garage|barn"
    r"|warehouse|factory|station hall|subway|metro|tunnel|hospital|classroom|living-room|greenhouse|loft|apartment"
    r"|flat)\b",
    re.IGNORECASE,
)
_WINDOW = re.compile(r"\bwindows?\b", re.IGNORECASE)
_NEON = re.compile(r"\b(neon|shop signs?|market|times square|arcade|city)\b", re.IGNORECASE)

_TIME_EV: dict[TimeOfDay, float] = {
    "blue hour": SCENE_EV100["blue hour"],
    "dawn": 8.0,
    "sunrise": SCENE_EV100["sunset"],
    "morning": 14.0,
    "midday": SCENE_EV100["full sun"],
    "afternoon": SCENE_EV100["full sun"],
    "golden hour": SCENE_EV100["golden hour"],
    "sunset": SCENE_EV100["sunset"],
    "dusk": 8.0,
    "night": SCENE_EV100["night street"],
}
_WEATHER_STOPS: dict[Weather, float] = {
    "clear": 0.0,
    "scattered clouds": -0.5,
    "haze": -1.0,
    "snow": -1.0,
    "mist": -2.0,
    "overcast": -3.0,
    "fog": -3.0,
    "rain": -4.0,
    "storm": -5.0,
}
"""Stops lost to the sky against full sun, from the table in `optics.exposure` (overcast 12 against full sun 15)."""


def is_indoors(environment: Environment | None) -> bool:
    """Whether the place's own words say that there is a roof over it."""
    place = (environment.place or "") if environment else ""
    return bool(_INDOORS.search(place) or _WINDOW.search(place))


@lru_cache(maxsize=8192)
def expected_ev100(environment: Environment | None, lighting: Lighting | None = None) -> float | None:
    """The exposure value at ISO 100 to expect; None where place, time and light say too little.

    A rule of thumb within two stops, from the table in `optics.exposure`: enough to see that a candle and 1/1000 s do
    not go together, not to set a camera by.

    >>> expected_ev100(Environment(time_of_day="midday", weather="clear"))
    15.0
    """
    key = lighting.key if lighting else None
    if key is not None and key.source in {"flash", "LED panel"}:
        return None  # A flash is as bright as it is set.
    if key is not None and key.source in {"candle", "firelight"}:
        return float(SCENE_EV100["candle close-up"])
    if key is not None and key.source == "neon":
        return float(SCENE_EV100["neon street"])
    if environment is None:
        return None
    return _indoors_ev(environment, lighting) if is_indoors(environment) else _outdoors_ev(environment)


def _indoors_ev(environment: Environment, lighting: Lighting | None) -> float | None:
    place, key = environment.place or "", lighting.key if lighting else None
    dark = environment.time_of_day in {"night", "blue hour", "dusk", "dawn"}
    by_window = _WINDOW.search(place) or (key is not None and key.source in {"window", "north window", "sun"})
    if by_window and not dark:
        return float(SCENE_EV100["window light"])
    if re.search(r"\bstudio\b", place, re.IGNORECASE):
        return None  # Studio lamps are as bright as they are set.
    return float(SCENE_EV100["bright office"] if "office" in place.lower() else SCENE_EV100["home interior"])


def _outdoors_ev(environment: Environment) -> float | None:
    if environment.sun is not None:
        return _sunlit_ev(environment.sun.elevation_deg, environment.weather)
    time = environment.time_of_day
    if time is None:
        return SCENE_EV100["full sun"] + _WEATHER_STOPS[environment.weather] if environment.weather else None
    if time == "night":
        return float(SCENE_EV100["neon street"] if _NEON.search(environment.place or "") else _TIME_EV["night"])
    sky = _WEATHER_STOPS[environment.weather] if environment.weather else 0.0
    # A low sun is already dimmed by the air: cloud then costs about half as much.
    return _TIME_EV[time] + (sky if _TIME_EV[time] > 13 else sky / 2)


def _sunlit_ev(elevation_deg: float, weather: Weather | None) -> float:
    """Exposure value for the height of the sun: straight lines through the table, full sun from 20 degrees up."""
    points = ((-18.0, -3.0), (-12.0, 0.0), (-6.0, 5.0), (-4.0, 6.0), (0.0, 11.0), (6.0, 13.0), (20.0, 15.0))
    sky = _WEATHER_STOPS[weather] if weather else 0.0
    if elevation_deg >= points[-1][0]:
        return points[-1][1] + sky
    for (low, dark), (high, bright) in pairwise(points):
        if elevation_deg <= high:
            share = max(0.0, (elevation_deg - low) / (high - low))
            return dark + (bright - dark) * share + sky / 2
    return points[-1][1]
