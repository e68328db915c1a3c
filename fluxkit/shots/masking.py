"""Masks drawn from numbers, and their edges moved and softened: pictures in one channel, white where things change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fluxkit.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    Grey = NDArray[np.uint8]

MOST_PX = 256
"""How far an edge may be moved or softened, in pixels."""

_FINER = 4
"""Polygons are drawn so many times larger and made small again, for smooth edges."""


def size_of(size: Any) -> tuple[int, int]:
    """Width and height in pixels of a frame, a picture, an array, or of a pair of whole numbers."""
    if isinstance(size, Sequence) and not isinstance(size, str) and len(size) == 2:
        if all(isinstance(side, int) and not isinstance(side, bool) and side > 0 for side in size):
            return size[0], size[1]
    elif len(getattr(size, "shape", ())) in (2, 3):
        return int(size.shape[1]), int(size.shape[0])
    elif all(isinstance(getattr(size, side, None), int) for side in ("width", "height")):
        return size.width, size.height
    elif hasattr(size, "image"):
        return size_of(size.image)
    raise InputError(
        f"A mask was asked for of the size of {size!r}. A frame, a picture, an array, or a pair such as (1024, 768) "
        f"is allowed. Give the picture that the mask is for."
    )


def box(size: Any, edges: Any) -> Image:
    """White inside (left, top, right, bottom), in pixels of the picture; black around."""
    from PIL import Image

    width, height = size_of(size)
    left, top, right, bottom = _numbers(edges, "A box", "(left, top, right, bottom)", count=4)
    inside = 0 <= left < right <= width and 0 <= top < bottom <= height
    if not inside or _as_fractions((left, top, right, bottom)):
        raise InputError(
            f"A box of left={left:g}, top={top:g}, right={right:g}, bottom={bottom:g} was asked for in a picture of "
            f"{width} x {height}. Edges are pixels inside the picture, left below right and top below bottom."
            f"{_as_fractions((left, top, right, bottom))} Correct the edges."
        )
    made = Image.new("L", (width, height), 0)
    made.paste(255, (round(left), round(top), round(right), round(bottom)))
    return _not_empty(made, f"A box of {right - left:g} x {bottom - top:g} pixels")


def polygon(size: Any, points: Iterable[Any]) -> Image:
    """White inside a line through the points, which is closed; points may lie outside the picture."""
    from PIL import Image, ImageDraw

    width, height = size_of(size)
    try:
        listed = list(points)
    except TypeError:
        listed = []
    corners = [_numbers(point, f"The point {point!r} of a polygon", "(x, y)", count=2) for point in listed]
    if len({(x, y) for x, y in corners}) < 3:
        raise InputError(
            f"A polygon of {len(corners)} points was asked for ({points!r:.80}). It takes at least three different "
            f"ones, each (x, y) in pixels of the picture, from its upper left corner. Give more points."
        )
    made = Image.new("L", (width * _FINER, height * _FINER), 0)
    ImageDraw.Draw(made).polygon([(x * _FINER, y * _FINER) for x, y in corners], fill=255)
    return _not_empty(made.resize((width, height), Image.Resampling.BOX), "A polygon")


def from_picture(picture: Image, *, size: Any, threshold: int | None, invert: bool) -> Image:
    """A picture's opacity where it has some, else its brightness, as a mask."""
    from PIL import Image

    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    alpha = picture.convert("RGBA").getchannel("A") if has_alpha else None
    grey = alpha if alpha is not None and alpha.getextrema() != (255, 255) else picture.convert("L")
    if threshold is not None:
        if isinstance(threshold, bool) or not isinstance(threshold, int) or not 1 <= threshold <= 255:
            raise InputError(
                f"threshold={threshold!r} was asked for. It is a whole number from 1 to 255: what is at least so "
                f"bright becomes white, the rest black. Use 128, or leave it out to keep greys."
            )
        grey = grey.point(lambda value: 255 if value >= threshold else 0)
    wanted = size_of(size) if size is not None else grey.size
    made = grey if grey.size == wanted else grey.resize(wanted, Image.Resampling.BILINEAR)
    return _not_empty(made.point(lambda value: 255 - value) if invert else made, "A mask from a picture")


def grown(mask: Image, pixels: int) -> Image:
    """The white part larger by so many pixels on every side (smaller where negative), its corners round."""
    from PIL import Image

    _check_pixels("grow", pixels, -MOST_PX)
    if pixels == 0:
        return mask
    grey = np.asarray(mask)
    return Image.fromarray(_dilated(grey, pixels) if pixels > 0 else 255 - _dilated(255 - grey, -pixels))


def feathered(mask: Image, pixels: int) -> Image:
    """The edge faded over so many pixels on either side of where it was."""
    from PIL import ImageFilter

    _check_pixels("feather", pixels, 0)
    return mask.filter(ImageFilter.GaussianBlur(pixels / 2)) if pixels else mask


def laid_over(picture: Image, mask: Image, colour: str, strength: float = 0.55) -> Image:
    """The picture with the white part tinted."""
    from PIL import Image

    shown = picture.convert("RGB")
    where = mask if mask.size == shown.size else mask.resize(shown.size)
    shown = shown.copy()
    shown.paste(Image.new("RGB", shown.size, colour), mask=where.point(lambda value: int(value * strength)))
    return shown


def _dilated(grey: Grey, radius: int) -> Grey:
    """The largest value in a disc around each pixel: row by row of the disc, each run widened from the one before."""
    made, run, reach = grey.copy(), grey.copy(), 0
    for dy in range(radius, -1, -1):
        half = int((radius * radius - dy * dy) ** 0.5 + 0.5)
        while reach < half:
            reach += 1
            np.maximum(run[:, reach:], grey[:, :-reach], out=run[:, reach:])
            np.maximum(run[:, :-reach], grey[:, reach:], out=run[:, :-reach])
        if dy < grey.shape[0]:
            np.maximum(made[dy:], run[: grey.shape[0] - dy], out=made[dy:])
            np.maximum(made[: grey.shape[0] - dy], run[dy:], out=made[: grey.shape[0] - dy])
    return made


def _check_pixels(name: str, pixels: Any, low: int) -> None:
    if isinstance(pixels, bool) or not isinstance(pixels, int) or not low <= pixels <= MOST_PX:
        raise InputError(
            f"{name}({pixels!r}) was asked for. Edges move by whole pixels from {low} to {MOST_PX}. Give such a number."
        )


def _numbers(given: Any, what: str, form: str, *, count: int) -> tuple[float, ...]:
    try:
        numbers = tuple(float(value) for value in given)
    except (TypeError, ValueError):
        numbers = ()
    if len(numbers) != count or not all(np.isfinite(numbers)):
        raise InputError(f"{what} was given as {given!r}. It is {form} in pixels of the picture. Give {count} numbers.")
    return numbers


def _as_fractions(edges: tuple[float, ...]) -> str:
    """A hint for whoever gave fractions where pixels belong; empty for pixels."""
    fractions = max(edges) <= 1 and any(edge % 1 for edge in edges)
    return " These look like fractions, which Mask.rectangle takes." if fractions else ""


def _not_empty(mask: Image, what: str) -> Image:
    if mask.getbbox() is None:
        raise InputError(
            f"{what} leaves nothing white in a picture of {mask.width} x {mask.height}: nothing would change. "
            f"At least one pixel has to be white. Make it larger, or check where it lies."
        )
    return mask
