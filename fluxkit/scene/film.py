"""`FilmStock`: what the light falls on, as data with sources."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from fluxkit.scene.noun import Noun, Words

FilmKind = Literal["colour negative", "colour slide", "black and white", "instant", "digital"]
Grain = Literal["none", "very fine", "fine", "medium", "coarse"]


class FilmStock(Noun):
    """A film, or a digital look. Film names are trademarks and are used to describe; no endorsement is implied."""

    name: Words
    """The name a photographer would say: "Kodak Portra 400"."""

    maker: Words | None = None
    """Who makes it."""

    iso: float | None = Field(default=None, ge=1, le=1_000_000)
    """Box speed."""

    kind: FilmKind | None = None
    """Negative, slide, black and white, instant, or digital."""

    balance_k: float | None = Field(default=None, ge=1000, le=20000)
    """The colour temperature that it records as neutral; unset for black and white."""

    grain: Grain | None = None
    """How coarse its grain looks in a print, at box speed."""

    grain_figure: float | None = Field(default=None, gt=0)
    """The maker's published figure, on the scale that `grain_scale` names; scales do not convert into each other."""

    grain_scale: Literal["RMS", "PGI"] | None = None
    """RMS: diffuse rms granularity times 1000 (48 µm aperture). PGI: Kodak Print Grain Index, 135 film, 4x6 inches."""

    source: Words | None = None
    """Where the figures come from."""

    words: tuple[Words, ...] = ()
    """How it draws, as photographers say it."""

    push_stops: float = Field(default=0.0, ge=-3, le=5)
    """Stops pushed in development (negative: pulled)."""

    @model_validator(mode="after")
    def _a_figure_has_a_scale(self) -> Self:
        if (self.grain_figure is None) != (self.grain_scale is None):
            raise ValueError(
                f"a grain figure means nothing without its scale: grain_figure={self.grain_figure} and grain_scale="
                f"{self.grain_scale!r} were given. Give both (RMS or PGI), or neither"
            )
        return self
