"""`Measurement`: one number about a picture, with how sure it is; `Measurements`: those of one picture, by name."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from fluxkit._base import Record
from fluxkit.errors import InputError, did_you_mean

Verdict = Literal["shown", "not shown", "cannot tell"]
"""Whether the picture shows what was asked for."""


class Measurement(Record):
    """What a picture shows of one thing, and, where a scene asked for it, whether it shows what was asked."""

    name: str
    """What was measured: "key_light", "defocus"."""

    value: float | dict[str, float] | None = None
    """One number, or numbers by name; None where the measure abstained without any."""

    unit: str = ""
    """The unit of the value: "degrees", "px", "stops", or "ratio" for a pure number."""

    words: str = ""
    """The value in a few words: "from the left", "warm", "shallow"."""

    confidence: float = Field(default=0.0, ge=0, le=1)
    """0 to 1; on pictures of known truth the higher ones err less, but it is no probability."""

    region: str = "picture"
    """What was looked at: "face", "head", "subject", "picture", "land"."""

    method: str = ""
    """How, in a few words; `docs/measures.md` says it in full."""

    abstained: bool = False
    """Whether the measure declines to answer; then `reason` says why."""

    reason: str | None = None
    """Why it abstained, or what weakens the answer."""

    asked: str | None = None
    """What the scene asks for, in words; None where it asks for nothing that this measures."""

    verdict: Verdict | None = None
    """Set only where the scene asked."""

    sentence: str = ""
    """Asked and shown in one plain sentence."""

    @model_validator(mode="after")
    def _an_abstention_has_a_reason(self) -> Self:
        if self.abstained and not self.reason:
            raise ValueError("a measure abstained without saying why. Give reason=...")
        return self

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.sentence or str(self))}</p>"

    def __str__(self) -> str:
        return f"{self.name}: {self.shown}"

    @property
    def shown(self) -> str:
        """What the picture shows, in words: the finding, or why there is none."""
        return f"cannot tell ({self.reason})" if self.abstained else self.words or _figures(self.value, self.unit)


def abstain(
    name: str, reason: str, *, method: str, region: str = "picture", value: Any = None, unit: str = ""
) -> Measurement:
    """A measurement that declines to answer, and says why."""
    return Measurement(name=name, value=value, unit=unit, method=method, region=region, abstained=True, reason=reason)


class Measurements(Mapping[str, Measurement]):
    """The measurements of one picture by name: `measurements["key_light"].value["azimuth_deg"]`."""

    def __init__(self, measurements: Mapping[str, Measurement] | list[Measurement]) -> None:
        items = measurements.values() if isinstance(measurements, Mapping) else measurements
        self._items = {item.name: item for item in items}

    def __getitem__(self, name: str) -> Measurement:
        if name not in self._items:
            raise InputError(
                f"The measurement {name!r} was asked for.{did_you_mean(name, self._items)} "
                f"This picture has: {', '.join(self._items)}."
            )
        return self._items[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The measurement of this name, or `default` where there is none."""
        return self._items.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    @property
    def asked(self) -> Measurements:
        """Only those that the scene asked about."""
        return Measurements([item for item in self._items.values() if item.verdict is not None])

    @property
    def score(self) -> float | None:
        """The share of the answered verdicts that are "shown"; None where nothing was asked or nothing answered."""
        answered = [item.verdict == "shown" for item in self._items.values() if item.verdict in ("shown", "not shown")]
        return sum(answered) / len(answered) if answered else None

    def count(self, verdict: Verdict) -> int:
        """How many verdicts are this one."""
        return sum(item.verdict == verdict for item in self._items.values())

    def sentences(self) -> tuple[str, ...]:
        """One plain sentence for each thing that the scene asked for."""
        return tuple(item.sentence for item in self._items.values() if item.verdict is not None)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._items)

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Name, asked, shown and verdict of each, as text."""
        return [(i.name, i.asked or "", i.shown, i.verdict or "") for i in self._items.values()]

    def __repr__(self) -> str:
        table = [("measure", "asked", "shown", "verdict"), *self.rows()]
        widths = [max(len(row[k]) for row in table) for k in range(4)]
        lines = ("  ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)).rstrip() for row in table)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{name}</th>' for name in ("measure", "asked", "shown", "verdict"))
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in self.rows()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _figures(value: float | dict[str, float] | None, unit: str) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{name} {number:.3g}" for name, number in value.items())
    return f"{value:.3g} {unit}".strip()
