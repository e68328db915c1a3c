"""What hosted pictures cost: dated price tables, and a forecast for a request.

Prices are US dollars. The host's own reply is the only authority; a forecast is made from these tables before anything
is sent, and the actual cost is recorded from the reply where the host tells it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from fluxkit._base import Record

if TYPE_CHECKING:
    from fluxkit.models.spec import ModelSpec

READ = "2026-11-23"
"""The day on which the tables were written from their sources."""

_BFL = "docs.bfl.ai/quick_start/pricing and BFL's skills file (2026-02)"
_SAME = "BFL's own price; this host's price page was not read"


class Price(Record):
    """What one picture of a model costs at one host."""

    picture: float = Field(ge=0)
    """US dollars for a picture, or for its first megapixel where `megapixel` is set."""
    megapixel: float = Field(0.0, ge=0)
    """US dollars for each further megapixel of the picture, and for each of the input pictures."""
    every_megapixel: bool = False
    """True where `picture` is the price of each megapixel, the first included."""
    source: str = ""
    verified: bool = True
    """False where no source of this host confirms it."""

    def usd(self, pixels: int, input_pixels: int = 0) -> float:
        """US dollars for a picture of so many pixels, made from so many input pixels."""
        megapixels = max(1.0, pixels / 1e6)
        if self.every_megapixel:
            return self.picture * megapixels
        return self.picture + self.megapixel * (megapixels - 1 + input_pixels / 1e6)

    def __str__(self) -> str:
        text = f"${self.picture:g}"
        if self.every_megapixel:
            text += "/MP"
        elif self.megapixel:
            text += f" + ${self.megapixel:g}/MP"
        return text if self.verified else f"{text} (unconfirmed)"


class Cost(Record):
    """A forecast in US dollars; `usd` is None where no table knows the price."""

    usd: float | None = None
    pictures: int = 0
    read: str = READ
    """When the price table was written."""
    unconfirmed: tuple[str, ...] = ()
    """Models whose price no source of their host confirms."""
    unknown: tuple[str, ...] = ()
    """Models without a price."""

    def __str__(self) -> str:
        amount = "unknown" if self.usd is None else f"${self.usd:.2f}"
        text = f"{amount} for {self.pictures} hosted picture{'s' * (self.pictures != 1)} (prices of {self.read})"
        if self.unconfirmed:
            text += f"; unconfirmed: {', '.join(self.unconfirmed)}"
        if self.unknown:
            text += f"; no price known: {', '.join(self.unknown)}"
        return text

    def __repr__(self) -> str:
        return str(self)


def price(model: str, host: str) -> Price | None:
    """The price of a model at a host; None where the table has none."""
    return PRICES.get((model, host))


def forecast(
    spec: ModelSpec, width: int, height: int, options: Mapping[str, Any] | None = None, *, input_pixels: int = 0
) -> Cost:
    """What one picture of `width` x `height` pixels will cost; a local model costs nothing.

    >>> from fluxkit import models
    >>> forecast(models.get("flux-pro-1.1"), 1024, 768).usd
    0.04
    """
    if spec.where == "local":
        return Cost(usd=0.0)
    host = (options or {}).get("host") or next(iter(spec.hosts), "")
    found = price(spec.id, host)
    if found is None:
        return Cost(pictures=1, unknown=(spec.id,))
    usd = round(found.usd(width * height, input_pixels), 4)
    return Cost(usd=usd, pictures=1, unconfirmed=() if found.verified else (spec.id,))


def total(costs: Iterable[Cost]) -> Cost:
    """The sum of forecasts; `usd` is None where one of them is unknown.

    >>> total([Cost(usd=0.04, pictures=1), Cost(usd=0.06, pictures=1)]).usd
    0.1
    """
    all_of = list(costs)
    unknown = dict.fromkeys(model for cost in all_of for model in cost.unknown)
    unconfirmed = dict.fromkeys(model for cost in all_of for model in cost.unconfirmed)
    return Cost(
        usd=None if unknown else round(sum(cost.usd or 0.0 for cost in all_of), 4),
        pictures=sum(cost.pictures for cost in all_of),
        unconfirmed=tuple(unconfirmed),
        unknown=tuple(unknown),
    )


def _bfl(picture: float, megapixel: float = 0.0, *, verified: bool = True, source: str = _BFL) -> Price:
    return Price(picture=picture, megapixel=megapixel, verified=verified, source=source)


def _same(picture: float, megapixel: float = 0.0) -> Price:
    return Price(picture=picture, megapixel=megapixel, verified=False, source=_SAME)


_OLD = "BFL's price while the endpoint was listed; now delisted"
_REPLICATE = "the model's page on replicate.com"
_FAL = "fal.ai/models/<id>/llms.txt"

PRICES: dict[tuple[str, str], Price] = {
    ("flux-pro", "bfl"): _bfl(0.05, verified=False, source=_OLD),
    ("flux-pro-1.1", "bfl"): _bfl(0.04),
    ("flux-pro-1.1-ultra", "bfl"): _bfl(0.06),
    ("flux-pro-1.1-ultra-finetuned", "bfl"): _bfl(0.07),
    ("flux-dev", "bfl"): _bfl(0.025, verified=False, source="an older BFL price list"),
    ("flux-2-klein-4b", "bfl"): _bfl(0.014, 0.001),
    ("flux-2-klein-9b", "bfl"): _bfl(0.015, 0.002),
    ("flux-2-pro", "bfl"): _bfl(0.03, 0.015),
    ("flux-2-max", "bfl"): _bfl(0.07, 0.03),
    ("flux-2-flex", "bfl"): _bfl(0.05, 0.05),
    ("flux-pro-1.0-fill", "bfl"): _bfl(0.05),
    ("flux-pro-1.0-fill-finetuned", "bfl"): _bfl(0.06),
    ("flux-pro-1.0-expand", "bfl"): _bfl(0.05, verified=False, source="taken to cost what Fill costs"),
    ("flux-pro-1.0-canny", "bfl"): _bfl(0.05, verified=False, source=_OLD),
    ("flux-pro-1.0-depth", "bfl"): _bfl(0.05, verified=False, source=_OLD),
    ("flux-kontext-pro", "bfl"): _bfl(0.04),
    ("flux-kontext-max", "bfl"): _bfl(0.08),
    ("flux-pro", "replicate"): _bfl(0.055, source=_REPLICATE),
    ("flux-pro-1.1", "replicate"): _same(0.04),
    ("flux-pro-1.1-ultra", "replicate"): _same(0.06),
    ("flux-2-pro", "replicate"): _same(0.03, 0.015),
    ("flux-2-max", "replicate"): _same(0.07, 0.03),
    ("flux-pro-1.0-fill", "replicate"): _same(0.05),
    ("flux-pro-1.0-depth", "replicate"): _bfl(0.05, source=_REPLICATE),
    ("flux-pro-1.0-canny", "replicate"): _same(0.05),
    ("flux-kontext-pro", "replicate"): _same(0.04),
    ("flux-kontext-max", "replicate"): _same(0.08),
    ("flux-dev", "replicate"): _bfl(0.025, source="a price comparison of 2026-05 (workflowlab.dev)"),
    ("flux-dev-lora", "replicate"): _bfl(0.032, verified=False, source="not read from the host"),
    ("flux-schnell", "replicate"): _bfl(0.003, source="a price comparison of 2026-05 (workflowlab.dev)"),
    ("flux-pro-1.1", "fal"): _same(0.04),
    ("flux-pro-1.1-ultra", "fal"): _bfl(0.06, source=_FAL),
    ("flux-kontext-pro", "fal"): _same(0.04),
    ("flux-kontext-max", "fal"): _bfl(0.08, source=_FAL),
    ("flux-dev", "fal"): Price(picture=0.025, every_megapixel=True, verified=False, source="not read from the host"),
    ("flux-dev-lora", "fal"): Price(picture=0.035, every_megapixel=True, source=_FAL),
    ("flux-schnell", "fal"): Price(picture=0.003, every_megapixel=True, source="a price comparison of 2026-05"),
}
"""Prices by (model id, host)."""
