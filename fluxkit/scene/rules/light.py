"""Rules about lamps and windows: where they stand, how large they are, how warm."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fluxkit import optics
from fluxkit.scene.light import Light
from fluxkit.scene.lighting import PATTERNS
from fluxkit.scene.rules.registry import Case, Found, rule
from fluxkit.scene.sources import SOURCE_KELVIN

_QUALITIES = ("hard", "crisp", "semi-soft", "soft", "shadowless")
_CATCHLIGHT = re.compile(r"\b(catch[- ]?lights?|eye[- ]?lights?)\b", re.IGNORECASE)
_HOUR = re.compile(
    r"\b(\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)[ -]o'?clock", re.IGNORECASE
)
_HOURS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _lights(case: Case) -> Iterator[tuple[str, Light]]:
    lighting = case.scene.lighting
    for name in ("key", "fill", "rim"):
        light = getattr(lighting, name, None)
        if light is not None:
            yield f"lighting.{name}", light


@rule("catchlight", "warning", reason="The cornea is a mirror ball: the highlight lies on the light's side of the eye.")
def catchlight(case: Case) -> Iterator[Found]:
    """Catchlights are asked for where the key cannot make them."""
    angles = case.scene.key_angles
    said = next(((path, text) for path, text in case.texts() if _CATCHLIGHT.search(text)), None)
    if angles is None or said is None:
        return
    path, text = said
    hour, asked = optics.catchlight_clock(*angles), _asked_hour(text)
    place = f"azimuth {angles[0]:g}, elevation {angles[1]:g} degrees"
    if hour is None and abs(angles[0]) > 90:
        yield Found(
            path,
            f"Catchlights are asked for, but the key stands behind ({place}) and does not show in the eyes.",
            "Add a fill light in front, move the key, or drop the catchlights.",
        )
    elif hour is not None and asked is not None and min((hour - asked) % 12, (asked - hour) % 12) > 2:
        yield Found(
            path,
            f"A catchlight at {asked} o'clock is asked for, but a key at {place} shows at {hour} o'clock.",
            f"Ask for {hour} o'clock, or move the key to that side.",
        )


def _asked_hour(text: str) -> int | None:
    """The hour that words about a catchlight name, by clock or by side."""
    said = _HOUR.search(text)
    if said:
        word = said[1].lower()
        return _HOURS.index(word) + 1 if word in _HOURS else int(word) % 12 or 12
    sides = {"upper left": 10, "top left": 10, "upper right": 2, "top right": 2, "left": 9, "right": 3, "top": 12}
    return next((hour for side, hour in sides.items() if re.search(rf"\b{side}\b", text, re.IGNORECASE)), None)


@rule(
    "pattern-angles",
    "warning",
    reason="Portrait patterns are shadows, and shadows are angles (imaging reference, 1.5).",
)
def pattern_angles(case: Case) -> Iterator[Found]:
    """The key's angles do not draw the pattern that is named."""
    lighting = case.scene.lighting
    if lighting is None or lighting.pattern is None or lighting.key is None:
        return
    wanted, key = PATTERNS[lighting.pattern], lighting.key
    if key.azimuth_deg is None and key.elevation_deg is None:
        turned = abs(key.angles[0]) if key.angles else wanted.azimuth_deg
        if wanted.azimuth_range[1] < 20 < turned:
            yield Found(
                "lighting.key.direction",
                f"{lighting.pattern} light stands in front of the face, but the key is named {key.direction!r}.",
                "Name it 'front', or choose loop, rembrandt or split for a light from the side.",
            )
        return
    azimuth, elevation = case.scene.key_angles or (0.0, 0.0)
    low, high = wanted.azimuth_range
    if not (low <= abs(azimuth) <= high and wanted.elevation_range[0] <= elevation <= wanted.elevation_range[1]):
        yield Found(
            "lighting.key",
            f"{lighting.pattern} light needs {low:g} to {high:g} degrees aside and {_span(wanted.elevation_range)} "
            f"up, but the key is at azimuth {azimuth:g}, elevation {elevation:g}.",
            "Move the key there, or drop the pattern: leave the angles unset and the pattern gives them.",
        )


