"""The sizes of a sheet, chosen from the number of pictures in a row, their shape, and the longest labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from fluxkit.sheets import typeset
from fluxkit.sheets.axes import Pictured, value_of
from fluxkit.sheets.layout import Layout, Paths
from fluxkit.sheets.words import inline_label, value_label

if TYPE_CHECKING:
    from fluxkit.measure import Badge

Style = Literal["grid", "strip"]

CONTENT_WIDTH = 1180
"""What the pictures of one row fill together, in pixels, unless they reach their largest or smallest size first."""

LARGEST_CELL, SMALLEST_CELL = 420, 96
LARGEST_ENLARGEMENT = 3.0
"""A picture is shown at most this many times its own size: beyond that it looks soft."""


@dataclass(frozen=True)
class Content:
    """What a sheet says besides its layout."""

    frames: Sequence[Pictured]
    faults: dict[int, str]
    """Index of a frame that has no picture -> why; an empty text for one that is still to come."""
    title: str | None = None
    subtitle: str = ""
    legend: str = ""
    badges: dict[int, Badge] = field(default_factory=dict)
    """Index of a frame -> what the light meter says of it."""
    note: str = ""
    """What stands at the right of the legend."""


@dataclass(frozen=True)
class Measures:
    """Sizes in pixels, from which all positions follow."""

    cell_width: float
    cell_height: float
    gap: float
    margin: float
    type: float
    """The size of the base type; other sizes are multiples of it."""
    gutter: float
    """The room left of the pictures for the labels of rows."""
    caption_lines: int
    strip: bool

    @property
    def caption(self) -> float:
        """The size of captions."""
        return max(10.5, self.type * 0.84)

    @property
    def leading(self) -> float:
        """The distance of two lines of captions."""
        return self.caption * 1.38

    @property
    def edge(self) -> float:
        """The height of the perforated edge of a film strip."""
        return max(13.0, self.cell_height * 0.11) if self.strip else 0.0

    @property
    def pitch_x(self) -> float:
        """From one picture to the next."""
        return self.cell_width + self.gap

    @property
    def pitch_y(self) -> float:
        """From one line of pictures to the next, captions included."""
        captions = self.caption_lines * self.leading + (self.caption * 0.75 if self.caption_lines else 0)
        air = self.gap * (1.1 if self.caption_lines else 1.0) + (self.type if self.strip else 0)
        return self.cell_height + 2 * self.edge + captions + air


def measure(content: Content, layout: Layout, *, style: Style, cell: float | None) -> Measures:
    """Sizes that suit the number of pictures in a row, their shape, and the longest labels."""
    across = max(len(section.columns) * section.span for section in layout.sections)
    shapes = {(frame.shot.width, frame.shot.height) for frame in content.frames}
    down = sum(section.depth(row) for section in layout.sections for row in range(len(section.rows)))
    side = cell or _cell_side(across, down, max(max(shape) for shape in shapes))
    cell_width = max(side * w / max(w, h) for w, h in shapes)
    cell_height = max(side * h / max(w, h) for w, h in shapes)
    gap = max(5.0, round(side * (0.025 if style == "strip" else 0.045)))
    rough = across * (cell_width + gap)
    base = 14.0 * min(1.6, max(1.0, rough / 1250))
    measures = Measures(
        cell_width=round(cell_width),
        cell_height=round(cell_height),
        gap=gap,
        margin=round(max(28.0, min(64.0, rough * 0.045))),
        type=base,
        gutter=0.0,
        caption_lines=0,
        strip=style == "strip",
    )
    return replace(measures, gutter=_gutter(layout, base), caption_lines=_caption_lines(content, layout, measures))


def _cell_side(across: int, down: int, longest: int) -> float:
    wanted = min(LARGEST_CELL, max(SMALLEST_CELL, CONTENT_WIDTH / across))
    # A narrow, tall sheet is seen whole only when its pictures are smaller.
    wanted = min(wanted, max(256.0, 1100 / down))
    if longest * LARGEST_ENLARGEMENT < wanted:
        return longest * LARGEST_ENLARGEMENT
    # A whole multiple keeps small pictures crisp where one is near.
    whole = round(wanted / longest) * longest
    return float(whole) if whole and abs(whole - wanted) < wanted * 0.22 else wanted


def _gutter(layout: Layout, size: float) -> float:
    if not layout.rows:
        return 0.0
    labels = [value_label(layout.rows[-1], row[-1]) for section in layout.sections for row in section.rows]
    longest = max(typeset.width(label, size) for label in labels)
    words = max(typeset.width(word, size) for label in labels for word in label.split() or [""])
    # Long labels break over lines: a gutter is as narrow as a third of the longest allows.
    return max(min(longest, size * 8.5), min(words, size * 12)) + size * 1.7


def _caption_lines(content: Content, layout: Layout, measures: Measures) -> int:
    if not layout.captions:
        return 0
    texts = {caption_of(frame, layout.captions) for frame in content.frames}
    most = 3 if measures.cell_width >= 150 else 2
    return max(len(typeset.wrap(text, measures.caption, measures.cell_width, most)) for text in texts)


def caption_of(frame: Pictured, paths: Paths) -> str:
    """What tells a frame apart, in one line: `seed 3 · f/1.4`."""
    said = " · ".join(inline_label(path, value_of(frame, path)) for path in paths)
    return said[:1].upper() + said[1:] if not said.startswith("f/") else said
