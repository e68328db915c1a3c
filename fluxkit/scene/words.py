"""The words that follow from numbers: what a photographer would say about this aperture, this angle, this kelvin.

Pure functions from parts of a scene to a phrase without a capital or a full stop; None where nothing is to be said.
They are the same on every format, because they start from angles and from blur as a share of the picture.
"""

from __future__ import annotations

import math
from functools import lru_cache

from fluxkit import optics
from fluxkit.scene import subjects
from fluxkit.scene.camera import Camera
from fluxkit.scene.environment import Environment
from fluxkit.scene.film import FilmStock
from fluxkit.scene.light import Light
from fluxkit.scene.optical import Setup, lens_facts

_EARS_BEHIND_EYES_M = 0.11
"""From the eyes to the ears of an adult who faces the camera (anthropometric tables: about 10 to 12 cm)."""

_BACKDROP_BEHIND_M = 1.0
"""How far behind the subject a studio backdrop usually hangs."""

_THING_M = 0.15
"""How far a thing on a table reaches back from the point in focus."""

_Bands = tuple[tuple[float, str | None], ...]

_VIEWS: _Bands = (
    (18, "ultra-wide view"),
    (30, "wide-angle view"),
    (41, "moderately wide view"),
    (61, "natural perspective"),
    (105, "short telephoto perspective"),
    (180, "telephoto perspective"),
    (math.inf, "compressed long-telephoto perspective"),
)

_BLURS: _Bands = (
    (0.005, "deep focus with the background clearly readable"),
    (0.02, "a slightly soft background"),
    (0.06, "shallow depth of field"),
    (math.inf, "the background dissolved into soft bokeh"),
)
"""Blur of infinity as a share of the short side; bands of section 1.1 of the imaging reference."""

_DAYTIMES = {"morning", "midday", "afternoon"}

_LOW_SUN_K = 4500.0
"""At and under this a light is warmer than any daylight but a low sun's."""

_SUNS: _Bands = (
    (-18, "a night sky"),
    (-6, "deep twilight"),
    (-4, "blue-hour light"),
    (0, "afterglow with the sun just below the horizon"),
    (6, "golden light from a sun just above the horizon, with very long shadows"),
    (20, "warm light from a low sun, with long shadows"),
    (45, "clear light from a sun halfway up the sky"),
    (math.inf, "light from a high sun, with short shadows"),
)


def _banded(value: float, bands: _Bands) -> str | None:
    return next((words for limit, words in bands if value < limit), None)


@lru_cache(maxsize=8192)
def lens(setup: Setup) -> tuple[str | None, str | None]:
    """`depth` and `view` of a set-up, kept: a sweep asks for the same few again and again."""
    return depth(setup), view(setup)


def depth(setup: Setup) -> str | None:
    """What aperture, focal length and distance leave sharp; None without an aperture.

    >>> from fluxkit.scene import Lens, Scene
    >>> from fluxkit.scene.optical import setup_of
    >>> depth(setup_of(Scene(lens=Lens(focal_length_mm=24, f_number=11, focus_distance_m=3))))
    'front-to-back sharpness'
    """
    facts = lens_facts(setup)
    if facts.get("hyperfocal_m") is None:
        return None
    near, far, focus = facts.get("near_limit_m"), facts.get("far_limit_m"), facts["focus_distance_m"]
    if near is None or far is None:
        return _depth_without_distance(facts["hyperfocal_m"])
    if math.isinf(far):
        return "front-to-back sharpness" if near <= 2.5 else f"sharpness from {near:.0f} m to the horizon"
    # Life size on a large format is a larger thing: what counts is how small a thing fills the picture.
    if facts["magnification"] * optics.FORMATS[setup.camera.format].crop_factor >= 0.2 and far - near < 0.02:
        return "a plane of focus only millimetres deep"
    if setup.backdrop and not subjects.is_person(setup.subject) and _shared(setup, focus, focus + _THING_M) < 0.005:
        return "the whole subject in sharp focus"
    words = _banded(_shared(setup, focus, focus + _BACKDROP_BEHIND_M if setup.backdrop else math.inf), _BLURS)
    ears = _shared(setup, focus, focus + _EARS_BEHIND_EYES_M)
    if focus > 4 or ears < 0.005 or not subjects.is_person(setup.subject):
        return words
    return f"eyes in sharp focus while the ears {'already blur' if ears > 0.012 else 'already soften'}, {words}"


def _depth_without_distance(hyperfocal_m: float) -> str | None:
    """With the distance unknown, the hyperfocal distance tells the two ends apart, and the middle stays unsaid."""
    if hyperfocal_m < 4:
        return "front-to-back sharpness"
    return "shallow depth of field" if hyperfocal_m > 60 else None


def _shared(setup: Setup, focus_m: float, distance_m: float) -> float:
    """Blur as a share of the short side of a full-frame picture with the same diagonal, so that formats compare."""
    lens, picture = setup.lens, optics.FORMATS[setup.camera.format]
    disc = optics.blur_disc_mm(lens.focal_length_mm, lens.f_number or 1.0, focus_m=focus_m, distance_m=distance_m)
    return disc / picture.diagonal_mm * optics.FORMATS["full frame"].diagonal_mm / 24.0


def view(setup: Setup) -> str | None:
    """How the lens sees, by its full-frame equivalent: "short telephoto perspective"."""
    return _banded(lens_facts(setup)["equivalent_focal_length_mm"], _VIEWS)


@lru_cache(maxsize=8192)
def sun(environment: Environment) -> str | None:
    """The sunlight at a clock time and place; None without them."""
    place = environment.sun
    return None if place is None else _banded(place.elevation_deg, _SUNS)


def daylight(environment: Environment, key: Light) -> str | None:
    """What a key without source or modifier is by day; None by night, under a clock, or for a warm light.

    >>> daylight(Environment(weather="overcast"), Light(direction="left"))
    'overcast daylight'
    """
    by_day = environment.time_of_day in _DAYTIMES or (environment.weather and not environment.time_of_day)
    if not by_day or environment.clock or key.source or key.modifier or (key.kelvin or optics.DAYLIGHT_K) <= _LOW_SUN_K:
        return None
    return "overcast daylight" if environment.weather == "overcast" else "daylight"


@lru_cache(maxsize=8192)
def temperature(light: Light, film: FilmStock | None) -> str | None:
    """How warm a light looks on a film: its kelvin against the film's balance (daylight where there is no film).

    None on black and white, and where nothing says the kelvin.

    >>> from fluxkit.scene.stocks import CINESTILL_800T, PORTRA_400
    >>> tungsten = Light(source="tungsten")
    >>> temperature(tungsten, PORTRA_400), temperature(tungsten, CINESTILL_800T)
    ('warm', 'neutral')
    """
    if light.kelvin is None or (film is not None and film.kind == "black and white"):
        return None
    balance = film.balance_k if film is not None and film.balance_k is not None else optics.DAYLIGHT_K
    return optics.cast(light.kelvin, balance_k=balance)


@lru_cache(maxsize=8192)
def exposure(camera: Camera) -> str | None:
    """What the shutter does to things that move; None in the wide middle where it does nothing."""
    seconds = camera.shutter_s
    if seconds is None or 1 / 500 < seconds < 1 / 15:
        return None
    if seconds <= 1 / 500:
        return "motion frozen sharp"
    return "moving things blurred into streaks by a long exposure" if seconds >= 1 else "a trace of motion blur"
