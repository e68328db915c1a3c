"""`AdherenceTable`: which wishes of which frames were met, as text and as a heat map; `Badge`: one frame's in brief."""

from __future__ import annotations

import html
from collections.abc import Sequence

from fluxkit._base import Record
from fluxkit.errors import InputError
from fluxkit.measure.measurement import Measurements, Verdict

_MARKS: dict[Verdict, str] = {"shown": "✓", "not shown": "✗", "cannot tell": "?"}
_COLOURS: dict[Verdict, str] = {"shown": "#2e7d4f", "not shown": "#b3402e", "cannot tell": "#8a8a8a"}


class Badge(Record):
    """How many of a frame's wishes are shown, not shown, and beyond telling."""

    shown: int = 0
    not_shown: int = 0
    cannot_tell: int = 0
    details: tuple[str, ...] = ()
    """One sentence a wish."""

    @property
    def verdict(self) -> Verdict | None:
        """The frame as a whole: "not shown" where any wish is not, "shown" where at least one is and none is not."""
        if self.not_shown:
            return "not shown"
        return "shown" if self.shown else "cannot tell" if self.cannot_tell else None

    @property
    def text(self) -> str:
        """In brief, for a corner of the frame: "3✓ 1✗ 1?"; empty where nothing was asked.

        >>> Badge(shown=3, cannot_tell=1).text
        '3✓ 1?'
        """
        counts = ((self.shown, "shown"), (self.not_shown, "not shown"), (self.cannot_tell, "cannot tell"))
        return " ".join(f"{count}{_MARKS[name]}" for count, name in counts if count)  # type: ignore[index]

    @property
    def colour(self) -> str:
        """A colour for the badge as #rrggbb: green, red or grey."""
        return _COLOURS[self.verdict or "cannot tell"]


def badge(measurements: Measurements) -> Badge:
    """The verdicts of one frame in brief, for a badge on a contact sheet."""
    return Badge(
        shown=measurements.count("shown"),
        not_shown=measurements.count("not shown"),
        cannot_tell=measurements.count("cannot tell"),
        details=measurements.sentences(),
    )


class AdherenceTable:
    """One row a frame, one column a wish; `share` says how often each wish was met."""

    def __init__(self, measurements: Sequence[Measurements], labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        self.columns = tuple(dict.fromkeys(name for row in measurements for name in row.asked))
        self.rows: tuple[tuple[Verdict | None, ...], ...] = tuple(
            tuple(row[name].verdict if name in row else None for name in self.columns) for row in measurements
        )
        self._tips = tuple(tuple(row[n].sentence if n in row else "" for n in self.columns) for row in measurements)

    def share(self, name: str) -> float | None:
        """The share of the answered frames that show what was asked of this measure; None where none answered.

        Raises `InputError` for a measure that no frame was asked about.
        """
        if name not in self.columns:
            raise InputError(
                f"The share of {name!r} was asked for. This table has: {', '.join(self.columns) or 'none'}."
            )
        found = [row[self.columns.index(name)] for row in self.rows]
        answered = [verdict == "shown" for verdict in found if verdict in ("shown", "not shown")]
        return sum(answered) / len(answered) if answered else None

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        if not self.columns:
            return "No frame was asked for anything that can be measured."
        body = [(label, *(verdict or "" for verdict in row)) for label, row in zip(self.labels, self.rows, strict=True)]
        table = [("frame", *self.columns), *body, ("shown", *(self._foot(name) for name in self.columns))]
        widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
        lines = ("  ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)).rstrip() for row in table)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in ("frame", *self.columns))
        body = "".join(
            f'<tr><th scope="row">{html.escape(label)}</th>'
            + "".join(_cell(verdict, tip) for verdict, tip in zip(row, tips, strict=True))
            + "</tr>"
            for label, row, tips in zip(self.labels, self.rows, self._tips, strict=True)
        )
        foot = "".join(f"<td>{self._foot(name)}</td>" for name in self.columns)
        return (
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
            f'<tfoot><tr><th scope="row">shown</th>{foot}</tr></tfoot></table>'
        )

    def _foot(self, name: str) -> str:
        share = self.share(name)
        return "" if share is None else f"{share:.0%}"


def adherence_table(measurements: Sequence[Measurements], labels: Sequence[str] | None = None) -> AdherenceTable:
    """The verdicts of several frames side by side; `labels` name the frames (numbers where unset).

    Raises `InputError` where there are not as many labels as frames.
    """
    names = [str(number) for number in range(1, len(measurements) + 1)] if labels is None else list(labels)
    if len(names) != len(measurements):
        raise InputError(
            f"{len(names)} labels were given for {len(measurements)} measured frames. Give one label a frame, or none."
        )
    return AdherenceTable(measurements, names)


def _cell(verdict: Verdict | None, tip: str) -> str:
    if verdict is None:
        return "<td></td>"
    style = f"background:{_COLOURS[verdict]};color:#fff;text-align:center"
    return f'<td style="{style}" title="{html.escape(tip, quote=True)}">{_MARKS[verdict]}</td>'
