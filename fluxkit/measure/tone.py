"""Tone: contrast, clipping, key, and where the tones lie on the zone scale."""

from __future__ import annotations

import numpy as np

from fluxkit.measure.measurement import Measurement
from fluxkit.measure.pixels import Picture, linear, luma, pixels

_METHOD = "percentiles of linear luminance; share of code values at the ends"
_CLIPPED = 0.02


def tone(picture: Picture) -> Measurement:
    """The tones: `contrast_stops` (1st to 99th percentile), `rms_contrast`, `key`, `black`, `white`, `median_zone`.

    `key` is the median luma (0 to 1); `black` and `white` are the shares of pixels with every channel at most 2, or any
    channel at least 253, of 255; zones run from 0 to 10, one stop each, with middle grey (18 %) at 5. Exact.
    """
    code = pixels(picture)
    light = luma(linear(code))
    low, middle, high = np.percentile(light, [1, 50, 99])
    value = {
        "contrast_stops": float(np.log2((high + 1e-3) / (low + 1e-3))),
        "rms_contrast": float(luma(code).std()),
        "key": float(np.median(luma(code))),
        "black": float((code.max(-1) <= 2 / 255).mean()),
        "white": float((code.max(-1) >= 253 / 255).mean()),
        "median_zone": float(np.clip(5 + np.log2((middle + 1e-5) / 0.18), 0, 10)),
    }
    return Measurement(name="tone", value=value, unit="", words=_words(value), confidence=0.95, method=_METHOD)


def zones(picture: Picture) -> tuple[float, ...]:
    """The share of the picture in each of the eleven zones from 0 (black) to X (white); they sum to 1.

    >>> import numpy as np
    >>> zones(np.full((32, 32, 3), 118, np.uint8))[5]
    1.0
    """
    light = luma(linear(pixels(picture)))
    place = np.clip(np.rint(5 + np.log2(np.maximum(light, 1e-6) / 0.18)), 0, 10).astype(int)
    return tuple(float(share) for share in np.bincount(place.ravel(), minlength=11) / place.size)


def _words(value: dict[str, float]) -> str:
    key = "low key" if value["key"] < 0.22 else "high key" if value["key"] > 0.68 else "middle key"
    rms = value["rms_contrast"]
    contrast = "low contrast" if rms < 0.13 else "high contrast" if rms > 0.25 else "medium contrast"
    ends = [name for name, end in (("blocked shadows", "black"), ("burnt lights", "white")) if value[end] > _CLIPPED]
    return ", ".join([key, contrast, *ends])
