"""How a photograph looks, in few numbers: enough to find twins, to tell soft from sharp, and how alike two are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fluxkit._base import Record

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

_SIDE = 256
_TWIN_BITS = 6
"""Of 256 bits: re-saved and resized copies differ by fewer, other photographs of one thing by far more."""


class Look(Record):
    """A photograph's look."""

    bits: str
    """256 bits as hexadecimal digits: whether each of 16 x 16 places is brighter than its right neighbour."""
    colours: tuple[float, ...]
    """Mean red, green and blue (0 to 1, linear light) of 4 x 4 places."""
    sharpness: float
    """Finest detail beside coarser detail: 1 at clean edges, below 0.12 in a soft photograph."""

    def is_twin_of(self, other: Look) -> bool:
        """Whether both show the same picture, perhaps resized or saved again."""
        return self._differing(other) <= _TWIN_BITS and self._colour_distance(other) < 0.05

    def likeness(self, other: Look) -> float:
        """How alike two photographs are in layout and colour: 1 is the same, unrelated ones lie near 0.3."""
        layout = 1 - 2 * self._differing(other) / 256
        colour = max(0.0, 1 - 3 * self._colour_distance(other))
        return round(0.5 * max(0.0, layout) + 0.5 * colour, 4)

    def _differing(self, other: Look) -> int:
        return (int(self.bits, 16) ^ int(other.bits, 16)).bit_count()

    def _colour_distance(self, other: Look) -> float:
        return float(np.abs(np.subtract(self.colours, other.colours)).mean())


def look(image: Image) -> Look:
    """The look of an RGB picture."""
    small = np.asarray(image.convert("L").resize((17, 16)), np.float64)
    bits = "".join("1" if bit else "0" for bit in (small[:, 1:] > small[:, :-1]).ravel())
    blocks = np.asarray(image.resize((4, 4)), np.float64) / 255
    linear = np.where(blocks <= 0.04045, blocks / 12.92, ((blocks + 0.055) / 1.055) ** 2.4)
    return Look(
        bits=f"{int(bits, 2):064x}",
        colours=tuple(round(float(value), 4) for value in linear.ravel()),
        sharpness=round(sharpness(image), 3),
    )


def sharpness(image: Image) -> float:
    """Detail of one pixel beside detail of four, in the sharpest tenth of the picture.

    Differences over one pixel are a quarter of those over four where all is smooth, and half of them at a clean edge.
    Scaled so that the first is 0 and the second 1; noise and grain lie above. That a part of the picture is out of
    focus does not matter.
    """
    grey: Any = np.asarray(image.convert("L"), np.float64) / 255
    if min(grey.shape) > 2 * _SIDE:
        middle = [length // 2 for length in grey.shape]
        grey = grey[middle[0] - _SIDE : middle[0] + _SIDE, middle[1] - _SIDE : middle[1] + _SIDE]
    if min(grey.shape) < 48:
        return 1.0
    rows, columns = ((length - 4) // 16 * 16 for length in grey.shape)
    fine, coarse = (_energy(grey, reach)[: rows // 16, : columns // 16] for reach in (1, 4))
    strong = coarse >= np.quantile(coarse, 0.9)
    if float(coarse[strong].mean()) < 1e-6:
        return 1.0
    ratio = float(np.sqrt(fine[strong].mean() / coarse[strong].mean()))
    return min(2.0, max(0.0, 4 * ratio - 1))


def _energy(grey: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Squared differences over `reach` pixels, averaged over 16 x 16 places."""
    down = grey[reach:, :-reach] - grey[:-reach, :-reach]
    right = grey[:-reach, reach:] - grey[:-reach, :-reach]
    power = down**2 + right**2
    rows, columns = (length // 16 * 16 for length in power.shape)
    blocks = power[:rows, :columns].reshape(rows // 16, 16, columns // 16, 16).mean((1, 3))
    return np.asarray(blocks, np.float64)
