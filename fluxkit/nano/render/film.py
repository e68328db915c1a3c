"""Film: how linear light becomes a picture, stock by stock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluxkit.nano.render.field import LUMA, Plane, colour, soften


@dataclass(frozen=True)
class Stock:
    """How a film answers to light. Figures are set by eye against the stocks' published character, not measured."""

    contrast: float
    """Slope of the tone curve at middle grey, 1 = neutral."""
    saturation: float
    grain: float
    """Deviation of the grain in the mid-shadows, of full scale, at 128 pixels."""
    balance: float = 5500.0
    """Temperature in kelvin that comes out neutral."""
    shadows: tuple[float, float, float] = (0, 0, 0)
    """Tint added to the shadows."""
    lights: tuple[float, float, float] = (0, 0, 0)
    """Tint added to the lights."""
    halation: float = 0.0
    """Red glow round lights (film without an anti-halation layer)."""
    mono: bool = False


STOCKS: dict[str, Stock] = {
    "digital": Stock(0.98, 1.04, 0.0),
    "Portra 400": Stock(0.88, 0.93, 0.007, shadows=(0.016, 0.008, 0.002), lights=(0.016, 0.006, -0.018)),
    "Gold 200": Stock(0.96, 1.06, 0.010, shadows=(0.020, 0.006, -0.016), lights=(0.030, 0.016, -0.040)),
    "Ektar 100": Stock(1.08, 1.24, 0.005, shadows=(-0.006, 0.0, 0.014), lights=(0.006, 0.0, 0.0)),
    "Velvia 50": Stock(1.26, 1.34, 0.004, shadows=(-0.004, -0.004, 0.016), lights=(0.004, -0.004, 0.004)),
    "CineStill 800T": Stock(
        0.94, 0.96, 0.012, 4200.0, shadows=(-0.016, 0.012, 0.030), lights=(0.0, 0.004, 0.010), halation=0.6
    ),
    "Acros 100": Stock(1.08, 0.0, 0.004, mono=True),
    "Tri-X 400": Stock(1.20, 0.0, 0.014, mono=True),
    "Delta 3200": Stock(0.94, 0.0, 0.024, mono=True),
}
"""The stocks that nano is taught; names as `fluxkit.scene` has them."""

_MONO = colour(0.30, 0.55, 0.15)
_GREY, _GREY_CODE = 0.18, 0.46  # middle grey, and where the curve puts it


def develop(light: Plane, stock: Stock, rng: np.random.Generator, vignette: float = 0.22) -> NDArray[np.uint8]:
    """The 8-bit picture (uint8, sRGB-like) that `stock` makes of linear light, middle grey at 0.18."""
    size = light.shape[0]
    light = _glow(_vignetted(light, vignette), stock, size)
    if stock.mono:
        light = np.repeat((light @ _MONO)[..., None], 3, -1)
    code = _curve(light, stock.contrast)
    luma = code @ LUMA
    if not stock.mono:
        code = luma[..., None] + (code - luma[..., None]) * np.float32(stock.saturation)
        code = code + colour(*stock.shadows) * (1 - luma)[..., None] + colour(*stock.lights) * luma[..., None]
    code = code + _grain(luma, stock, rng, size)
    return np.asarray(np.clip(code, 0, 1) * 255 + 0.5, np.uint8)


def _vignetted(light: Plane, amount: float) -> Plane:
    axis = np.linspace(-1, 1, light.shape[0], dtype=np.float32)
    away = (axis[:, None] ** 2 + axis[None] ** 2) / 2
    return light * (1 - np.float32(amount) * away)[..., None]


def _glow(light: Plane, stock: Stock, size: int) -> Plane:
    bright = np.clip(light - 0.9, 0, 4)
    if float(bright.max()) <= 0:
        return light
    light = light + soften(bright, size * 0.025) * np.float32(0.10)
    if stock.halation:
        ring = soften(bright.max(-1), size * 0.028)
        light = light + ring[..., None] * colour(1.0, 0.20, 0.06) * np.float32(stock.halation)
    return light


def _curve(light: Plane, contrast: float) -> Plane:
    """A film-like S in log exposure that keeps middle grey in its place."""
    powered = np.clip(light, 1e-5, None) ** np.float32(contrast)
    half = _GREY**contrast * (1 - _GREY_CODE) / _GREY_CODE
    return (powered / (powered + np.float32(half)) * np.float32(1.06) - np.float32(0.012)).astype(np.float32)


def _grain(luma: Plane, stock: Stock, rng: np.random.Generator, size: int) -> Plane:
    """Grain strongest in the mid-shadows; a larger picture of the same film resolves more of it."""
    if not stock.grain:
        return np.zeros((*luma.shape, 1), np.float32)
    tone = np.clip(luma, 0, 1)
    deviation = stock.grain * (size / 128) ** 0.5 * tone**0.6 * (1 - tone) ** 1.4 / (0.3**0.6 * 0.7**1.4)
    speckle = soften(rng.standard_normal(luma.shape).astype(np.float32), 0.5 * size / 128)
    speckle /= float(speckle.std()) + 1e-6
    grain: Plane = np.asarray(deviation * speckle, np.float32)[..., None]
    return grain
