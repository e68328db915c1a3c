"""Small pictures for looking at many."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE_PX = 256
"""Longest side of a thumbnail."""

_SHARP_PX = 192
"""Up to this side a picture is shown larger than it is: it is kept sharper, and still small in bytes."""


def shrunk(image: Image, side_px: int = SIDE_PX) -> Image:
    """The picture at most `side_px` wide and high; a smaller one comes back as it is."""
    from PIL.Image import Resampling

    longest = max(image.size)
    if longest <= side_px:
        return image
    # Whole-number reduction is a fast, exact box filter; what is left to do is less than a factor of two.
    reduced = image.reduce(longest // side_px) if longest >= 2 * side_px else image
    scale = side_px / max(reduced.size)
    size = (max(1, round(reduced.width * scale)), max(1, round(reduced.height * scale)))
    return reduced if reduced.size == size else reduced.resize(size, Resampling.BICUBIC)


def jpeg(image: Image, side_px: int = SIDE_PX) -> bytes:
    """A thumbnail as JPEG bytes, about 15 kB; a very small picture keeps the full resolution of its colours."""
    small = max(image.size) <= _SHARP_PX
    buffer = io.BytesIO()
    shrunk(image, side_px).save(buffer, "JPEG", quality=92 if small else 85, subsampling=0 if small else 2)
    return buffer.getvalue()
