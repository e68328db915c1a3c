"""A sheet as plain data for a browser: a card for each frame, and the grid in which they stand."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fluxkit.frames import Frame
from fluxkit.frames.thumbnail import SIDE_PX
from fluxkit.sheets.axes import Pictured, value_of
from fluxkit.sheets.layout import Layout, Section
from fluxkit.sheets.measures import caption_of
from fluxkit.sheets.table import alt_text
from fluxkit.sheets.words import axis_title, value_label

if TYPE_CHECKING:
    from PIL.Image import Image


def card_data(index: int, frame: Pictured, layout: Layout, fault: str | None) -> dict[str, Any]:
    """One frame as the browser knows it."""
    axes = (*layout.pages, *layout.rows, *layout.columns, *layout.captions)
    values = {path: value_of(frame, path) for path in axes}
    return {
        "id": frame.id,
        "number": index + 1,
        "values": [{"path": p, "title": axis_title(p), "label": value_label(p, v)} for p, v in values.items()],
        "name": caption_of(frame, axes) if axes else "",
        "caption": caption_of(frame, layout.captions) if layout.captions else "",
        "alt": alt_text(index, axes, values, {} if fault is None else {index: fault}),
        "prompt": str(frame.shot.prompt),
        "aspect": f"{frame.shot.width} / {frame.shot.height}",
        "fault": fault or "",
    }


def grid_data(layout: Layout) -> dict[str, Any] | None:
    """Rows, columns and cells; None for a sheet whose frames simply follow each other."""
    return None if layout.flows else {"sections": [_section_data(layout, section) for section in layout.sections]}


def _section_data(layout: Layout, section: Section) -> dict[str, Any]:
    return {
        "title": _said(layout.pages, section.values),
        "rows": [_said(layout.rows, values) for values in section.rows],
        "columns": [_said(layout.columns, values) for values in section.columns],
        "span": section.span,
        "cells": [
            {"row": row, "column": column, "frames": list(items)}
            for (row, column), items in sorted(section.cells.items())
        ],
    }


def _said(paths: Sequence[str], values: Sequence[Any]) -> str:
    return " · ".join(value_label(path, value) for path, value in zip(paths, values, strict=True))


def small_jpeg(frame: Frame) -> bytes:
    """The frame's thumbnail as JPEG bytes."""
    picture = frame.thumbnail()
    small = max(frame.shot.width, frame.shot.height) <= SIDE_PX
    return jpeg(picture, 92, sharp=True) if small else jpeg(picture, 85)


def jpeg(picture: Image, quality: int, *, sharp: bool = False) -> bytes:
    """A picture as JPEG bytes; `sharp` keeps the full resolution of its colours."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, subsampling=0 if sharp else 2)
    return buffer.getvalue()
