"""Micro-texture: how much fine detail the subject holds, beside real photographs."""

from __future__ import annotations

import numpy as np

from fluxkit.measure.measurement import Measurement, abstain
from fluxkit.measure.pixels import LUMA, Mask, Picture, Plane, blurred, box_mean, pixels
from fluxkit.measure.subject import SubjectRegion, find_subject

SMALLEST_PX = 96
"""Shorter side of the subject below which there is too little to look at."""

_METHOD = "fine detail of the quietest tenth, slope of the spectrum, dead places; z-scores against real photographs"

# Mean and deviation over 36 crops of 192 px from the six colour photographs of scikit-image and scikit-learn, of which
# nine in ten have an index between -1.0 and 0.9. `python bench/measures.py --texture` prints them.
_REAL = {"quiet": (-8.13, 1.08), "slope": (-2.71, 0.64), "dead": (0.298, 0.266)}


def texture(picture: Picture, *, region: SubjectRegion | None = None) -> Measurement:
    """The micro-texture `index`: 0 is an average photograph, negative is smoother, about one for each deviation.

    It detects no generated pictures: a defocused, retouched or denoised photograph is as smooth. Compare frames of
    equal size and focus. Abstains where the subject is narrower than 96 pixels.
    """
    code = pixels(picture)
    region = region or find_subject(picture)
    mask = region.mask if region is not None else np.ones(code.shape[:2], bool)
    rows, columns = np.nonzero(mask)
    if len(rows) == 0 or min(np.ptp(rows), np.ptp(columns)) + 1 < SMALLEST_PX:
        return abstain("texture", f"the subject is smaller than {SMALLEST_PX} px", method=_METHOD, region="subject")
    parts = texture_parts((code @ LUMA).astype(np.float32), mask)
    z = {name: (parts[name] - mean) / spread for name, (mean, spread) in _REAL.items()}
    index = float(z["quiet"] + z["slope"] - z["dead"]) / 3
    words = (
        "smoother than photographs are"
        if index < -1.1
        else "rougher than photographs are"
        if index > 1.1
        else "as in photographs"
    )
    return Measurement(
        name="texture",
        value={"index": index, **parts},
        unit="deviations from real photographs",
        words=f"{words} (index {index:+.1f})",
        confidence=0.4,
        region="subject" if region is not None else "picture",
        method=_METHOD,
    )


def texture_parts(y: Plane, mask: Mask) -> dict[str, float]:
    """Log2 of the quiet places' fine detail, the slope of log power against log frequency, the share of dead places."""
    fine = y - blurred(y, 1.2)
    local = np.sqrt(np.clip(box_mean(fine * fine, 4), 0, None))[mask]
    quiet = float(np.log2(np.quantile(local, 0.10) + 5e-4))
    return {"quiet": quiet, "slope": _slope(y, mask), "dead": float((local < 1.2 / 255).mean())}


def _slope(y: Plane, mask: Mask) -> float:
    """The slope between 1/16 and 1/2 cycles a pixel, over 32 px tiles inside the mask."""
    side, tiles = 32, []
    window = np.hanning(side)[:, None] * np.hanning(side)[None]
    for i in range(0, y.shape[0] - side + 1, side // 2):
        for j in range(0, y.shape[1] - side + 1, side // 2):
            if mask[i : i + side, j : j + side].mean() > 0.8:
                tile = y[i : i + side, j : j + side]
                tiles.append(np.abs(np.fft.fft2((tile - tile.mean()) * window)) ** 2)
    if not tiles:
        return 0.0
    f = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None])
    power = np.mean(tiles, 0)
    rings = [(f >= a) & (f < a * 1.35) for a in np.geomspace(1 / 16, 0.36, 7)]
    levels = [np.log(power[ring].mean() + 1e-9) for ring in rings]
    return float(np.polyfit([np.log(f[ring].mean()) for ring in rings], levels, 1)[0])
