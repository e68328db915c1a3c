"""A sheet as pages of marks: where every picture, label and caption stands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fluxkit.sheets import typeset
from fluxkit.sheets.layout import Layout, Section, Values
from fluxkit.sheets.marks import Box, Page, Photo, Text
from fluxkit.sheets.measures import Content, Measures, Style, caption_of, measure
from fluxkit.sheets.theme import Theme
from fluxkit.sheets.words import value_label

if TYPE_CHECKING:
    from fluxkit.measure import Badge


def compose(
    content: Content, layout: Layout, theme: Theme, *, style: Style = "grid", cell: float | None = None
) -> Page:
    """The whole sheet on one page; `cell` is the longer side of a picture in pixels, chosen by count where unset."""
    measures = measure(content, layout, style=style, cell=cell)
    return Composer(content, layout, theme, measures).page()


@dataclass
class Composer:
    """Sets one page from top to bottom; `y` is where the next thing goes."""

    content: Content
    layout: Layout
    theme: Theme
    measures: Measures
    y: float = 0.0
    marks: list[Text | Photo | Box] = field(default_factory=list)

    def page(self) -> Page:
        """Every section below each other, under the title and above the legend."""
        self.y = self.measures.margin
        self.head()
        for section in self.layout.sections:
            self.section(section)
        self.foot()
        height = math.ceil(self.y + self.measures.margin * 0.75)
        return Page(math.ceil(self.width), height, self.theme.ground, tuple(self.marks))

    @property
    def left(self) -> float:
        """Where the first column begins."""
        return self.measures.margin + self.measures.gutter

    @property
    def room(self) -> float:
        """The width between the margins."""
        grids = [len(section.columns) * section.span for section in self.layout.sections]
        grid = max(grids) * self.measures.pitch_x - self.measures.gap + self.measures.gutter
        return max(grid, 300.0)

    @property
    def width(self) -> float:
        """The width of the page."""
        return self.room + 2 * self.measures.margin

    def head(self) -> None:
        """The title, and under it what is the same in every picture."""
        title, quiet = min(self.measures.type * 2.1, 44.0), self.measures.type * 0.95
        for line in typeset.wrap(self.content.title or "", title, self.room, 2):
            self.y += title * 0.8
            self.put(self.measures.margin, line, title, self.theme.text)
            self.y += title * 0.4
        for line in typeset.wrap(self.content.subtitle, quiet, self.room, 3):
            self.y += quiet
            self.put(self.measures.margin, line, quiet, self.theme.quiet)
            self.y += quiet * 0.4
        if self.marks:
            self.y += self.measures.type * 1.5

    def section(self, section: Section) -> None:
        """One grid with its headings."""
        if self.layout.pages:
            self.page_heading(section)
        self.column_heads(section)
        before: Values = ()
        for row, values in enumerate(section.rows):
            self.row_heads(before, values)
            self.row_label(values)
            self.row(section, row)
            before = values
        self.y += self.measures.type * 0.9

    def page_heading(self, section: Section) -> None:
        """The values of the page axes, over a grid of their own."""
        size = self.measures.type * 1.3
        said = [value_label(path, value) for path, value in zip(self.layout.pages, section.values, strict=True)]
        self.rule(self.measures.margin, self.room)
        self.y += size * 1.6
        self.put(self.measures.margin, typeset.shorten(" · ".join(said), size, self.room), size, self.theme.text)
        self.y += size * 1.1

    def column_heads(self, section: Section) -> None:
        """The labels of the columns; an outer axis spans the columns that share its value."""
        for level, path in enumerate(self.layout.columns):
            innermost = level == len(self.layout.columns) - 1
            size = self.measures.type
            stride = section.span * self.measures.pitch_x
            runs = list(_runs([values[: level + 1] for values in section.columns]))
            rooms = [count * stride - self.measures.gap for _, count in runs]
            labels = [
                typeset.wrap(value_label(path, section.columns[start][level]), size, room - size * 0.4, 3)
                for (start, _), room in zip(runs, rooms, strict=True)
            ]
            height = max(len(lines) for lines in labels) * size * 1.3
            for (start, _), room, lines in zip(runs, rooms, labels, strict=True):
                x, first = self.left + start * stride, self.y + height - len(lines) * size * 1.3 + size
                for i, line in enumerate(lines):
                    self.put(x, line, size, self.theme.text, y=first + i * size * 1.3)
                if not innermost:
                    self.rule(x, room, y=self.y + height + size * 0.2)
            self.y += height + size * (0.3 if innermost else 0.6)

    def row_heads(self, before: Values, values: Values) -> None:
        """The outer axes of nested rows head the rows that share them."""
        size = self.measures.type
        for level, path in enumerate(self.layout.rows[:-1]):
            if before[: level + 1] == values[: level + 1]:
                continue
            self.y += size * (0.5 if before else 0.1)
            self.rule(self.measures.margin, self.room)
            self.y += size * 1.6
            said = typeset.shorten(value_label(path, values[level]), size, self.room)
            self.put(self.measures.margin, said, size, self.theme.text)
            self.y += size * 0.9

    def row_label(self, values: Values) -> None:
        """The innermost axis of the rows, beside the pictures."""
        if not self.layout.rows:
            return
        size = self.measures.type
        most = max(1, int(self.measures.cell_height / (size * 1.3)))
        said = value_label(self.layout.rows[-1], values[-1])
        for i, line in enumerate(typeset.wrap(said, size, self.measures.gutter - size * 1.2, most)):
            top = self.y + self.measures.edge + size * 0.85
            self.put(self.measures.margin, line, size, self.theme.text, y=top + i * size * 1.3)

    def row(self, section: Section, row: int) -> None:
        """One row of cells, as deep as its fullest cell."""
        for line in range(section.depth(row)):
            if self.measures.strip:
                self.film(section, row, line)
            for column in range(len(section.columns)):
                self.cell(section.cells.get((row, column), ()), section.span, column, line)
            self.y += self.measures.pitch_y

    def cell(self, items: Sequence[int], span: int, column: int, line: int) -> None:
        """The pictures of one cell that stand in one line, or the slot of a cell that was never shot."""
        for slot, index in enumerate(items[line * span : (line + 1) * span]):
            self.frame(index, self.left + (column * span + slot) * self.measures.pitch_x)
        if not items and line == 0 and not self.layout.flows:
            self.slot(self.left + column * span * self.measures.pitch_x)

    def frame(self, index: int, x: float) -> None:
        """One picture with its caption; where there is none, why."""
        top, size = self.y + self.measures.edge, self.measures.caption
        if index in self.content.faults:
            self.slot(x)
            self.fault(self.content.faults[index], x, top)
        else:
            self.marks.append(Photo(x, top, self.measures.cell_width, self.measures.cell_height, index))
            if index in self.content.badges:
                self.badge(self.content.badges[index], index, x, top)
        bottom = top + self.measures.cell_height
        if self.measures.strip:
            number = self.measures.edge * 0.42
            self.put(x + 1, str(index + 1), number, self.theme.edge, y=bottom + number * 0.95)
        if self.layout.captions:
            said = caption_of(self.content.frames[index], self.layout.captions)
            lines = typeset.wrap(said, size, self.measures.cell_width, self.measures.caption_lines)
            for i, line in enumerate(lines):
                y = bottom + self.measures.edge + size * 1.4 + i * self.measures.leading
                self.put(x, line, size, self.theme.quiet, y=y)

    def badge(self, badge: Badge, index: int, x: float, top: float) -> None:
        """What the light meter says, in the corner of a picture: signs, and a colour that repeats them."""
        size, shot = self.measures.caption, self.content.frames[index].shot
        ratio = min(self.measures.cell_width / shot.width, self.measures.cell_height / shot.height)
        inset, tall = size * 0.45, size * 1.75
        wide = typeset.width(badge.text, size) + size * 1.3
        left = x + shot.width * ratio - wide - inset
        y = top + self.measures.cell_height - tall - inset
        self.marks.append(Box(left, y, wide, tall, badge.colour, radius=tall / 2))
        self.marks.append(Box(left + 1, y + 1, wide - 2, tall - 2, "#141414", radius=tall / 2 - 1))
        self.put(left + size * 0.65, badge.text, size, "#ffffff", y=y + tall * 0.7)

    def slot(self, x: float) -> None:
        """An empty place."""
        top = self.y + self.measures.edge
        self.marks.append(Box(x, top, self.measures.cell_width, self.measures.cell_height, self.theme.empty))

    def fault(self, reason: str, x: float, top: float) -> None:
        """Why a picture is missing, in its place; nothing for one that is still to come."""
        if not reason:
            return
        size, pad = self.measures.caption, min(12.0, self.measures.cell_width * 0.08)
        most = max(2, int((self.measures.cell_height - 2 * pad) / self.measures.leading))
        lines = ["No picture", *typeset.wrap(reason, size, self.measures.cell_width - 2 * pad, min(most, 7) - 1)]
        for i, line in enumerate(lines):
            colour = self.theme.fault if i == 0 else self.theme.quiet
            self.put(x + pad, line, size, colour, y=top + pad + size + i * self.measures.leading)

    def film(self, section: Section, row: int, line: int) -> None:
        """The strip behind a line of pictures, perforated along both edges."""
        counts = [len(section.cells.get((row, column), ())) for column in range(len(section.columns))]
        last = max((c * section.span + min(n - line * section.span, section.span) for c, n in enumerate(counts) if n))
        edge, high = self.measures.edge, self.measures.cell_height
        x, length = self.left - self.measures.gap, last * self.measures.pitch_x + self.measures.gap
        self.marks.append(Box(x, self.y, length, high + 2 * edge, self.theme.film))
        hole, tall = edge * 0.36, edge * 0.3
        step = hole * 2.4
        count = int(length / step)
        for i in range(count):
            at = x + (length - count * step) / 2 + i * step + (step - hole) / 2
            for top in (self.y + edge * 0.18, self.y + high + 2 * edge - edge * 0.18 - tall):
                self.marks.append(Box(at, top, hole, tall, self.theme.hole, radius=hole * 0.25))

    def foot(self) -> None:
        """What the rows and columns are, and how many pictures there are."""
        size = max(10.5, self.measures.type * 0.8)
        self.rule(self.measures.margin, self.room)
        self.y += size * 1.9
        noted = typeset.width(self.content.note, size)
        self.put(self.measures.margin + self.room - noted, self.content.note, size, self.theme.quiet)
        for i, line in enumerate(typeset.wrap(self.content.legend, size, self.room - noted - size * 2, 3)):
            self.y += size * 1.4 if i else 0
            self.put(self.measures.margin, line, size, self.theme.quiet)

    def put(self, x: float, text: str, size: float, colour: str, *, y: float | None = None) -> None:
        """One line of type on the baseline `y`, or on the current one."""
        self.marks.append(Text(x, self.y if y is None else y, text, size, colour))

    def rule(self, x: float, length: float, *, y: float | None = None) -> None:
        """A hairline."""
        self.marks.append(Box(x, self.y if y is None else y, length, 1, self.theme.rule))


def _runs(values: Sequence[Values]) -> Iterator[tuple[int, int]]:
    """Start and length of each run of equal values."""
    start = 0
    for i in range(1, len(values) + 1):
        if i == len(values) or values[i] != values[start]:
            yield start, i - start
            start = i
