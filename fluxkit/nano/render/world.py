"""What the renderer draws: three kinds of small worlds, every value a word or a number."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class World:
    """What all pictures share: light, lens, film, and the chance that fills in the rest."""

    seed: int
    """Fixes everything that no field names: leaves, windows, veins, the turn of a head."""
    direction: str
    """A name of `light.DIRECTIONS`."""
    azimuth_deg: float
    elevation_deg: float
    quality: str = "soft"
    """A name of `light.SPREAD_DEG`."""
    temperature: str = "daylight"
    """A name of `light.KELVIN`."""
    f_number: float = 2.8
    focal_length_mm: float = 85
    film: str = "digital"
    """A name of `film.STOCKS`."""


@dataclass(frozen=True, kw_only=True)
class Portrait(World):
    """A head and shoulders, of a person or of a bust."""

    who: str = "woman"
    """woman, man, marble bust or bronze bust."""
    hair: str = "brown"
    hair_length: str = "long"
    """long, short or up for a woman; short or cropped for a man."""
    skin: str = "fair"
    clothes: str = "navy"
    beard: bool = False
    place: str = "grey studio"
    """A name of `places.PLACES`."""
    yaw_deg: float = 0.0
    """Turn of the head, positive to camera right."""
    roll_rad: float = 0.0
    x: float = 0.0
    """Shift of the head to camera right, as a share of the picture's width."""
    scale: float = 0.32
    """Half height of the head, as a share of the picture's height."""


@dataclass(frozen=True, kw_only=True)
class StillLife(World):
    """One thing on a table, sometimes another behind it."""

    thing: str = "pear"
    """A name of `still_life.THINGS`."""
    behind: str | None = None
    """A second thing, farther from the camera than the focus."""
    table: str = "oak"
    place: str = "grey studio"
    x: float = 0.0
    scale: float = 0.54
    """Height of the subject, as a share of the picture's height."""


@dataclass(frozen=True, kw_only=True)
class Landscape(World):
    """Land, sky and weather; the light is the sun."""

    land: str = "green hills"
    """A name of `landscape.LANDS`."""
    hour: str = "golden hour"
    """A name of `landscape.HOURS`."""
    weather: str = "clear"
    """A name of `landscape.WEATHER`."""
    lake: bool = False
