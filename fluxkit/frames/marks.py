"""`Marks`: what a person said about a frame after looking at it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fluxkit._base import Record


class Marks(Record):
    """Rating, pick, tags, note and project of a frame. They never change the picture or its identity."""

    rating: int = Field(0, ge=0, le=5)
    """Stars, 0 (none) to 5."""

    pick: Literal["", "pick", "reject"] = ""
    """The cull: taken, dropped, or not decided."""

    tags: tuple[str, ...] = ()
    """Keywords, in the order of the alphabet."""

    note: str = ""
    """Free words."""

    project: str = ""
    """The job that the frame belongs to."""
