"""A sheet on several pages of paper: the same layout, a few rows at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from fluxkit.errors import SheetError, did_you_mean
from fluxkit.sheets.compose import Composer
from fluxkit.sheets.layout import Layout, Section
from fluxkit.sheets.marks import Page
from fluxkit.sheets.measures import Content, Style, measure
from fluxkit.sheets.theme import Theme

PAPERS = {"A5": (420, 595), "A4": (595, 842), "A3": (842, 1191), "A2": (1191, 1684), "Letter": (612, 792)}
"""Width and height in points (1/72 inch), upright."""


def paper_named(name: str) -> tuple[int, int]:
    """The size of a paper in points; raises `SheetError` for an unknown one."""
    if name not in PAPERS:
        raise SheetError(f"paper={name!r} was asked for.{did_you_mean(name, PAPERS)} Papers are: {', '.join(PAPERS)}.")
    return PAPERS[name]


def pages_on(
    content: Content, layout: Layout, theme: Theme, paper: tuple[int, int], *, style: Style, cell: float | None
) -> tuple[list[Page], tuple[int, int]]:
    """The pages of a sheet and the paper, turned on its side where the sheet is wider than high.

    Every page carries the title, the column heads and its number; as many rows stand on a page as its height holds.
    """
    measures = measure(content, layout, style=style, cell=cell)

    def set_page(part: Layout, note: str = "") -> Page:
        said = replace(content, note=" · ".join(text for text in (content.note, note) if text))
        return Composer(said, part, theme, measures).page()

    whole = set_page(layout)
    width, height = sorted(paper, reverse=whole.width > whole.height)
    most = max(len(section.rows) for section in layout.sections)
    for rows in range(most, 0, -1):
        parts = list(_parts(layout, rows))
        if rows == 1 or all(_fits(set_page(part), width, height) for part in parts):
            # The same number of pages, filled evenly.
            even = list(_parts(layout, math.ceil(most / math.ceil(most / rows))))
            notes = [f"page {i + 1} of {len(even)}" for i in range(len(even))]
            return [set_page(part, note) for part, note in zip(even, notes, strict=True)], (width, height)
    return [whole], (width, height)


def _fits(page: Page, width: float, height: float) -> bool:
    return page.height / page.width <= height / width


def _parts(layout: Layout, rows: int) -> Iterator[Layout]:
    """The layout cut into grids of at most `rows` rows, one a page."""
    for section in layout.sections:
        for start in range(0, len(section.rows), rows):
            yield replace(layout, sections=(_cut(section, start, start + rows),))


def _cut(section: Section, start: int, stop: int) -> Section:
    cells = {(row - start, column): items for (row, column), items in section.cells.items() if start <= row < stop}
    return replace(section, rows=section.rows[start:stop], cells=cells)
