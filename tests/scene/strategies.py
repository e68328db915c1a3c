"""Hypothesis strategies for valid scenes; other rooms' tests draw from them too."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from hypothesis import strategies as st

from fluxkit.optics import FORMATS
from fluxkit.scene import (
    Atmosphere,
    Camera,
    Colour,
    Composition,
    Environment,
    FilmStock,
    Lens,
    Light,
    Lighting,
    PictureText,
    Scene,
    Subject,
    light,
    rigs,
    stocks,
)
from fluxkit.scene.noun import choices

DRAWS = int(os.environ.get("FLUXKIT_DRAWS", "2000"))
"""How many scenes the promises are tried on; set `FLUXKIT_DRAWS` to a smaller number while working."""

FEW_DRAWS = max(4, DRAWS // 20)
"""How many are tried where a rule is about one part alone."""

_WORDS = (
    "a 28-year-old woman", "an elderly fisherman", "a ceramic teapot", "two dancers, mid-leap", "a red fox", "seated",
    "standing in the doorway", "a half-smile", "slightly off-camera", "a rust-coloured wool coat",
    "natural skin texture",
    "short silver hair", "hands folded", "left third", "near a north-facing window", "a wet street in Lisbon", "quiet",
    "dust motes in the beam", "individual eyelashes", "plastic skin", "a desk lamp", "bookshelves", "O'Brien's café",
    "50 % off; \"today\"", "naïve – crème brûlée", "東京の路地", "{{ 7*7 }}", "{% raw %}", "Dr. No...", "x" * 80,
)  # fmt: skip

_alphabet = st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="\ufdd0")


def _is_said(text: str) -> bool:
    return any(character.isalnum() for character in text)


words = st.sampled_from(_WORDS) | st.lists(st.text(_alphabet, min_size=1, max_size=12), min_size=1, max_size=6).map(
    " ".join
).filter(_is_said)
"""A user's own words: photographic phrases, awkward ones, and arbitrary text with at least one letter or digit."""

few_words = st.lists(words, max_size=3).map(tuple)


def optional(strategy: st.SearchStrategy) -> st.SearchStrategy:
    """Unset about half the time, as in real scenes."""
    return st.none() | strategy


def named(noun: type, field: str) -> st.SearchStrategy[str]:
    """One of the names that a field takes."""
    return st.sampled_from(choices(noun.model_fields[field].annotation))


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """A finite number as people state one, now and then with all its digits."""
    return st.floats(low, high, allow_nan=False).map(lambda x: round(x, 2)).filter(
        lambda x: low <= x <= high
    ) | st.floats(low, high, allow_nan=False)


subjects = st.builds(
    Subject,
    description=words,
    yaw_deg=optional(numbers(-60, 60)),
    **{
        name: optional(words)
        for name in ("age", "pose", "expression", "gaze", "wardrobe", "skin", "hair", "hands", "position")
    },
)

_places = st.just({}) | st.fixed_dictionaries({"latitude_deg": numbers(-89, 89), "longitude_deg": numbers(-180, 180)})
_clocks = st.datetimes(datetime(1990, 1, 1), datetime(2045, 1, 1), timezones=st.just(UTC))


# What a composite draws from stands outside of it: made inside, it would be made and checked anew for every example.
_environment = {
    "place": optional(words),
    "background": optional(words),
    "clock": optional(_clocks),
    **{name: optional(named(Environment, name)) for name in ("time_of_day", "season", "weather")},
}


@st.composite
def environments(draw) -> Environment:
    return Environment(**{name: draw(strategy) for name, strategy in _environment.items()}, **draw(_places))


_directions, _angled = optional(named(Light, "direction")), st.booleans()
_azimuths, _elevations = optional(numbers(-180, 180)), optional(numbers(-90, 90))
_around, _above = numbers(0, 25), numbers(0, 10)
_light = {
    "temperature_k": optional(numbers(1000, 20000)),
    "size_m": optional(numbers(0.02, 5)),
    "distance_m": optional(numbers(0.2, 20)),
    **{name: optional(named(Light, name)) for name in ("quality", "source", "modifier", "gel")},
}


