"""`SheetTable`: a sheet as rows of text, for screen readers, CSV files and plain terminals."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fluxkit.sheets.axes import Pictured, value_of
from fluxkit.sheets.layout import Layout
from fluxkit.sheets.words import axis_title, inline_label
from fluxkit.shots.labels import label

if TYPE_CHECKING:
    from fluxkit.measure import Badge


@dataclass(frozen=True)
class SheetTable:
    """One row a frame: its number, the axes that tell it apart, what it shows in words, and its id."""

    axes: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]

    @classmethod
    def of(
        cls, frames: Sequence[Pictured], layout: Layout, faults: dict[int, str], badges: Mapping[int, Badge] = {}
    ) -> SheetTable:
        """The table of a sheet's frames, in the order in which they were given."""
        axes = (*layout.pages, *layout.rows, *layout.columns, *layout.captions)
        rows = []
        for index, frame in enumerate(frames):
            values = {path: value_of(frame, path) for path in axes}
            rows.append(
                {
                    "number": index + 1,
                    **{path: label(value) for path, value in values.items()},
                    **({"light meter": badges[index].text if index in badges else ""} if badges else {}),
                    "alt": alt_text(index, axes, values, faults, badges.get(index)),
                    "id": frame.id,
                }
            )
        return cls((*axes, "light meter") if badges else axes, tuple(rows))

    def csv(self) -> str:
        """The table as comma-separated text, with a header of axis paths."""
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, fieldnames=["number", *self.axes, "id"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(self.rows)
        return buffer.getvalue()

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        names = ["number", *self.axes]
        lines = [[axis_title(name) for name in names], *([str(row[name]) for name in names] for row in self.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(names))]
        return "\n".join(
            "  ".join(f"{text:<{width}}" for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
        )

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col">{html.escape(axis_title(path))}</th>' for path in self.axes)
        body = "".join(
            f'<tr><th scope="row">{row["number"]}</th>'
            + "".join(f"<td>{html.escape(str(row[path]))}</td>" for path in self.axes)
            + f"<td>{html.escape(row['alt'])}</td></tr>"
            for row in self.rows
        )
        return (
            "<table><caption>Frames of this contact sheet</caption>"
            f'<thead><tr><th scope="col">frame</th>{heads}<th scope="col">description</th></tr></thead>'
            f"<tbody>{body}</tbody></table>"
        )


def alt_text(
    index: int, axes: Sequence[str], values: dict[str, Any], faults: dict[int, str], badge: Badge | None = None
) -> str:
    """A frame in words: `Frame 3: light from the left, seed 2`."""
    said = ", ".join(inline_label(path, values[path]) for path in axes)
    if index in faults:
        said = f"{said} ({'failed: ' + faults[index] if faults[index] else 'still to come'})"
    met = f", light meter: {spoken(badge)}" if badge else ""
    return f"Frame {index + 1}{': ' + said if said else ''}{met}"


def spoken(badge: Badge) -> str:
    """A badge in words: `3 shown, 1 not shown`."""
    counts = ((badge.shown, "shown"), (badge.not_shown, "not shown"), (badge.cannot_tell, "cannot tell"))
    return ", ".join(f"{count} {name}" for count, name in counts if count)
