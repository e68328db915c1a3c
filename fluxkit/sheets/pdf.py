"""Drawing pages into a PDF: text stays text, pictures are JPEG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fluxkit.sheets import typeset
from fluxkit.sheets.marks import Box, Page, Photo, Text
from fluxkit.sheets.picture import Load, fitted

if TYPE_CHECKING:
    from PIL.Image import Image

_PRINT_SCALE = 2.5
"""Pixels of a picture to one of the page: about 240 an inch for a sheet on A4."""

_QUALITY = 90


def pdf_of(
    pages: Sequence[Page], load: Load, *, title: str, subject: str, paper: tuple[float, float] | None = None
) -> bytes:
    """The pages as one PDF document; each fills the width of the paper, or has its own size where none is given."""
    from reportlab.pdfgen.canvas import Canvas

    buffer = io.BytesIO()
    # `invariant` leaves out the time of writing: the same sheet gives the same file.
    canvas = Canvas(buffer, invariant=1, pageCompression=1)
    canvas.setTitle(title)
    canvas.setSubject(subject)
    canvas.setCreator("fluxkit")
    for page in pages:
        width, height = paper or (page.width * 0.75, page.height * 0.75)
        scale = min(width / page.width, height / page.height)
        canvas.setPageSize((width, height))
        canvas.setFillColor(page.ground)
        canvas.rect(0, 0, width, height, stroke=0, fill=1)
        canvas.translate(0, height)
        canvas.scale(scale, -scale)
        for mark in page.marks:
            _draw(canvas, mark, load)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _draw(canvas: Any, mark: Text | Photo | Box, load: Load) -> None:
    if isinstance(mark, Text):
        _draw_text(canvas, mark)
    elif isinstance(mark, Photo):
        _draw_photo(canvas, mark, load)
    else:
        canvas.setFillColor(mark.fill)
        canvas.roundRect(mark.x, mark.y, mark.width, mark.height, mark.radius, stroke=0, fill=1)


def _draw_text(canvas: Any, mark: Text) -> None:
    """Words one after the other, each in a typeface that has its letters; the page runs downwards, type upwards."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    x = mark.x
    space = typeset.width("n n", mark.size) - typeset.width("nn", mark.size)
    canvas.setFillColor(mark.colour)
    for word in mark.text.split(" "):
        name = _registered(typeset.face_for(word))
        canvas.saveState()
        canvas.translate(x, mark.y)
        canvas.scale(1, -1)
        canvas.setFont(name, mark.size)
        # The space goes with its word, so that copied text has its spaces.
        canvas.drawString(0, 0, f"{word} ")
        canvas.restoreState()
        x += stringWidth(word, name, mark.size) + space


def _draw_photo(canvas: Any, mark: Photo, load: Load) -> None:
    from reportlab.lib.utils import ImageReader

    width, height = round(mark.width * _PRINT_SCALE), round(mark.height * _PRINT_SCALE)
    picture = _at_most(load(mark.frame, max(width, height)), width, height)
    ratio = min(mark.width / picture.width, mark.height / picture.height)
    shown = (picture.width * ratio, picture.height * ratio)
    canvas.saveState()
    canvas.translate(mark.x, mark.y + mark.height)
    canvas.scale(1, -1)
    canvas.drawImage(ImageReader(_jpeg(picture)), 0, 0, width=shown[0], height=shown[1])
    canvas.restoreState()


def _at_most(picture: Image, width: int, height: int) -> Image:
    return fitted(picture, width, height) if picture.width > width or picture.height > height else picture


def _jpeg(picture: Image) -> io.BytesIO:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    buffer.seek(0)
    return buffer


def _registered(face: str) -> str:
    """The name under which a typeface is known to the document; Aileron where its file cannot be embedded."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    name = f"fluxkit-{face or 'aileron'}"
    if name not in pdfmetrics.getRegisteredFontNames():
        source: Any = typeset.face(face, 12).path
        try:
            pdfmetrics.registerFont(TTFont(name, io.BytesIO(source.getvalue()) if not face else source))
        except TTFError:
            return _registered("") if face else "Helvetica"
    return name
