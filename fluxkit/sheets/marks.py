"""What is drawn on a page of a sheet: text, photographs and boxes, in pixels at scale 1, whatever draws them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One line of type, its left end and baseline at (x, y)."""

    x: float
    y: float
    text: str
    size: float
    colour: str


@dataclass(frozen=True, slots=True)
class Photo:
    """The picture of one frame, fitted into a box, at its bottom left."""

    x: float
    y: float
    width: float
    height: float
    frame: int


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle; `radius` rounds its corners."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its size, its ground, and the marks in drawing order."""

    width: float
    height: float
    ground: str
    marks: tuple[Text | Photo | Box, ...]
