"""How near frames come to the photographs that an adapter learned from: in colour, in texture and in layout."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fluxkit.frames import Frame
from fluxkit.train.looks import look
from fluxkit.train.photographs import TrainingSet

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

_SIDE = 96
_CLOSE = 0.86
"""Layout and colour more alike than this to a single photograph: the picture is recited rather than the subject."""


@dataclass(frozen=True)
class Likeness:
    """One frame beside the photographs; each number from 0 (nothing alike) to 1."""

    frame: Frame
    colour: float
    """Overlap of the middle's colours with the photographs' middles."""
    texture: float
    """Overlap of the directions and strengths of fine edges there."""
    nearest: float
    """Layout and colour beside the most similar photograph: near 1 a photograph is being recited."""
    recites: bool

    @property
    def subject(self) -> float:
        """Colour and texture together: what is asked of a good checkpoint."""
        return round(math.sqrt(self.colour * self.texture), 4)


class LikenessTable(Sequence[Likeness]):
    """Frames beside the photographs, best first."""

    def __init__(self, rows: Iterable[Likeness]) -> None:
        self._rows = sorted(rows, key=lambda row: -row.subject)

    def by_lora(self) -> dict[str, float]:
        """The mean of each adapter and strength, best first."""
        found: dict[str, list[float]] = {}
        for row in self._rows:
            name = ", ".join(lora.label for lora in row.frame.shot.loras) or "no LoRA"
            found.setdefault(name, []).append(row.subject)
        means = {name: round(sum(values) / len(values), 4) for name, values in found.items()}
        return dict(sorted(means.items(), key=lambda pair: -pair[1]))

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        return self._rows[index]

    def __repr__(self) -> str:
        lines = [f"{'likeness':>8} {'colour':>7} {'texture':>7} {'nearest':>7}  adapter, seed"]
        for row in self._rows:
            name = ", ".join(lora.label for lora in row.frame.shot.loras) or "no LoRA"
            told = "  recites a photograph" if row.recites else ""
            lines.append(
                f"{row.subject:8.2f} {row.colour:7.2f} {row.texture:7.2f} {row.nearest:7.2f}  {name}, "
                f"{row.frame.shot.seed}{told}"
            )
        return "\n".join(lines)


def likeness(frames: Iterable[Frame], photographs: TrainingSet) -> LikenessTable:
    """Each frame beside the photographs, best first.

    Colour and texture of the middle of the picture, where the subject mostly is. It knows nothing of faces: of a person
    it says that hair and clothes agree, not that it is them.
    """
    looks = [photograph.look for photograph in photographs]
    # One photograph at a time: thirty of a camera's are two gigabytes together.
    shares = [(_colours(image), _edges(image)) for image in (photograph.image for photograph in photographs)]
    colours, edges = (np.mean(kind, 0) for kind in zip(*shares, strict=True))
    rows = []
    for frame in frames:
        own = look(frame.image)
        nearest = max(own.likeness(other) for other in looks)
        rows.append(
            Likeness(
                frame=frame,
                colour=round(float(np.minimum(_colours(frame.image), colours).sum()), 4),
                texture=round(float(np.minimum(_edges(frame.image), edges).sum()), 4),
                nearest=nearest,
                recites=nearest > _CLOSE,
            )
        )
    return LikenessTable(rows)


def _middle(image: Image) -> NDArray[np.float64]:
    small = np.asarray(image.resize((_SIDE, _SIDE)), np.float64) / 255
    edge = _SIDE // 5
    return small[edge:-edge, edge:-edge]


def _colours(image: Image) -> NDArray[np.float64]:
    """Shares of 6 x 6 x 4 bins of hue and saturation as two opponent axes, and of brightness."""
    red, green, blue = (_middle(image)[..., channel].ravel() for channel in range(3))
    warm, leafy, bright = red - blue, green - (red + blue) / 2, (red + green + blue) / 3
    counts, _ = np.histogramdd(np.stack([warm, leafy, bright], 1), bins=(6, 6, 4), range=((-1, 1), (-1, 1), (0, 1)))
    return np.asarray(counts.ravel() / counts.sum(), np.float64)


def _edges(image: Image) -> NDArray[np.float64]:
    """Shares of 8 directions of edges by 4 strengths."""
    grey = _middle(image).mean(-1)
    down, right = np.gradient(grey)
    strength, direction = np.hypot(down, right), np.mod(np.arctan2(down, right), np.pi)
    level = np.clip(np.log2(strength + 1e-4) + 9, 0, 7.999) // 2
    bins = (level * 8 + np.minimum(direction / np.pi * 8, 7).astype(int)).astype(int)
    counts = np.bincount(bins.ravel(), minlength=32)[:32]
    return np.asarray(counts / counts.sum(), np.float64)
