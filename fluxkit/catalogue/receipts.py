"""`Receipts`: what a catalogue's frames cost in time, memory and money, added up by what they are filed under."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from typing import Any, Self

from fluxkit._base import Record
from fluxkit.shots.labels import label

_GIB = 1024**3


class ReceiptLine(Record):
    """What some frames cost together. A figure is None where no receipt of theirs told it."""

    name: str
    """What they have in common, such as their model."""
    frames: int = 0
    told: int = 0
    """How many of them have a receipt."""
    seconds: float | None = None
    """Time to make them, added up; of a hosted picture, the time from sending to the finished file."""
    peak_bytes: int | None = None
    """Most memory of the device that one of them took."""
    usd: float | None = None
    """US dollars, by the host's reply where it told, else by the price table of the day."""

    @classmethod
    def of(cls, name: str, receipts: Iterable[Mapping[str, Any]], frames: int) -> Self:
        """The sum of receipts."""
        told = list(receipts)
        return cls(
            name=name, frames=frames, told=len(told), seconds=_sum(told, "seconds"), usd=_sum(told, "usd"),
            peak_bytes=max((int(one["peak_bytes"]) for one in told if "peak_bytes" in one), default=None),
        )  # fmt: skip

    def cells(self) -> tuple[str, ...]:
        """The line as texts."""
        return (
            self.name, f"{self.frames:,}", f"{self.told:,}",
            "" if self.seconds is None else f"{self.seconds:,.1f}",
            "" if self.peak_bytes is None else f"{self.peak_bytes / _GIB:.1f}",
            "" if self.usd is None else f"{self.usd:.2f}",
        )  # fmt: skip


class Receipts(Record):
    """What frames cost: a line for each group, and `total`. Shows as a table.

    Only pictures that came are counted: what a host billed for a refused or lost one stands in `HostedEngine.jobs()`.
    """

    by: str
    """What the lines are grouped by."""
    lines: tuple[ReceiptLine, ...] = ()
    total: ReceiptLine = ReceiptLine(name="all")

    @property
    def usd(self) -> float:
        """US dollars in all; 0 where nothing cost any."""
        return self.total.usd or 0.0

    @property
    def seconds(self) -> float:
        """Seconds in all, as far as receipts tell."""
        return self.total.seconds or 0.0

    def __getitem__(self, name: str) -> ReceiptLine:
        return next((line for line in self.lines if line.name == name), ReceiptLine(name=name))

    def __iter__(self) -> Any:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __repr__(self) -> str:
        rows = self._rows()
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        aligned = [
            (row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)))
            for row in rows
        ]
        return "\n".join("  ".join(row).rstrip() for row in aligned)

    def _repr_html_(self) -> str:
        head, *rows = self._rows()
        titles = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in head)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in rows)
        return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"

    def _rows(self) -> list[tuple[str, ...]]:
        head = (self.by, "frames", "with receipt", "seconds", "peak GiB", "US dollars")
        return [head, *(line.cells() for line in self.lines), self.total.cells()]


def receipts(by: str, rows: Iterable[tuple[int, str | None]], values: Iterable[tuple[int, Any]]) -> Receipts:
    """The receipts of frames: `rows` are their numbers and receipts as JSON, `values` what each is grouped under.

    A frame with several values, such as tags, stands in the line of each, and once in the total.
    """
    under: dict[int, list[str]] = {}
    for seq, value in values:
        under.setdefault(seq, []).append(label(value))
    groups: dict[str, list[dict[str, Any] | None]] = {}
    every: list[dict[str, Any] | None] = []
    for seq, content in rows:
        receipt = json.loads(content) if content else None
        every.append(receipt)
        for name in under.get(seq, ["(none)"]):
            groups.setdefault(name, []).append(receipt)
    lines = [
        ReceiptLine.of(name, (one for one in found if one is not None), len(found)) for name, found in groups.items()
    ]
    total = ReceiptLine.of("all", (one for one in every if one is not None), len(every))
    lines.sort(key=lambda line: (-(line.usd or 0), -line.frames, line.name))
    return Receipts(by=by, lines=tuple(lines), total=total)


def _sum(told: list[Mapping[str, Any]], name: str) -> float | None:
    figures = [float(one[name]) for one in told if isinstance(one.get(name), int | float)]
    return round(sum(figures), 6) if figures else None
