"""`Ingredient`: a picture that another was made from, as a content credential names it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fluxkit.errors import FrameError


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A picture that another was made from, as it goes into a credential."""

    data: bytes = field(repr=False)
    role: str = "parent"
    """`parent` for the picture that was edited; anything else (`reference`, `control`, ...) for one that was used."""


def files_as_ingredients(files: Sequence[str | Path]) -> list[Ingredient]:
    """Picture files as ingredients; the first is taken for the parent."""
    parts = []
    for number, file in enumerate(files):
        path = Path(file).expanduser()
        try:
            parts.append(Ingredient(path.read_bytes(), "reference" if number else "parent"))
        except OSError as error:
            raise FrameError(
                f"A credential was to name {path.name!r} as what the picture was made from, but it cannot be read "
                f"({error.strerror}). Give the path of a PNG, JPEG or WebP file."
            ) from None
    return parts
