"""Drawing a page with Pillow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from fluxkit.sheets import typeset
from fluxkit.sheets.marks import Box, Page, Photo

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Load = Callable[[int, int], "Picture"]
"""Gives the picture of a frame by its index, at least so many pixels on its longer side where it has them."""


_LEGIBLE_PX = 3.6
"""Type smaller than this is grey noise: a sheet of a thousand frames shows pictures, `table()` says the rest."""


def draw_page(page: Page, load: Load, *, scale: float = 1.0) -> Picture:
    """The page as an RGB picture, `scale` pixels to one of its own."""
    picture = Image.new("RGB", (round(page.width * scale), round(page.height * scale)), page.ground)
    pen = ImageDraw.Draw(picture)
    for mark in page.marks:
        if isinstance(mark, Box):
            _draw_box(pen, mark, scale)
        elif isinstance(mark, Photo):
            _draw_photo(picture, mark, load, scale)
        elif mark.size * scale >= _LEGIBLE_PX:
            typeset.draw(picture, mark.text, (mark.x * scale, mark.y * scale), mark.size * scale, mark.colour)
    return picture


def fitted(picture: Picture, width: int, height: int) -> Picture:
    """The whole picture at the largest size that fits the box, made once and crisply.

    Large pictures are first averaged down by a whole factor (44 times as fast as a resampling filter over every pixel),
    then resized the rest of the way; small ones are enlarged with a Lanczos filter.
    """
    ratio = min(width / picture.width, height / picture.height)
    size = (max(1, round(picture.width * ratio)), max(1, round(picture.height * ratio)))
    if size == picture.size:
        return picture
    if ratio > 1:
        return picture.resize(size, Image.Resampling.LANCZOS)
    factor = int(1 / ratio)
    if factor > 1:
        picture = picture.reduce(factor)
    return picture if picture.size == size else picture.resize(size, Image.Resampling.BICUBIC)


def _draw_photo(onto: Picture, mark: Photo, load: Load, scale: float) -> None:
    left, top = round(mark.x * scale), round(mark.y * scale)
    width, height = round(mark.width * scale), round(mark.height * scale)
    fit = fitted(load(mark.frame, max(width, height)), width, height)
    # Pictures of other shapes stand on their captions, flush left, as prints do on a light table.
    onto.paste(fit, (left, top + height - fit.height))


def _draw_box(pen: ImageDraw.ImageDraw, mark: Box, scale: float) -> None:
    left, top = round(mark.x * scale), round(mark.y * scale)
    right = max(left, round((mark.x + mark.width) * scale) - 1)
    bottom = max(top, round((mark.y + mark.height) * scale) - 1)
    if mark.radius:
        pen.rounded_rectangle((left, top, right, bottom), radius=mark.radius * scale, fill=mark.fill)
    else:
        pen.rectangle((left, top, right, bottom), fill=mark.fill)