@st.composite
def lights(draw) -> Light:
    """Lights whose angles and name agree: angles are drawn within 25 degrees of the name's."""
    direction = draw(_directions)
    azimuth = elevation = None
    if direction is None:
        azimuth, elevation = draw(_azimuths), draw(_elevations)
    elif draw(_angled):
        azimuth, elevation = light.DIRECTIONS[direction]
        azimuth, elevation = max(-180.0, azimuth - draw(_around)), min(90.0, elevation + draw(_above))
    rest = {name: draw(strategy) for name, strategy in _light.items()}
    return Light(direction=direction, azimuth_deg=azimuth, elevation_deg=elevation, **rest)


lightings = st.sampled_from(
    [rig for name, rig in vars(rigs).items() if name.isupper() and rig.short_or_broad is None]
) | (
    st.builds(
        Lighting,
        key=optional(lights()),
        fill=optional(lights()),
        rim=optional(lights()),
        practicals=few_words,
        pattern=optional(named(Lighting, "pattern")),
        ratio=optional(numbers(1, 64)),
        mood=optional(words),
    )
)

cameras = st.builds(
    Camera,
    body=optional(words),
    format=st.sampled_from(list(FORMATS)),
    shutter_s=optional(st.sampled_from([1 / 8000, 1 / 250, 1 / 60, 0.25, 1.0, 30.0]) | numbers(0.001, 3600)),
    iso=optional(st.sampled_from([50.0, 100.0, 400.0, 3200.0])),
    angle=optional(named(Camera, "angle")),
    height_m=optional(numbers(0, 100)),
    support=optional(named(Camera, "support")),
)

lenses = st.builds(
    Lens,
    focal_length_mm=st.sampled_from([14.0, 24.0, 35.0, 50.0, 85.0, 135.0, 300.0]) | numbers(1, 800),
    f_number=optional(st.sampled_from([0.95, 1.4, 1.8, 2.8, 5.6, 11.0, 22.0]) | numbers(0.5, 90)),
    focus_distance_m=optional(numbers(0.9, 500)),
    character=optional(named(Lens, "character")),
    name=optional(words),
)

films = st.sampled_from(list(stocks.stocks().values())) | st.builds(
    FilmStock,
    name=words,
    iso=optional(numbers(1, 12800)),
    kind=optional(named(FilmStock, "kind")),
    balance_k=optional(numbers(1000, 20000)),
    grain=optional(named(FilmStock, "grain")),
    words=few_words,
    push_stops=st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0]),
)

atmospheres = st.builds(
    Atmosphere,
    haze=optional(named(Atmosphere, "haze")),
    particles=optional(words),
    textures=few_words,
    mood=optional(words),
)

compositions = st.builds(
    Composition, **{name: optional(named(Composition, name)) for name in ("framing", "rule", "genre")}
)

colours = st.builds(Colour, name=words, hex=optional(st.from_regex(r"\A#[0-9a-fA-F]{6}\Z")), of=optional(words))

picture_texts = st.builds(
    PictureText, text=words | st.text(_alphabet, min_size=1, max_size=40), where=optional(words), style=optional(words)
)

scenes = st.builds(
    Scene,
    subject=optional(subjects),
    others=st.lists(subjects, max_size=2).map(tuple),
    environment=optional(environments()),
    lighting=optional(lightings),
    camera=optional(cameras),
    lens=optional(lenses),
    film=optional(films),
    composition=optional(compositions),
    atmosphere=optional(atmospheres),
    colours=st.lists(colours, max_size=2).map(tuple),
    text=st.lists(picture_texts, max_size=2).map(tuple),
    avoid=few_words,
    aspect_ratio=optional(st.sampled_from(["1:1", "3:2", "2:3", "4:5", "16:9", "9:16", "2.39:1"])),
)
"""Valid scenes of every shape, from empty to everything set."""
