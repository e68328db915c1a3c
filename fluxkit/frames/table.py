"""`FrameTable`: frames as rows, for reading."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from fluxkit.shots.labels import label


class FrameTable:
    """Rows of frames: their number, the values that differ, and their id."""

    def __init__(self, paths: Sequence[str], rows: Sequence[tuple[str, Sequence[Any]]]) -> None:
        self.columns = ("#", *paths, "frame")
        self.rows = tuple(
            (str(number), *(label(value) for value in values), frame)
            for number, (frame, values) in enumerate(rows, start=1)
        )

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        widths = [max(len(row[i]) for row in (self.columns, *self.rows)) for i in range(len(self.columns))]
        return "\n".join(
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in (self.columns, *self.rows)
        )

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in self.columns)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
