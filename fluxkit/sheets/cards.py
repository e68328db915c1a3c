"""A sheet as plain data for a browser: a card for each frame, and the grid in which they stand."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fluxkit.catalogue.filed import FiledFrame
from fluxkit.frames import Frame, thumbnail
from fluxkit.sheets.axes import Pictured, value_of
from fluxkit.sheets.layout import Layout, Section
from fluxkit.sheets.measures import caption_of
from fluxkit.sheets.table import alt_text, spoken
from fluxkit.sheets.words import axis_title, value_label

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxkit.measure import Badge


def card_data(
    index: int, frame: Pictured, layout: Layout, fault: str | None, badge: Badge | None = None
) -> dict[str, Any]:
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
        **({"badge": _badge_data(badge)} if badge else {}),
    }


def _badge_data(badge: Badge) -> dict[str, Any]:
    told = {"text": badge.text, "verdict": badge.verdict, "details": list(badge.details)}
    return {**told, "spoken": spoken(badge)}


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
    """The frame's thumbnail as JPEG bytes: those that the catalogue made when it kept the frame, where it did."""
    if isinstance(frame, FiledFrame):
        try:
            return frame.catalogue.store.thumbnail_path(frame.file).read_bytes()
        except OSError:
            pass  # a thumbnail can be made again at any time; a lost one is no fault of the sheet
    return thumbnail.jpeg(frame.image)


def small_picture(frame: Frame, side: int) -> Image:
    """The frame's thumbnail, decoded only as finely as `side` pixels need, which is faster."""
    if not isinstance(frame, FiledFrame):
        return frame.thumbnail()
    import PIL.Image

    try:
        with PIL.Image.open(frame.catalogue.store.thumbnail_path(frame.file)) as picture:
            picture.draft("RGB", (side, side))
            return picture.convert("RGB")
    except OSError:
        return frame.thumbnail()


def jpeg(picture: Image, quality: int, *, sharp: bool = False) -> bytes:
    """A picture as JPEG bytes; `sharp` keeps the full resolution of its colours."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, subsampling=0 if sharp else 2)
    return buffer.getvalue()
