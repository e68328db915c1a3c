"""Pictures as arrays: what a measure takes in, and the few array operations that all measures share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fluxkit.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

Plane: TypeAlias = NDArray[np.float32]
"""One channel (rows, columns) or a picture (rows, columns, 3), as float32."""
Mask: TypeAlias = NDArray[np.bool_]

LUMA: Plane = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Rec. 709 luminance weights."""

Picture: TypeAlias = "PillowImage | NDArray[Any]"
"""What every measure takes: a Pillow image, or an 8-bit sRGB array of shape (rows, columns, 3) or (rows, columns)."""


def pixels(picture: Picture) -> Plane:
    """The picture as float32 sRGB code values from 0 to 1, shape (rows, columns, 3).

    Raises `InputError` for arrays that are not 8-bit, of another shape, or smaller than 16 pixels on a side.
    """
    if not isinstance(picture, np.ndarray):
        convert = getattr(picture, "convert", None)
        if convert is None:
            raise InputError(
                f"A picture was to be measured, but a {type(picture).__name__} was given. Measures take a Pillow image "
                "or an 8-bit array (rows, columns, 3). Give frame.image, or numpy.asarray of your picture."
            )
        picture = np.asarray(convert("RGB"))
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, -1)
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] not in (3, 4) or min(picture.shape[:2]) < 16:
        raise InputError(
            f"A picture was given as {picture.dtype} of shape {picture.shape}. Measures take 8-bit values (uint8) of "
            "shape (rows, columns, 3), at least 16 pixels a side. Convert it: (255 * values + 0.5).astype('uint8')."
        )
    return picture[..., :3].astype(np.float32) / np.float32(255)


def linear(code: Plane) -> Plane:
    """Linear light of sRGB code values (IEC 61966-2-1)."""
    # Enlarging overshoots a little below 0, where the power has no answer; the line has one.
    curved = ((np.maximum(code, 0) + 0.055) / 1.055) ** 2.4
    return np.where(code <= 0.04045, code / 12.92, curved).astype(np.float32)


def luma(values: Plane) -> Plane:
    """One channel of a picture, by Rec. 709 weights: luminance of linear light, luma of code values."""
    return np.asarray(values @ LUMA, np.float32)


def blurred(plane: Plane, sigma_px: float) -> Plane:
    """A Gaussian blur with reflecting edges."""
    if sigma_px < 0.1:
        return plane
    half = min(math.ceil(3.2 * sigma_px), min(plane.shape[:2]) - 1)
    taps = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma_px) ** 2).astype(np.float32)
    return _along(_along(plane, taps / taps.sum(), 0), taps / taps.sum(), 1)


def box_mean(plane: Plane, half: int) -> Plane:
    """The mean over a square of 2 x `half` + 1 pixels, with reflecting edges."""
    half = min(half, min(plane.shape[:2]) - 1)
    wide = np.pad(plane.astype(np.float64), half, mode="reflect")
    total = np.pad(wide.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    side = 2 * half + 1
    sums = total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
    return np.asarray(sums / side**2, np.float32)


def grown(mask: Mask, px: int) -> Mask:
    """The mask with `px` more pixels all round (a square neighbourhood)."""
    out = mask.copy()
    for axis in (0, 1):
        wide = out
        for shift in range(1, px + 1):
            ahead, back = np.roll(out, shift, axis), np.roll(out, -shift, axis)
            _edge(ahead, axis, shift, first=True)
            _edge(back, axis, shift, first=False)
            wide = wide | ahead | back
        out = wide
    return out


def sampled(plane: Plane, rows: Plane, columns: Plane) -> Plane:
    """The plane's values between pixels (bilinear); positions outside take the nearest edge."""
    r = np.clip(rows, 0, plane.shape[0] - 1.001)
    c = np.clip(columns, 0, plane.shape[1] - 1.001)
    i, j = r.astype(np.intp), c.astype(np.intp)
    y, x = (r - i).astype(np.float32), (c - j).astype(np.float32)
    if plane.ndim == 3:
        y, x = y[..., None], x[..., None]
    top = plane[i, j] * (1 - x) + plane[i, j + 1] * x
    low = plane[i + 1, j] * (1 - x) + plane[i + 1, j + 1] * x
    return np.asarray(top * (1 - y) + low * y, np.float32)


def resized(code: Plane, rows: int, columns: int) -> Plane:
    """The picture at another size, averaged where it shrinks."""
    from PIL import Image

    method = Image.Resampling.BOX if rows < code.shape[0] else Image.Resampling.BICUBIC
    planes = code[..., None] if code.ndim == 2 else code
    done = [np.asarray(Image.fromarray(planes[..., c]).resize((columns, rows), method)) for c in range(planes.shape[2])]
    return done[0] if code.ndim == 2 else np.stack(done, -1)


def rank_correlation(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Spearman's rank correlation; 0 where one side is constant."""
    ranks = [_ranks(np.asarray(values, np.float64)) for values in (a, b)]
    if len(ranks[0]) < 2 or min(float(r.std()) for r in ranks) == 0:
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[inverse]


def _along(plane: Plane, taps: Plane, axis: int) -> Plane:
    half = len(taps) // 2
    pad = [(half, half) if a == axis else (0, 0) for a in range(plane.ndim)]
    wide = np.pad(plane, pad, mode="reflect")
    out = np.zeros_like(plane, np.float32)
    n = plane.shape[axis]
    for k, tap in enumerate(taps):
        out += tap * (wide[k : k + n] if axis == 0 else wide[:, k : k + n])
    return out


def _edge(mask: Mask, axis: int, width: int, *, first: bool) -> None:
    edge = slice(0, width) if first else slice(-width, None)
    mask[(edge, slice(None)) if axis == 0 else (slice(None), edge)] = False
