"""The widget of a sheet: its cards, and what happens when somebody marks a frame."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from fluxkit.errors import SheetError
from fluxkit.frames import Frame
from fluxkit.frames.marks import Marks
from fluxkit.sheets.blank import Blank
from fluxkit.sheets.cards import card_data, grid_data, small_jpeg

if TYPE_CHECKING:
    from fluxkit.sheets.axes import Pictured
    from fluxkit.sheets.sheet import ContactSheet
    from fluxkit.widgets import Card, SheetView


def view_of(sheet: ContactSheet, **options: Any) -> SheetView:
    """The live view of a sheet; marks made in it are the sheet's, and the catalogue's."""
    from fluxkit.widgets import SheetView

    content = sheet.content

    def original(name: str) -> bytes:
        found = next((frame for frame in sheet.frames if frame.id == name), None)
        if found is None:
            raise SheetError(f"The frame {name!r} is not on this sheet, or has no picture yet.")
        return found.png()

    return SheetView(
        [card_of(i, frame, sheet) for i, frame in enumerate(content.frames)],
        original=original,
        code=lambda chosen: sheet.code(chosen or None),
        on_marks=lambda marks: sheet.mark(read_marks(marks)),
        on_votes=sheet.prefer,
        still=sheet._repr_png_,
        title=content.title or "",
        subtitle=content.subtitle,
        sheet=sheet.fingerprint,
        grid=grid_data(sheet.layout),
        marks=plain_marks(sheet.marks),
        **options,
    )


def card_of(index: int, frame: Pictured, sheet: ContactSheet) -> Card:
    """The card of one frame, with a way to its thumbnail."""
    from fluxkit.widgets import Card

    fault = frame.reason if isinstance(frame, Blank) else None
    data = card_data(index, frame, sheet.layout, fault, sheet.badge(frame))
    return Card(data, partial(small_jpeg, frame) if isinstance(frame, Frame) else None)


def plain_marks(marks: Mapping[str, Marks]) -> dict[str, dict[str, Any]]:
    """Marks as the browser knows them."""
    return {name: {"rating": mark.rating, "pick": mark.pick} for name, mark in marks.items()}


def read_marks(marks: Mapping[str, Any]) -> dict[str, Marks]:
    """Marks from the browser, checked."""
    return {name: Marks.model_validate(dict(mark)) for name, mark in marks.items()}
