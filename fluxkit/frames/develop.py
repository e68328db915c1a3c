"""Developing: a film's tone curve, colour and grain, laid over a finished picture as an explicit step.

For models that draw no film. The figures are set by eye for each kind of film, not measured from a stock; the grain's
law (a hump in the mid-shadows, none at black and white) is that of scanned negatives.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fluxkit import optics
from fluxkit.errors import InputError
from fluxkit.measure.pixels import LUMA, Plane, blurred, linear, pixels
from fluxkit.scene.film import FilmStock

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

GRAIN_SIGMA: dict[str, float] = {"none": 0.0, "very fine": 0.008, "fine": 0.014, "medium": 0.025, "coarse": 0.042}
"""Deviation of the grain in the mid-shadows, of full scale, for each word of `FilmStock.grain`."""


class _Look(NamedTuple):
    contrast: float
    saturation: float


_LOOKS: dict[str, _Look] = {
    "colour negative": _Look(0.92, 0.97),
    "colour slide": _Look(1.22, 1.22),
    "black and white": _Look(1.08, 0.0),
    "instant": _Look(0.84, 0.86),
    "digital": _Look(1.0, 1.0),
}
_MONO: Plane = np.array([0.30, 0.55, 0.15], np.float32)
_GREY, _GREY_CODE = 0.18, 0.4614  # middle grey in linear light, and its sRGB code value
_GRAIN_SHARE = 1 / 1800
"""Size of a grain (Gaussian sigma) as a share of the longer side; never below what a pixel holds."""
_COLOUR_GRAIN = 0.35


def developed(picture: Picture | NDArray[Any], film: FilmStock, *, seed: int = 0) -> Picture:
    """The picture on `film`: tone curve, colour, balance and grain; the same seed gives the same grain.

    Raises `InputError` for a film whose kind is unset, since then nothing says how it draws.
    """
    from PIL import Image

    if film.kind is None:
        raise InputError(
            f"A picture was to be developed on {film.name}, but the film's kind is unset: nothing says how it draws. "
            f"Set kind to one of: {', '.join(_LOOKS)}."
        )
    light = linear(pixels(picture))
    if film.kind == "black and white":
        light = np.repeat((light @ _MONO)[..., None], 3, -1)
    elif film.balance_k is not None:
        light = light * _balance(film.balance_k)
    look = _LOOKS[film.kind]
    code = _curve(light, look.contrast * 2 ** (0.12 * film.push_stops))
    grey = np.asarray(code @ LUMA, np.float32)[..., None]
    coloured = grey + (code - grey) * np.float32(look.saturation) + _grain(grey[..., 0], film, seed)
    return Image.fromarray((np.clip(coloured, 0, 1) * 255 + 0.5).astype(np.uint8))


def _balance(balance_k: float) -> Plane:
    """The tint of daylight on a film balanced for another temperature, at luminance 1, half adapted as a lab would."""
    stops = 0.5 * optics.cast_mired(optics.DAYLIGHT_K, balance_k=balance_k) / 130
    tint = np.array([2 ** (0.5 * stops), 1.0, 2 ** (-0.5 * stops)], np.float32)
    return np.asarray(tint / float(tint @ LUMA), np.float32)


def _curve(light: Plane, contrast: float) -> Plane:
    """sRGB code values of light whose contrast is turned about middle grey; black and white stay in their place."""
    low = np.clip(light / _GREY, 1e-5, None) ** np.float32(contrast) * np.float32(_GREY)
    t = np.clip(light, 0, 1)
    code = np.where(low <= 0.0031308, 12.92 * low, 1.055 * np.clip(low, 1e-6, None) ** (1 / 2.4) - 0.055)
    plain = np.where(t <= 0.0031308, 12.92 * t, 1.055 * np.clip(t, 1e-6, None) ** (1 / 2.4) - 0.055)
    near_white = np.clip((plain - _GREY_CODE) / (1 - _GREY_CODE), 0, 1) ** 2
    return np.asarray(np.clip(code, 0, 1) * (1 - near_white) + plain * near_white, np.float32)


def _grain(tone: Plane, film: FilmStock, seed: int) -> Plane:
    sigma = GRAIN_SIGMA[film.apparent_grain or "none"]
    if not sigma:
        return np.zeros((*tone.shape, 1), np.float32)
    rng, size = np.random.default_rng(seed), max(tone.shape) * _GRAIN_SHARE
    dark, light = np.clip(tone, 0, 1), np.clip(1 - tone, 0, 1)
    strength = sigma * dark**0.6 * light**1.4 / (0.3**0.6 * 0.7**1.4)
    speckle = _field(rng, tone.shape, size)[..., None]
    if film.kind == "black and white":
        return np.asarray(strength[..., None] * speckle, np.float32)
    tint = np.stack([_field(rng, tone.shape, size) for _ in range(3)], -1)
    tint = tint - (tint @ LUMA)[..., None]
    return np.asarray(strength[..., None] * (speckle + np.float32(_COLOUR_GRAIN) * tint), np.float32)


def _field(rng: np.random.Generator, shape: tuple[int, ...], size_px: float) -> Plane:
    noise = rng.standard_normal(shape).astype(np.float32)
    noise = blurred(noise, size_px) if size_px > 0.3 else noise
    return np.asarray(noise / max(float(noise.std()), 1e-6), np.float32)


def describe(film: FilmStock, seed: int) -> str:
    """The step in one line, for provenance: film, push and seed.

    >>> from fluxkit.scene import TRI_X_400
    >>> describe(TRI_X_400, 7)
    'Kodak Tri-X 400, push 0, seed 7'
    """
    return f"{film.name}, push {film.push_stops:g}, seed {math.trunc(seed)}"
