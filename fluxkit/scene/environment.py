"""`Environment`: where, when, and in what weather."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from fluxkit import optics
from fluxkit.scene.noun import Noun, Words

TimeOfDay = Literal[
    "blue hour", "dawn", "sunrise", "morning", "midday", "afternoon", "golden hour", "sunset", "dusk", "night"
]
Weather = Literal["clear", "scattered clouds", "overcast", "rain", "snow", "fog", "mist", "haze", "storm"]
Season = Literal["spring", "summer", "autumn", "winter"]


_BACKDROP = re.compile(r"\b(backdrop|seamless|sweep|cyclorama|paper|canvas|studio wall|plain .*wall)\b", re.IGNORECASE)


@lru_cache(maxsize=8192)
def _is_backdrop(background: str) -> bool:
    return _BACKDROP.search(background) is not None


class Environment(Noun):
    """Where and when the photograph is made; a clock time with a position on Earth gives the real sun."""

    place: Words | None = None
    """The place: "near a north-facing window", "on a wet street in Lisbon"."""

    time_of_day: TimeOfDay | None = None
    """The light of the day by name; a clock with latitude and longitude says it exactly."""

    clock: AwareDatetime | None = None
    """Date and time with a time zone, for the sun's position."""

    latitude_deg: float | None = Field(default=None, ge=-90, le=90)
    """Latitude in degrees, north positive."""

    longitude_deg: float | None = Field(default=None, ge=-180, le=180)
    """Longitude in degrees, east positive."""

    season: Season | None = None
    """The season, for leaves, clothes and the height of the sun."""

    weather: Weather | None = None
    """The sky."""

    background: Words | None = None
    """What is behind the subject: "a seamless grey paper backdrop", "bookshelves"."""

    @model_validator(mode="after")
    def _a_position_has_both_coordinates(self) -> Self:
        if (self.latitude_deg is None) != (self.longitude_deg is None):
            raise ValueError(
                f"a position needs both latitude_deg and longitude_deg, but they are {self.latitude_deg} and "
                f"{self.longitude_deg}. Give both, or neither"
            )
        return self

    @property
    def has_backdrop(self) -> bool:
        """Whether the background is a backdrop close behind the subject rather than the distance."""
        return self.background is not None and _is_backdrop(self.background)

    @property
    def sun(self) -> optics.SunPosition | None:
        """Where the sun stands; None without a clock and a position.

        >>> from datetime import datetime, UTC
        >>> lisbon = Environment(clock=datetime(2026, 6, 21, 19, 30, tzinfo=UTC), latitude_deg=38.7, longitude_deg=-9.1)
        >>> round(lisbon.sun.elevation_deg, 1)
        5.1
        """
        if self.clock is None or self.latitude_deg is None or self.longitude_deg is None:
            return None
        return optics.sun_position(self.clock, latitude_deg=self.latitude_deg, longitude_deg=self.longitude_deg)
