"""AUTOMATIC1111's web UI, Forge, SD.Next and everything that writes their `parameters` text."""

from __future__ import annotations

from fluxkit.frames import a1111
from fluxkit.frames.importers.found import Found
from fluxkit.frames.metadata import Notes

_NAMES = {"Steps": "steps", "Seed": "seed", "Distilled CFG Scale": "guidance"}


def read(notes: Notes) -> Found | None:
    """The request in a `parameters` text; None where there is none."""
    if not notes.parameters or notes.parameters.lstrip().startswith("{"):
        return None
    prompt, negative, settings = a1111.read(notes.parameters)
    if not settings:
        return None
    found = Found("A1111", prompt, negative, model=settings.pop("Model", ""))
    for name, value in settings.items():
        if name == "Size" and "x" in value:
            found.request["width"], _, found.request["height"] = value.partition("x")
        elif name == "CFG scale":
            # On models with embedded guidance this is the scale of the second, negative pass, and 1 turns it off.
            key = "true_cfg" if "Distilled CFG Scale" in settings else "guidance"
            if key == "guidance" or float(value or 1) > 1:
                found.request[key] = value
        elif name in _NAMES:
            found.request[_NAMES[name]] = value
        else:
            found.rest[name] = value
    return found
