"""A set of photographs on one sheet, each with what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fluxkit.scene import Scene

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxkit.train.photographs import Photograph, TrainingSet

_CELL, _TEXT, _GAP = 200, 58, 12
_PAPER, _INK, _QUIET, _WARN = "#17181a", "#e8e6e1", "#9a988f", "#e0a458"


def preview(photographs: TrainingSet) -> Image:
    """The sheet as a picture: five in a row, captions and findings below each."""
    from PIL import Image, ImageDraw

    columns = min(5, len(photographs))
    rows = -(-len(photographs) // columns)
    size = (_GAP + columns * (_CELL + _GAP), _GAP + rows * (_CELL + _TEXT + _GAP))
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    for place, photograph in enumerate(photographs):
        left = _GAP + place % columns * (_CELL + _GAP)
        top = _GAP + place // columns * (_CELL + _TEXT + _GAP)
        small = photograph.image
        small.thumbnail((_CELL, _CELL))
        sheet.paste(small, (left + (_CELL - small.width) // 2, top + (_CELL - small.height) // 2))
        for line, (text, colour) in enumerate(_lines(photograph)):
            draw.text((left, top + _CELL + 4 + 17 * line), text, fill=colour, font=_font())
    return sheet


def _lines(photograph: Photograph) -> list[tuple[str, str]]:
    caption = photograph.caption
    words = caption.subject.description if isinstance(caption, Scene) and caption.subject else caption
    wrong = [finding.rule for finding in photograph.findings if finding.severity != "note"]
    return [
        (_cut(photograph.name), _INK),
        (_cut(str(words) if words else "no caption"), _QUIET),
        (_cut("! " + ", ".join(wrong)), _WARN) if wrong else (f"{photograph.width} x {photograph.height}", _QUIET),
    ]


def _cut(text: str) -> str:
    return text if len(text) <= 30 else text[:29] + "…"


def _font() -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size=12)
