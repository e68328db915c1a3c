"""`FilmStock`: what the light falls on, as data with sources."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from fluxkit.scene.noun import Noun, Words

FilmKind = Literal["colour negative", "colour slide", "black and white", "instant", "digital"]
Grain = Literal["none", "very fine", "fine", "medium", "coarse"]

_GRAINS: tuple[Grain, ...] = ("none", "very fine", "fine", "medium", "coarse")


class FilmStock(Noun):
    """A film, or a digital look; a string is looked up among the stocks. Names are trademarks and only describe."""

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

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, data: Any) -> Any:
        if isinstance(data, str):
            from fluxkit.scene.stocks import find

            return dict(find(data))
        return data

    @model_validator(mode="after")
    def _a_figure_has_a_scale(self) -> Self:
        if (self.grain_figure is None) != (self.grain_scale is None):
            raise ValueError(
                f"a grain figure means nothing without its scale: grain_figure={self.grain_figure} and grain_scale="
                f"{self.grain_scale!r} were given. Give both (RMS or PGI), or neither"
            )
        return self

    @property
    def exposure_index(self) -> float | None:
        """The speed that it is exposed at: box speed times two for every stop pushed."""
        return None if self.iso is None else self.iso * 2**self.push_stops

    @property
    def apparent_grain(self) -> Grain | None:
        """The grain after pushing or pulling: about one step coarser for two stops pushed, finer for two pulled."""
        if self.grain is None or self.grain == "none":
            return self.grain
        step = round(self.push_stops / 2 + (0.01 if self.push_stops > 0 else -0.01))
        return _GRAINS[min(max(_GRAINS.index(self.grain) + step, 1), len(_GRAINS) - 1)]

    @property
    def grain_words(self) -> str | None:
        """The grain after development: "fine grain"; None where it is unknown, "no visible grain" for none."""
        grain = self.apparent_grain
        return None if grain is None else "no visible grain" if grain == "none" else f"{grain} grain"

    @property
    def label(self) -> str:
        """What captions say: "Kodak Tri-X 400, pushed two stops"."""
        return ", ".join(part for part in (self.name, self.push_words) if part)

    @property
    def push_words(self) -> str | None:
        """How it was developed: "pushed two stops"."""
        if not self.push_stops:
            return None
        counts = {
            0.5: "half a stop",
            1.0: "one stop",
            1.5: "one and a half stops",
            2.0: "two stops",
            3.0: "three stops",
        }
        stops = counts.get(abs(self.push_stops), f"{abs(self.push_stops):g} stops")
        return f"{'pushed' if self.push_stops > 0 else 'pulled'} {stops}"

    def push(self, stops: float) -> Self:
        """The same film pushed by so many stops: exposed at a higher index, developed longer.

        >>> from fluxkit.scene.stocks import HP5_PLUS
        >>> HP5_PLUS.push(2).exposure_index
        1600.0
        """
        return self.with_(push_stops=self.push_stops + stops)

    def pull(self, stops: float) -> Self:
        """The same film pulled by so many stops: softer contrast, finer grain."""
        return self.push(-stops)
