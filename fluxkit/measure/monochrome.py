"""Whether a picture is black and white."""

from __future__ import annotations

import numpy as np

from fluxkit.measure.measurement import Measurement
from fluxkit.measure.pixels import Picture, Plane, blurred, pixels
from fluxkit.measure.saturation import oklab

_MOST_CHROMA = 0.015
_TONED = 0.005
_SOFTEN = 6 / 128  # of the shorter side: specks of colour that a decoder leaves round points of light are no colour
_METHOD = "99th percentile of softened OKLab chroma, and what is left of it beside an even tint"


def monochrome(picture: Picture) -> Measurement:
    """Whether the picture is black and white: the 99th percentile of OKLab chroma, which is 0 for greys.

    An evenly toned print (sepia, selenium), whose tint is one for each tone, counts as black and white. A colour
    picture of grey things alone reads as black and white, with a low confidence. There is nothing to abstain from.
    """
    chroma, grey = _chroma(pixels(picture))
    return Measurement(
        name="monochrome",
        value=chroma,
        unit="OKLab chroma",
        words="black and white" if grey else "colour",
        confidence=round(float(np.clip(abs(np.log2(max(chroma, 1e-4) / _MOST_CHROMA)), 0.05, 0.99)), 2),
        method=_METHOD,
    )


def is_monochrome(code: Plane) -> bool:
    """Whether code values hold no colour, or one even tint for each tone."""
    return _chroma(code)[1]


def _chroma(code: Plane) -> tuple[float, bool]:
    """The 99th percentile of chroma, and whether it is black and white."""
    lab = blurred(oklab(code), _SOFTEN * min(code.shape[:2])).reshape(-1, 3)
    lab = lab[:: max(len(lab) // 60000, 1)]
    chroma = float(np.percentile(np.hypot(lab[:, 1], lab[:, 2]), 99))
    return chroma, chroma < _MOST_CHROMA or _beside_its_tint(lab) < _TONED


def _beside_its_tint(lab: Plane) -> float:
    """The 99th percentile of chroma after the tint of each tone is taken out."""
    tone = np.clip((lab[:, 0] * 12).astype(int), 0, 11)
    rest = lab[:, 1:].copy()
    for k in range(12):
        if (tone == k).any():
            rest[tone == k] -= np.median(rest[tone == k], 0)
    return float(np.percentile(np.hypot(rest[:, 0], rest[:, 1]), 99))