@rule(
    "short-or-broad-side",
    "warning",
    reason="Short and broad say which side of a turned head is lit (imaging reference, 1.5).",
)
def short_or_broad_side(case: Case) -> Iterator[Found]:
    """The key stands on the other side than short or broad light asks for."""
    lighting, subject = case.scene.lighting, case.scene.subject
    angles = lighting.key_angles if lighting else None
    if lighting is None or lighting.short_or_broad is None or subject is None or not subject.yaw_deg or angles is None:
        return
    right = (subject.yaw_deg > 0) == (lighting.short_or_broad == "short")
    if angles[0] % 180 and (angles[0] > 0) != right:
        side = "right" if right else "left"
        yield Found(
            "lighting.short_or_broad",
            f"With the face turned {subject.yaw_deg:+g} degrees (positive is camera right), "
            f"{lighting.short_or_broad} light comes from camera {side}, but the key is at azimuth {angles[0]:g}.",
            f"Move the key to camera {side} (lighting.mirrored() does), or turn the head.",
        )


@rule("softness", "warning", reason="Softness is the source's apparent size, 2·atan(size / 2·distance), not its name.")
def softness(case: Case) -> Iterator[Found]:
    """The stated quality is not what the light's size and distance give."""
    for path, light in _lights(case):
        angle = light.apparent_deg
        if light.quality is None or angle is None:
            continue
        given = optics.softness(angle)
        if abs(_QUALITIES.index(given) - _QUALITIES.index(light.quality)) >= 2:
            where = f" at {light.distance_m:g} m" if light.distance_m else ""
            yield Found(
                f"{path}.quality",
                f"{light.quality} light is asked for, but {_named(light)}{where} looks {angle:.2g} degrees wide "
                f"from the subject, which is {given}.",
                "Bring it closer or make it larger for softer light, the reverse for harder; or leave quality unset.",
            )


@rule("source-kelvin", "warning", reason="Lamps have their colour: 80 mired is about a half CTO gel.")
def source_kelvin(case: Case) -> Iterator[Found]:
    """The stated colour temperature is not the named source's."""
    for path, light in _lights(case):
        usual = SOURCE_KELVIN[light.source] if light.source else None
        if usual is None or light.temperature_k is None or light.source == "sun":
            continue
        shift = optics.mired(light.temperature_k) - optics.mired(usual)
        if abs(shift) > 80:
            yield Found(
                f"{path}.temperature_k",
                f"{light.temperature_k:g} K is asked for, but {light.source} light is about {usual:g} K "
                f"({abs(shift):.0f} mired {'warmer' if shift > 0 else 'cooler'} than it is).",
                "Leave temperature_k unset, name another source, or say the filter with gel.",
            )


@rule("rim-in-front", "warning", reason="An edge is lit only from behind it: beyond 90 degrees from the camera.")
def rim_in_front(case: Case) -> Iterator[Found]:
    """A rim light stands in front of the subject."""
    rim = case.scene.lighting.rim if case.scene.lighting else None
    if rim is not None and rim.angles is not None and abs(rim.angles[0]) < 100 and abs(rim.angles[1]) < 60:
        yield Found(
            "lighting.rim",
            f"A rim light draws the edge from behind (130 to 170 degrees), but this one stands at {rim.angles[0]:g}.",
            "Name it 'behind left' or 'behind right', or call it the fill.",
        )


@rule(
    "ratio-mood",
    "warning",
    reason="High-key is a low lighting ratio, low-key a high one (Hunter, Light: Science and Magic).",
)
def ratio_mood(case: Case) -> Iterator[Found]:
    """The lighting ratio contradicts the mood or the pattern."""
    lighting = case.scene.lighting
    if lighting is None or lighting.ratio is None:
        return
    mood = (lighting.mood or "").lower()
    wish = "high-key" if re.search(r"high[- ]key|airy", mood) or lighting.pattern == "flat" else None
    wish = "low-key" if re.search(r"low[- ]key", mood) else wish
    if (wish == "high-key" and lighting.ratio >= 4) or (wish == "low-key" and lighting.ratio <= 2.5):
        said = f"a {wish} mood" if mood else f"{lighting.pattern} light"
        yield Found(
            "lighting.ratio",
            f"A ratio of {lighting.ratio:g}:1 ({optics.ratio_stops(lighting.ratio):.1f} stops) does not make {said}.",
            f"Use {'2:1 or less' if wish == 'high-key' else '8:1 or more'}, or change the mood or pattern.",
        )


def _span(limits: tuple[float, float]) -> str:
    return f"{limits[0]:g} to {limits[1]:g}"


def _named(light: Light) -> str:
    size = light.modifier or light.source or "it"
    article = "the" if light.source in {"sun", "moon"} and not light.modifier else "a"
    return size if size == "it" else f"{article} {size}"
