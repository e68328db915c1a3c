"""Asked against shown: each measurement beside the scene's own field, with a verdict and a plain sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from fluxkit.measure.cast import cast
from fluxkit.measure.catchlight import catchlight, clock_hour, hours_apart
from fluxkit.measure.defocus import DEEP, SHALLOW, defocus
from fluxkit.measure.grain import FLOOR, grain
from fluxkit.measure.haze import haze
from fluxkit.measure.head import towards
from fluxkit.measure.key_light import key_light, side_words
from fluxkit.measure.lighting_ratio import lighting_ratio
from fluxkit.measure.measurement import Measurement, Measurements
from fluxkit.measure.monochrome import monochrome
from fluxkit.measure.pixels import Picture
from fluxkit.measure.saturation import saturation
from fluxkit.measure.shadow import shadow
from fluxkit.measure.softness import softness
from fluxkit.measure.subject import find_subject
from fluxkit.measure.texture import texture
from fluxkit.measure.tone import tone
from fluxkit.scene import Scene

TOLERANCE_DEG = 40.0
"""How far the light may stand from where it was asked: people notice wrong light from about 30 to 40 degrees on."""

LEAST_CONFIDENCE = 0.35
"""Measurements that are less sure than this are shown, but give no verdict."""

_NEAR = ("key_light", "grain")
"""Measures whose neighbouring words are close enough to be shown."""

Answer = Literal["shown", "not shown", "cannot tell"]


class _Asked(NamedTuple):
    """What a scene asks of one measure: in words, and as a test of the measurement."""

    words: str
    holds: Callable[[Measurement], bool | None]
    """True, False, or None where the value lies between."""


def measure(picture: Picture) -> Measurements:
    """Everything that can be measured on a picture by itself."""
    region = find_subject(picture)
    return Measurements(
        [
            key_light(picture, region=region),
            catchlight(picture, region=region),
            shadow(picture, region=region),
            lighting_ratio(picture, region=region),
            softness(picture),
            defocus(picture, region=region),
            grain(picture),
            monochrome(picture),
            cast(picture, region=region),
            saturation(picture),
            tone(picture),
            haze(picture),
            texture(picture, region=region),
        ]
    )


def against(scene: Scene | None, picture: Picture) -> Measurements:
    """Everything that can be measured on a picture, each beside what the scene asks for.

    A measurement whose field the scene leaves unset has no verdict. `None` for the scene measures only.
    """
    shown = measure(picture)
    return shown if scene is None else judged(scene, shown)


def judged(scene: Scene, shown: Measurements) -> Measurements:
    """Measurements beside what a scene asks for, with verdicts; the picture is not measured again.

    Catchlight and shadow speak for the key light: where a picture has none to read, they are no wish of their own.
    """
    asked = {name: wish for name, ask in _ASKS.items() if (wish := ask(scene)) is not None}
    silent = {item.name for item in shown.values() if item.abstained and item.name in ("catchlight", "shadow")}
    return Measurements(
        [_judged(i, asked[i.name]) if i.name in asked and i.name not in silent else i for i in shown.values()]
    )


def wishes(scene: Scene) -> tuple[str, ...]:
    """The names of the measures that a scene asks something of; empty where nothing of it can be measured.

    >>> from fluxkit.scene import TRI_X_400
    >>> wishes(Scene(film=TRI_X_400))
    ('grain', 'monochrome')
    """
    return tuple(name for name, ask in _ASKS.items() if ask(scene) is not None)


def _judged(item: Measurement, wish: _Asked) -> Measurement:
    verdict: Answer = "cannot tell"
    if not item.abstained and item.confidence >= LEAST_CONFIDENCE:
        holds = wish.holds(item)
        verdict = "cannot tell" if holds is None else "shown" if holds else "not shown"
    end = f"Shown: {item.words}."
    if item.abstained:
        end = f"Cannot tell: {item.reason}."
    elif verdict == "cannot tell":
        end = f"Cannot tell: it reads {item.words}, too unsure or too near the line for a verdict."
    elif verdict == "not shown":
        end = f"Not shown: it reads {item.words}."
    elif item.name in _NEAR and _named(item.words) != _named(wish.words):
        end = f"Shown, near enough: it reads {item.words}."
    sentence = f"Asked: {_SUBJECTS[item.name]} {wish.words}. {end}"
    return item.with_(asked=wish.words, verdict=verdict, sentence=sentence)


def _named(words: str) -> str:
    """A value's name without its figures: "from the left", "fine", "none"."""
    return words.partition(" (")[0].removesuffix(" detected")


def _key_light(scene: Scene) -> _Asked | None:
    angles = scene.key_angles
    if angles is None:
        return None
    wanted = towards(*angles)

    def holds(item: Measurement) -> bool | None:
        value = item.value if isinstance(item.value, dict) else {}
        shown = towards(value["azimuth_deg"], value["elevation_deg"])
        apart = float(np.degrees(np.arccos(np.clip(wanted @ shown, -1, 1))))
        opposite = wanted[0] * shown[0] < 0 and min(abs(wanted[0]), abs(shown[0])) > 0.3
        if item.region == "subject":  # a silhouette tells the side, and little more
            if abs(wanted[0]) < 0.3 or abs(shown[0]) < 0.3 or wanted[2] < -0.25:
                return None
            return not opposite
        return not opposite and apart <= TOLERANCE_DEG + 0.5 * value["spread_deg"]

    return _Asked(f"{side_words(*angles)} (azimuth {angles[0]:+.0f}°, elevation {angles[1]:+.0f}°)", holds)


