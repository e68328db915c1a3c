"""Sensor and film formats: how large the picture is where the lens makes it.

Sizes in millimetres, width by height in landscape position. Sources: nominal image areas as the makers publish them
(film formats: ISO 1007 and ISO 732 gates; digital: makers' data sheets); phones: 1/1.3" and 1/2.55" sensor classes.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

FormatName = Literal[
    "full frame",
    "APS-C",
    "APS-C Canon",
    "Super 35",
    "Micro Four Thirds",
    "1 inch",
    "phone 1/1.3",
    "phone 1/2.55",
    "645 digital",
    "645",
    "6x6",
    "6x7",
    "4x5",
    "8x10",
]


class Format(NamedTuple):
    """The picture area of a camera format, in millimetres, in landscape position."""

    width_mm: float
    height_mm: float

    @property
    def diagonal_mm(self) -> float:
        """The length of the diagonal in millimetres."""
        return math.hypot(self.width_mm, self.height_mm)

    @property
    def short_side_mm(self) -> float:
        """The shorter side in millimetres."""
        return min(self.width_mm, self.height_mm)

    @property
    def crop_factor(self) -> float:
        """How many times longer the full-frame diagonal (43.27 mm) is: 1.53 for APS-C, 0.48 for 6x7."""
        return math.hypot(36.0, 24.0) / self.diagonal_mm


FORMATS: dict[FormatName, Format] = {
    "full frame": Format(36.0, 24.0),
    "APS-C": Format(23.5, 15.6),
    "APS-C Canon": Format(22.3, 14.9),
    "Super 35": Format(24.9, 18.7),
    "Micro Four Thirds": Format(17.3, 13.0),
    "1 inch": Format(13.2, 8.8),
    "phone 1/1.3": Format(9.8, 7.3),
    "phone 1/2.55": Format(5.6, 4.2),
    "645 digital": Format(43.8, 32.9),
    "645": Format(56.0, 41.5),
    "6x6": Format(56.0, 56.0),
    "6x7": Format(69.5, 56.0),
    "4x5": Format(121.0, 97.0),
    "8x10": Format(245.0, 194.0),
}
"""Every format that a `Camera` can have."""
