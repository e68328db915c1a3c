"""mflux's JSON in the Exif comment."""

from __future__ import annotations

from fluxkit.frames.importers.found import Found, parsed
from fluxkit.frames.metadata import Notes

_NAMES = ("seed", "steps", "guidance", "width", "height")


def read(notes: Notes) -> Found | None:
    """The request in mflux's comment; None where there is none."""
    content = parsed(notes.parameters)
    if not isinstance(content, dict) or "mflux_version" not in content:
        return None
    return Found(
        "mflux",
        str(content.get("prompt") or ""),
        str(content.get("negative_prompt") or ""),
        model=str(content.get("model") or ""),
        request={name: content.get(name) for name in _NAMES},
        rest={
            name: value
            for name, value in content.items()
            if name not in (*_NAMES, "prompt", "negative_prompt", "model")
        },
    )