def _catchlight(scene: Scene) -> _Asked | None:
    angles = scene.key_angles
    hour = clock_hour(*angles) if angles is not None and scene.subject is not None else None
    if hour is None:
        return None

    def holds(item: Measurement) -> bool | None:
        shown = item.value["hour"] if isinstance(item.value, dict) else 0.0
        apart = hours_apart(shown, hour)
        return True if apart <= 1.5 else False if apart > 2.5 else None

    return _Asked(f"at {round(hour) % 12 or 12} o'clock", holds)


def _shadow(scene: Scene) -> _Asked | None:
    angles = scene.key_angles
    if angles is None or abs(towards(*angles)[0]) < 0.3:
        return None
    side = float(towards(*angles)[0])

    def holds(item: Measurement) -> bool | None:
        return bool(item.value["side"] * side < 0) if isinstance(item.value, dict) else None

    return _Asked(f"to the {'right' if side < 0 else 'left'}", holds)


def _lighting_ratio(scene: Scene) -> _Asked | None:
    ratio = scene.lighting.ratio if scene.lighting else None
    if ratio is None:
        return None

    def holds(item: Measurement) -> bool | None:
        wide = abs(np.log2(float(item.value) / ratio)) if isinstance(item.value, float) else 9.0
        return True if wide < 1 else False if wide > 2.5 else None

    return _Asked(f"{ratio:g}:1", holds)


def _softness(scene: Scene) -> _Asked | None:
    key = scene.lighting.key if scene.lighting else None
    quality = key.softness if key else None
    return _Asked(quality, lambda item: None) if quality else None


def _defocus(scene: Scene) -> _Asked | None:
    lens = scene.lens
    if lens is None or lens.f_number is None:
        return None
    disc = scene.optics().background_blur
    wide = disc >= 0.02 if disc is not None else lens.f_number <= 2.8
    stopped = disc < 0.008 if disc is not None else lens.f_number >= 8
    if not wide and not stopped:
        return None

    def holds(item: Measurement) -> bool | None:
        disc = item.value["disc"] if isinstance(item.value, dict) else 0.0
        if wide:
            return True if disc >= SHALLOW else False if disc <= DEEP else None
        return True if disc <= DEEP else False if disc >= 1.5 * SHALLOW else None  # close things blur even at f/16

    return _Asked(f"{'shallow' if wide else 'deep'} (f/{lens.f_number:g})", holds)


def _grain(scene: Scene) -> _Asked | None:
    wanted = scene.film.apparent_grain if scene.film else None
    if wanted is None or scene.film is None:
        return None
    low, high = _GRAIN_BANDS[wanted]

    def holds(item: Measurement) -> bool | None:
        sigma = item.value["sigma"] if isinstance(item.value, dict) else 0.0
        return low <= sigma <= high

    return _Asked(f"{wanted} ({scene.film.name})", holds)


_GRAIN_BANDS: dict[str, tuple[float, float]] = {
    "none": (0.0, 0.008),
    "very fine": (0.0, 0.014),
    "fine": (FLOOR, 0.024),
    "medium": (0.010, 0.040),
    "coarse": (0.020, 1.0),
}


def _monochrome(scene: Scene) -> _Asked | None:
    kind = scene.film.kind if scene.film else None
    if kind is None:
        return None
    grey = kind == "black and white"
    return _Asked("black and white" if grey else "colour", lambda item: (item.words == "black and white") is grey)


def _cast(scene: Scene) -> _Asked | None:
    words = scene.temperature_words
    if words is None:
        return None
    if words.startswith("slightly"):
        return None
    wanted = "neutral" if words == "neutral" else "warm" if words in ("warm", "deep orange") else "cool"

    def holds(item: Measurement) -> bool | None:
        shown = item.words.split()[0]
        return True if shown == wanted else None if "neutral" in (shown, wanted) else False

    return _Asked(wanted, holds)


def _haze(scene: Scene) -> _Asked | None:
    level: str | None = scene.atmosphere.haze if scene.atmosphere else None
    if level is None and scene.environment and scene.environment.weather in _WEATHER_HAZE:
        level = _WEATHER_HAZE[scene.environment.weather]
    if level is None:
        return None
    low, high = _HAZE_BANDS[level]
    return _Asked(level, lambda item: isinstance(item.value, float) and low <= item.value <= high)


_HAZE_BANDS: dict[str, tuple[float, float]] = {
    "none": (0, 0.20),
    "light": (0.08, 0.36),
    "medium": (0.20, 0.62),
    "dense": (0.40, 1),
}
_WEATHER_HAZE: dict[str, str] = {"fog": "dense", "mist": "medium", "haze": "medium", "clear": "none"}

_ASKS: dict[str, Callable[[Scene], _Asked | None]] = {
    "key_light": _key_light,
    "catchlight": _catchlight,
    "shadow": _shadow,
    "lighting_ratio": _lighting_ratio,
    "softness": _softness,
    "defocus": _defocus,
    "grain": _grain,
    "monochrome": _monochrome,
    "cast": _cast,
    "haze": _haze,
}
_SUBJECTS = {
    "key_light": "key light",
    "catchlight": "a catchlight",
    "shadow": "a shadow that falls",
    "lighting_ratio": "a lighting ratio of",
    "softness": "light that is",
    "defocus": "focus that is",
    "grain": "grain that is",
    "monochrome": "a picture in",
    "cast": "light that looks",
    "haze": "haze:",
}
