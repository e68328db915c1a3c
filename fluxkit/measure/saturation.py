"""How colourful a picture is."""

from __future__ import annotations

import numpy as np

from fluxkit.measure.measurement import Measurement
from fluxkit.measure.pixels import Picture, Plane, linear, pixels

_METHOD = "OKLab chroma (Ottosson 2020)"
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)


def saturation(picture: Picture) -> Measurement:
    """How colourful the picture is: `mean` and `p95` of OKLab chroma; 0 is grey, pure sRGB red is 0.26.

    Exact by definition; there is nothing to abstain from.
    """
    lab = oklab(pixels(picture))
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    mean, high = float(chroma.mean()), float(np.percentile(chroma, 95))
    words = "grey" if high < 0.02 else "muted" if mean < 0.045 else "natural" if mean < 0.09 else "saturated"
    return Measurement(
        name="saturation",
        value={"mean": mean, "p95": high},
        unit="OKLab chroma",
        words=f"{words} (chroma {mean:.3f})",
        confidence=0.95,
        method=_METHOD,
    )


def oklab(code: Plane) -> Plane:
    """Lightness, green-red and blue-yellow of sRGB code values.

    >>> import numpy as np
    >>> [round(float(v), 3) for v in oklab(np.array([[[1, 0, 0]]], np.float32))[0, 0]]
    [0.628, 0.225, 0.126]
    """
    return np.asarray(np.cbrt(linear(code) @ _TO_CONES.T) @ _TO_LAB.T, np.float32)
