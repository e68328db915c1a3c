"""The colours of a sheet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fluxkit.errors import SheetError, did_you_mean

ThemeName = Literal["dark", "light"]


@dataclass(frozen=True)
class Theme:
    """Colours by what they are for; text stands at least 4.5:1 against its ground (WCAG 2.2, 1.4.3)."""

    name: str
    ground: str
    text: str
    quiet: str
    """Captions and the constants under the title."""
    rule: str
    empty: str
    """The slot of a cell that was never shot."""
    film: str
    hole: str
    edge: str
    """Numbers on the edge of a film strip."""
    fault: str


THEMES: dict[str, Theme] = {
    "dark": Theme(
        name="dark",
        ground="#161616",
        text="#ededea",
        quiet="#9c9c97",
        rule="#2e2e2d",
        empty="#1e1e1e",
        film="#060606",
        hole="#2c2c2b",
        edge="#d9a441",
        fault="#e58a7b",
    ),
    "light": Theme(
        name="light",
        ground="#fbfbf9",
        text="#1b1b1a",
        quiet="#6a6a65",
        rule="#dededa",
        empty="#f1f1ee",
        film="#1d1c1a",
        hole="#fbfbf9",
        edge="#e0ac4c",
        fault="#a8321f",
    ),
}


def theme_named(name: str) -> Theme:
    """The theme of a name; raises `SheetError` for any other."""
    if name not in THEMES:
        raise SheetError(f"theme={name!r} was asked for.{did_you_mean(name, THEMES)} Themes are: {', '.join(THEMES)}.")
    return THEMES[name]
