"""Pictures on their way to a host and back: encoded going out, verified coming in."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

from fluxkit.errors import UnsupportedField

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxkit.shots.shot import Shot

Inputs = Mapping[str, bytes]
"""Pictures that go in, by role: `image`, `mask`, `control`, `control_map`, `reference.0`, ..."""

MOST_INPUT_BYTES = 20 * 1024 * 1024
MOST_INPUT_PIXELS = 20_000_000
LEAST_INPUT_SIDE = 256
"""Limits of BFL (docs.bfl.ai): 20 MB, 20 megapixels, 256 pixels a side. Other hosts take no more."""


def as_png(image: Image) -> bytes:
    """A picture as PNG bytes, within what hosts take; raises `UnsupportedField` for one that is too large or small."""
    if min(image.size) < LEAST_INPUT_SIDE or image.width * image.height > MOST_INPUT_PIXELS:
        raise UnsupportedField(
            f"A picture of {image.width} x {image.height} was given. Hosts take at least {LEAST_INPUT_SIDE} pixels a "
            f"side and at most {MOST_INPUT_PIXELS // 1_000_000} megapixels. Resize it."
        )
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    if buffer.tell() > MOST_INPUT_BYTES:
        raise UnsupportedField(
            f"A picture of {buffer.tell() / 2**20:.0f} MB was given. Hosts take at most 20 MB. Resize it."
        )
    return buffer.getvalue()


def inputs_of(shot: Shot) -> dict[str, bytes]:
    """The pictures that a shot carries, as PNG bytes by role; a control map that is ready is `control_map`."""
    if shot.inputs is None:
        return {}
    control = shot.inputs.control
    named = {"control": "control_map"} if control is not None and control.ready else {}
    return {named.get(role, role): as_png(picture.image) for role, picture in shot.inputs.pictures().items()}


def flaw(data: bytes) -> str | None:
    """Why bytes are no whole picture, in a few words; None where they are one. Every pixel is decoded."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.format not in ("JPEG", "PNG", "WEBP"):
                return f"a {image.format} file"
            image.load()
    except Exception as error:  # Pillow raises many kinds for broken files
        start = data[:15].lstrip().lower()
        return (
            "a web page" if start.startswith((b"<!doctype", b"<html")) else f"no whole picture ({type(error).__name__})"
        )
    return None


def suffix(data: bytes) -> str:
    """The file name ending of verified picture bytes."""
    return ".png" if data[:4] == b"\x89PNG" else ".webp" if data[8:12] == b"WEBP" else ".jpg"
