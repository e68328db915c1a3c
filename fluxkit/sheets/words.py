"""Values in a photographer's words: what the labels and captions of a sheet say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fluxkit._base import Record
from fluxkit.shots.labels import label

_FROM = {
    "front": "from the front",
    "front left": "from the front left",
    "front right": "from the front right",
    "above": "from above",
    "below": "from below",
    "behind": "from behind",
    "behind left": "from behind, left",
    "behind right": "from behind, right",
}

_LAMPS = {"key": "light", "fill": "fill", "rim": "rim light"}

_TITLES = {
    "size": "picture size",
    "true_cfg": "true CFG",
    "inputs.strength": "strength",
    "loras": "LoRA",
    "later": "change on the way",
    "prompt": "prompt",
    "lens": "lens",
    "lens.f_number": "aperture",
    "lens.focal_length_mm": "focal length",
    "lens.focus_distance_m": "focus distance",
    "lens.character": "lens character",
    "camera.shutter_s": "shutter",
    "camera.iso": "ISO",
    "camera.angle": "camera angle",
    "camera.height_m": "camera height",
    "film.iso": "film speed",
    "film.push_stops": "push",
    "subject.description": "subject",
    "lighting.ratio": "lighting ratio",
    "lighting.pattern": "lighting pattern",
    "lighting.mood": "mood of the light",
    "environment.time_of_day": "time of day",
    "colours": "colours",
}


def axis_title(path: str) -> str:
    """What an axis is called in a legend.

    >>> axis_title("lighting.key.direction"), axis_title("lens.f_number"), axis_title("environment.weather")
    ('direction of the key light', 'aperture', 'weather')
    """
    if path in _TITLES:
        return _TITLES[path]
    parts = path.split(".")
    if parts[0] == "lighting" and len(parts) > 1 and parts[1] in _LAMPS:
        lamp = f"{parts[1]} light"
        return lamp if len(parts) == 2 else f"{_plain(parts[2])} of the {lamp}"
    return _plain(parts[-1])


def value_label(path: str, value: Any) -> str:
    """A value of an axis as a photographer would say it; understood without the name of the axis.

    >>> value_label("lighting.key.direction", "left"), value_label("lens.f_number", 1.4), value_label("seed", 3)
    ('Light from the left', 'f/1.4', 'Seed 3')
    """
    if value is None or value == ():
        return f"No {axis_title(path)}"
    parts = path.split(".")
    if parts[0] == "lighting" and len(parts) > 1 and parts[1] in _LAMPS:
        return _light_label(parts[1], ".".join(parts[2:]), value)
    known = _SAID.get(path)
    said = known(value) if known else _named(value)
    return said[:1].upper() + said[1:] if _may_be_raised(path) else said


def inline_label(path: str, value: Any) -> str:
    """The same words inside a caption, where only proper names keep their capitals.

    >>> inline_label("seed", 3), inline_label("lighting.key.direction", "left")
    ('seed 3', 'light from the left')
    """
    said = value_label(path, value)
    lowered = said[:1].lower() + said[1:]
    return lowered if said.startswith(("Light", "Fill", "Rim", "No ")) or path in _LOWERED else said


def _light_label(lamp: str, field: str, value: Any) -> str:
    noun = _LAMPS[lamp].capitalize()
    if field == "direction":
        return f"{noun} {_FROM.get(value, f'from the {value}')}"
    if field == "azimuth_deg":
        side = "" if value in (0, 180, -180) else (" right" if value > 0 else " left")
        return f"{noun} at {abs(value):g}°{side}"
    if field == "elevation_deg":
        return f"{noun} {abs(value):g}° {'up' if value >= 0 else 'down'}"
    if field == "temperature_k":
        return f"{value:g} K" if lamp == "key" else f"{noun} {value:g} K"
    if field == "quality":
        return f"{value} {noun.lower()}".capitalize()
    if field in ("size_m", "distance_m"):
        return f"{noun} {value:g} m {'wide' if field == 'size_m' else 'away'}"
    if field == "" and isinstance(value, Record):
        said = [
            _light_label(lamp, name, getattr(value, name))
            for name in ("quality", "direction", "temperature_k")
            if getattr(value, name, None) is not None
        ]
        return ", ".join([*said[:1], *(part.removeprefix(f"{noun} ") for part in said[1:])]) or noun
    return f"{noun}: {_named(value)}"


def lens_label(value: Any) -> str:
    """A lens as it is written on its barrel: `85 mm f/1.8`."""
    if not isinstance(value, Record):
        return _named(value)
    name = getattr(value, "name", None)
    f_number = getattr(value, "f_number", None)
    said = name or f"{getattr(value, 'focal_length_mm', 0):g} mm"
    return said if f_number is None else f"{said} f/{f_number:g}"


def _shutter(seconds: float) -> str:
    return f"1/{1 / seconds:.0f} s" if seconds < 0.4 else f"{seconds:g} s"


def _size(size: Any) -> str:
    return f"{size[0]} × {size[1]}"


def _loras(value: Any) -> str:
    named = [f"{item.name or item.weights.rpartition('/')[2]} at {item.strength:g}" for item in value]
    return " + ".join(named)


def _push(stops: float) -> str:
    if stops == 0:
        return "normal development"
    return f"{'pushed' if stops > 0 else 'pulled'} {abs(stops):g} {'stop' if abs(stops) == 1 else 'stops'}"


_SAID: dict[str, Callable[[Any], str]] = {
    "seed": lambda value: f"seed {value}",
    "steps": lambda value: f"{value} steps",
    "guidance": lambda value: f"guidance {value:g}",
    "true_cfg": lambda value: f"true CFG {value:g}",
    "inputs.strength": lambda value: f"strength {value:g}",
    "width": lambda value: f"{value} px wide",
    "height": lambda value: f"{value} px high",
    "take": lambda value: f"take {value + 1}",
    "size": _size,
    "loras": _loras,
    "lens": lens_label,
    "lens.f_number": lambda value: f"f/{value:g}",
    "lens.focal_length_mm": lambda value: f"{value:g} mm",
    "lens.focus_distance_m": lambda value: f"focus at {value:g} m",
    "camera.shutter_s": _shutter,
    "camera.iso": lambda value: f"ISO {value:g}",
    "camera.angle": lambda value: value if value.endswith("level") else f"{value} angle",
    "camera.height_m": lambda value: f"{value:g} m high",
    "film.iso": lambda value: f"ISO {value:g}",
    "film.push_stops": _push,
    "lighting.ratio": lambda value: f"{value:g}:1 light",
    "lighting.pattern": lambda value: f"{value} light",
}

_LOWERED = {
    *("seed", "steps", "guidance", "inputs.strength", "take", "camera.angle", "film.push_stops", "lighting.pattern"),
    *("environment.time_of_day", "environment.weather", "environment.season", "lighting.mood", "lens.focus_distance_m"),
}

_AS_WRITTEN = {"model", "weights", "lens.f_number", "loras"}


def _may_be_raised(path: str) -> bool:
    return path not in _AS_WRITTEN and not path.endswith("_mm")


def _named(value: Any) -> str:
    if isinstance(value, float | int) and not isinstance(value, bool):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return label(value).strip()


def _plain(name: str) -> str:
    stem, _, unit = name.rpartition("_")
    return (stem if unit in ("mm", "m", "s", "k", "deg") and stem else name).replace("_", " ")
