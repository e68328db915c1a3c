"""The phrases that name a field with certainty, and the value that each gives.

A phrase is listed only where a photographer could mean nothing else by it: "85mm f/1.8", "Portra 400", "soft light from
the left". "Cinematic" or "moody" is left in the description.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from fluxkit.scene import stocks
from fluxkit.scene.composition import Framing
from fluxkit.scene.environment import TimeOfDay, Weather
from fluxkit.scene.light import Direction, Quality
from fluxkit.scene.lighting import Pattern
from fluxkit.scene.sources import Source

Values = dict[str, Any]


class Phrase(NamedTuple):
    """A pattern, and the fields that a match of it says; an empty answer means that it was something else."""

    pattern: re.Pattern[str]
    values: Callable[[re.Match[str]], Values]
    says: str = ""


def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.IGNORECASE)


_QUALITIES: dict[str, Quality] = {
    "hard": "hard",
    "harsh": "hard",
    "crisp": "crisp",
    "soft": "soft",
    "diffused": "soft",
    "diffuse": "soft",
    "shadowless": "shadowless",
}
_SOURCES: dict[str, Source] = {
    "sunlight": "sun",
    "sun": "sun",
    "window light": "window",
    "candlelight": "candle",
    "firelight": "firelight",
    "moonlight": "moon",
    "neon light": "neon",
    "tungsten light": "tungsten",
    "fluorescent light": "fluorescent",
}
_SIDES: dict[str, Direction] = {
    "left": "left",
    "right": "right",
    "upper left": "upper left",
    "upper right": "upper right",
    "front": "front",
    "above": "above",
    "overhead": "above",
    "below": "below",
    "behind": "behind",
    "behind left": "behind left",
    "behind right": "behind right",
}
_TIMES: dict[str, TimeOfDay] = {
    "golden hour": "golden hour",
    "blue hour": "blue hour",
    "sunset": "sunset",
    "sunrise": "sunrise",
    "midday": "midday",
    "noon": "midday",
    "dusk": "dusk",
    "dawn": "dawn",
    "night": "night",
    "morning": "morning",
    "afternoon": "afternoon",
}
_WEATHERS: dict[str, Weather] = {
    "overcast": "overcast",
    "foggy": "fog",
    "misty": "mist",
    "rainy": "rain",
    "snowy": "snow",
    "hazy": "haze",
    "stormy": "storm",
}
_FRAMINGS: dict[str, Framing] = {
    "extreme close-up": "extreme close-up",
    "extreme close up": "extreme close-up",
    "close-up": "close-up",
    "close up": "close-up",
    "closeup": "close-up",
    "head and shoulders": "head and shoulders",
    "medium shot": "medium",
    "waist-up": "medium",
    "full-length": "full length",
    "full length": "full length",
    "full body shot": "full length",
    "full-body shot": "full length",
    "wide shot": "wide",
}
_PATTERNS: dict[str, Pattern] = {
    "rembrandt": "rembrandt",
    "butterfly": "butterfly",
    "paramount": "butterfly",
    "clamshell": "clamshell",
    "loop": "loop",
    "split": "split",
}


def _any(names: Any) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


def _light(match: re.Match[str]) -> Values:
    adjectives, kind, side = (match[name] for name in ("adjectives", "kind", "side"))
    found: Values = {}
    for word in re.findall(r"[a-z]+", (adjectives or "").lower()):
        if word in _QUALITIES:
            found["lighting.key.quality"] = _QUALITIES[word]
        if word in _WEATHERS:
            found["environment.weather"] = _WEATHERS[word]
    source = _SOURCES.get(kind.lower())
    if source:
        found["lighting.key.source"] = source
    if side:
        words = re.sub(r"\b(the|high|camera|on|to|of|and|side)\b", " ", side.lower())
        direction = _SIDES.get(" ".join(words.split()))
        if direction is None:
            return {}
        found["lighting.key.direction"] = direction
    return found


def _aperture(match: re.Match[str]) -> Values:
    stop = float(match[1])
    return {"lens.f_number": stop} if 0.7 <= stop <= 128 else {}


def _focal(match: re.Match[str]) -> Values:
    focal = float(match[1])
    return {"lens.focal_length_mm": focal} if 4 <= focal <= 2000 else {}


def _kelvin(match: re.Match[str]) -> Values:
    kelvin = float(match[1])
    return {"lighting.key.temperature_k": kelvin} if 1000 <= kelvin <= 20000 else {}


def _shutter(match: re.Match[str]) -> Values:
    return {"camera.shutter_s": 1 / float(match[1])} if float(match[1]) else {}


_ADJECTIVE = rf"(?:very |warm |natural )?(?:{_any(_QUALITIES)}|overcast|natural|directional)[, ]+(?:and )?"
_PLACE = rf"(?:{_any(_SIDES)})(?: side)?(?: (?:on|to) the (?:left|right))?"
_FROM = rf"(?:,? (?:coming |falling |streaming |shining )?from (?P<side>(?:the )?(?:camera )?{_PLACE}))?"
_LIGHT = _compiled(rf"\b(?P<adjectives>(?:{_ADJECTIVE})*)(?P<kind>{_any(_SOURCES)}|daylight|lighting|light)\b{_FROM}")


@cache
def phrases() -> tuple[Phrase, ...]:
    """Every phrase, those that say most first."""
    return (
        *_stock_phrases(),
        Phrase(_compiled(r"(?:\b[fƒ]\s?/\s?|\bf|ƒ)(\d{1,2}(?:\.\d{1,2})?)\b(?!\s?(?:mm|k\b))"), _aperture, "aperture"),
        Phrase(
            _compiled(
                r"\b(\d{1,4}(?:\.\d)?)\s?mm\b(?! (?:film|format|negative|slide|photo|print|gun|thick|wide|tall))"
            ),
            _focal,
            "lens",
        ),
        Phrase(_compiled(r"\bISO[ -]?(\d{2,6})\b"), lambda match: {"camera.iso": float(match[1])}),
        Phrase(_compiled(r"(?<![\d/])1/(\d{1,5})\s?(?:s|sec|seconds?)\b"), _shutter),
        Phrase(_compiled(r"\b(\d{4,5})\s?K(?:elvin)?\b"), _kelvin),
        Phrase(
            _compiled(r"\b(\d{1,2}:\d{1,2}) (?:aspect(?: ratio)?|ratio)\b|\baspect ratio(?: of)? (\d{1,2}:\d{1,2})\b"),
            lambda match: {"aspect_ratio": match[1] or match[2]},
        ),
        Phrase(
            _compiled(rf"\b({_any(_PATTERNS)})[ -](?:lighting|light)\b"),
            lambda match: {"lighting.pattern": _PATTERNS[match[1].lower()]},
        ),
        Phrase(
            _compiled(r"\b(?:rim|edge|hair)[ -]?(?:lighting|light|lit)\b(?: from behind)?(?: on the (left|right))?"),
            lambda match: {"lighting.rim.direction": f"behind {match[1].lower()}" if match[1] else "behind"},
        ),
        Phrase(_LIGHT, _light),
        Phrase(
            _compiled(rf"\b(?:at |in |during )?(?:the )?(golden hour|blue hour)\b|\b(?:at|in the) ({_any(_TIMES)})\b"),
            lambda match: {"environment.time_of_day": _TIMES[(match[1] or match[2]).lower()]},
        ),
        Phrase(
            _compiled(rf"\b({_any(_WEATHERS)})(?= (?:day|morning|afternoon|evening|night|sky|skies|weather)\b)"),
            lambda match: {"environment.weather": _WEATHERS[match[1].lower()]},
        ),
        Phrase(
            _compiled(rf"\b({_any(_FRAMINGS)})\b"), lambda match: {"composition.framing": _FRAMINGS[match[1].lower()]}
        ),
        Phrase(
            _compiled(r"\b(?:from a )?(low|high)[- ]angle(?: (?:shot|view))?\b|\b(?:at )?(eye[- ]level)\b"),
            lambda match: {"camera.angle": match[1].lower() if match[1] else "eye level"},
        ),
    )


_SHORT = {
    "Kodak Tri-X 400": ("Tri-X", "Kodak Tri-X"),
    "Ilford HP5 Plus": ("HP5", "Ilford HP5"),
    "Ilford FP4 Plus": ("FP4", "Ilford FP4"),
    "CineStill 800T": ("Cinestill",),
}
"""What photographers call a film where no other can be meant."""


def _stock_phrases() -> Iterator[Phrase]:
    """Each stock by its full name, and by what is left of it without the maker where that is unmistakable."""
    for stock in stocks.stocks().values():
        if stock.kind == "digital":
            continue
        short = stock.name.removeprefix(f"{stock.maker} ")
        # Names such as "Gold 200" could be anything without their maker.
        plain = (
            short
            if re.search(r"Portra|Tri-X|T-Max|Velvia|Provia|Ektar|Ektachrome|HP5|FP4|Delta|800T|50D", short)
            else ""
        )
        # "Tri-X" is one film; "Portra" could be any of three.
        names = {stock.name, plain, f"{stock.maker} {short}", *_SHORT.get(stock.name, ())} - {""}
        # The longest first: the first name that fits is taken, and "Tri-X" begins "Tri-X 400".
        longest = sorted(names, key=lambda name: (-len(name), name))
        pattern = "|".join(re.escape(name).replace(r"\ ", r"[\s-]?").replace(r"\-", r"[\s-]?") for name in longest)
        yield Phrase(_compiled(rf"\b(?:{pattern})\b(?: film)?(?: stock)?(?: grain)?"), _film(stock.name))


def _film(name: str) -> Callable[[re.Match[str]], Values]:
    return lambda match: {"film": stocks.find(name)}
