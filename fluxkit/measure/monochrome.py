"""Whether a picture is black and white."""

from __future__ import annotations

import numpy as np

from fluxkit.measure.measurement import Measurement
from fluxkit.measure.pixels import Picture, Plane, pixels
from fluxkit.measure.saturation import oklab

_MOST_CHROMA = 0.030
_METHOD = "OKLab chroma about the picture's own tint, 99th percentile"


def monochrome(picture: Picture) -> Measurement:
    """Whether the picture is black and white: `chroma`, the 99th percentile of OKLab chroma about its even tint.

    An evenly toned print (sepia, selenium) counts as black and white. There is nothing to abstain from.
    """
    chroma = tinted_chroma(pixels(picture))
    grey = chroma < _MOST_CHROMA
    return Measurement(
        name="monochrome",
        value=chroma,
        unit="OKLab chroma",
        words="black and white" if grey else "colour",
        confidence=round(float(np.clip(abs(np.log2(max(chroma, 1e-4) / _MOST_CHROMA)) / 2, 0.05, 0.99)), 2),
        method=_METHOD,
    )


def is_monochrome(code: Plane) -> bool:
    """Whether code values hold no more colour than one even tint."""
    return tinted_chroma(code) < _MOST_CHROMA


def tinted_chroma(code: Plane) -> float:
    """The 99th percentile of chroma after the mean tint of each lightness is taken out."""
    lab = oklab(code).reshape(-1, 3)
    lab = lab[:: max(len(lab) // 60000, 1)]
    tone = np.clip((lab[:, 0] * 6).astype(int), 0, 5)
    rest = lab[:, 1:].copy()
    for k in range(6):
        if (tone == k).any():
            rest[tone == k] -= np.median(rest[tone == k], 0)
    return float(np.percentile(np.hypot(rest[:, 0], rest[:, 1]), 99))
