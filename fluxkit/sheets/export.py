"""A sheet as the bytes of a file, by format."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fluxkit.frames import png
from fluxkit.sheets.offline import offline_page
from fluxkit.sheets.paging import pages_on, paper_named
from fluxkit.sheets.pdf import pdf_of
from fluxkit.sheets.picture import draw_page

if TYPE_CHECKING:
    from fluxkit.sheets.sheet import ContactSheet

_SAVE_SCALE = 2.0
"""Files are drawn at twice the notebook's resolution, for print and for dense screens."""

_PIXEL_LIMIT = 120_000_000
"""A picture larger than this is drawn at a smaller scale: viewers refuse it."""


def _png(sheet: ContactSheet, _paper: str | None) -> bytes:
    page = sheet.page()
    scale = min(_SAVE_SCALE, (_PIXEL_LIMIT / (page.width * page.height)) ** 0.5)
    return png.encode(draw_page(page, sheet.load, scale=scale))


def _pdf(sheet: ContactSheet, paper: str | None) -> bytes:
    title = sheet.title or "Contact sheet"
    if paper is None:
        return pdf_of([sheet.page()], sheet.load, title=title, subject=sheet.alt)
    pages, size = pages_on(
        sheet.content, sheet.layout, sheet.theme, paper_named(paper), style=sheet.style, cell=sheet.cell
    )
    return pdf_of(pages, sheet.load, title=title, subject=sheet.alt, paper=size)


def _html(sheet: ContactSheet, _paper: str | None) -> bytes:
    return offline_page(
        sheet.content,
        sheet.layout,
        sheet.table(),
        dark=sheet.theme.name == "dark",
        sheet=sheet.fingerprint,
        alt=sheet.alt,
        marks=sheet.marks,
    ).encode()


def _csv(sheet: ContactSheet, _paper: str | None) -> bytes:
    return sheet.table().csv().encode()


WRITERS: dict[str, Callable[[ContactSheet, str | None], bytes]] = {
    ".png": _png,
    ".pdf": _pdf,
    ".html": _html,
    ".csv": _csv,
}
"""How each format is written, by the ending of the file's name."""
