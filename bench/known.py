"""Pictures whose truth is known, to try and to fit the light meter on: renders, and photographs made soft or grainy."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from fluxkit.measure.head import towards
from fluxkit.measure.pixels import LUMA, blurred
from fluxkit.nano.render import Landscape, Portrait, World, render
from fluxkit.nano.render.film import STOCKS
from fluxkit.nano.render.light import DIRECTIONS, KELVIN
from fluxkit.nano.render.light import cast as tint
from fluxkit.nano.worlds import sample

SEED = 9_000_000
"""The first of the seeds that neither nano's training nor the fits use."""
WEATHER = importlib.import_module("fluxkit.nano.render.landscape").WEATHER
FREE = "any"
"""The name under which air and temperature of any strength are lent to the renderer, picture by picture."""


def worlds(count: int) -> Iterable[World]:
    """Fresh worlds; every second portrait is lit from a direction drawn over the whole sphere of sensible lights."""
    for index in range(count):
        world = sample(SEED, index)
        if isinstance(world, Portrait) and index % 2:
            rng = np.random.default_rng((SEED, index))
            angles = float(rng.uniform(-180, 180)), float(rng.triangular(-45, 22, 75))
            name = max(DIRECTIONS, key=lambda n: float(towards(*DIRECTIONS[n]) @ towards(*angles)))
            world = dataclasses.replace(world, direction=name, azimuth_deg=angles[0], elevation_deg=angles[1])
        yield world


def veil(extinction: float, mist: float) -> float:
    """The share of the middle ridge (4.7 km) that the air of `fluxkit.nano.render.landscape` veils."""
    return 1 - float(np.exp(-0.355 * 4.7 * extinction)) * (1 - 0.75 * mist * 0.575 * 0.6)


def airy(seed: int, index: int, size: int = 128) -> tuple[Landscape, np.ndarray, float]:
    """A landscape in air of any thickness (every third in a named weather), its picture and its veil."""
    world = sample(seed, index, kind="landscape")
    rng = np.random.default_rng((seed, index, 7))
    if index % 3 == 0:
        thickness, mist, _ = WEATHER[world.weather]
        return world, render(world, size), veil(thickness, mist)
    thickness = float(np.exp(rng.uniform(np.log(0.01), np.log(1.2))))
    WEATHER[FREE] = (thickness, 0.0, WEATHER[world.weather][2])
    picture = render(dataclasses.replace(world, weather=FREE), size)
    del WEATHER[FREE]
    return world, picture, veil(thickness, 0.0)


def tinted(seed: int, index: int, size: int = 128) -> tuple[World, np.ndarray, float] | None:
    """A head or thing on colour film in light of any temperature, its picture, and the stops of red over blue.

    Every third has a named temperature; None for landscapes and black and white.
    """
    world = sample(seed, index)
    if isinstance(world, Landscape) or STOCKS[world.film].mono:
        return None
    rng = np.random.default_rng((seed, index, 7))
    kelvin = float(1e6 / rng.uniform(100, 400)) if index % 3 else KELVIN[world.temperature]
    KELVIN[FREE] = kelvin
    picture = render(dataclasses.replace(world, temperature=FREE), size)
    del KELVIN[FREE]
    left = tint(kelvin, STOCKS[world.film].balance)
    return world, picture, float(np.log2(left[0] / left[2]))


def resized_picture(picture: np.ndarray, side: int) -> Any:
    """The picture at another size, averaged."""
    from PIL import Image

    return Image.fromarray(picture).resize((side, side), Image.Resampling.BOX)


def photographs() -> dict[str, Any]:
    """The colour photographs inside the scikit-image and scikit-learn wheels."""
    from skimage import data
    from sklearn.datasets import load_sample_images

    found = {name: getattr(data, name)() for name in ("astronaut", "coffee", "chelsea", "rocket")}
    return {**found, **dict(zip(("china", "flower"), load_sample_images().images, strict=True))}


def square(photo: np.ndarray, side: int = 256) -> np.ndarray:
    """The upper left square of a photograph, 256 px a side, from 0 to 1."""
    from PIL import Image

    short = min(photo.shape[:2])
    return (
        np.asarray(Image.fromarray(photo[:short, :short]).resize((side, side), Image.Resampling.LANCZOS), np.float32)
        / 255
    )


def composite(
    front: np.ndarray, back: np.ndarray, radius: float, grain: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A sharp subject (an oval of `front`) before `back` blurred by a disc, with grain, and the subject's mask."""
    side = front.shape[0]
    rows, columns = np.mgrid[0:side, 0:side]
    away = np.hypot((columns - side / 2) / rng.uniform(50, 80), (rows - 140) / rng.uniform(70, 100))
    matte = (1 / (1 + np.exp(-(1 - away) * 60)))[..., None]
    joined = disc_blurred(back, radius) * (1 - matte) + front * matte
    return with_grain(joined.astype(np.float32), grain, 0.5, rng), matte[..., 0] > 0.5


def disc_blurred(picture: np.ndarray, radius: float) -> np.ndarray:
    """The picture with every point spread over a disc of this radius in pixels."""
    if radius < 0.3:
        return picture
    half, fine = int(radius) + 2, 8
    axis = (np.arange((2 * half + 1) * fine) + 0.5) / fine - half - 0.5
    disc = (np.hypot(axis[:, None], axis[None]) <= radius).reshape(2 * half + 1, fine, 2 * half + 1, fine).mean((1, 3))
    wide = np.pad(picture, ((half, half), (half, half), (0, 0)), mode="reflect")
    spectrum = np.fft.rfft2(disc / disc.sum(), wide.shape[:2])[..., None]
    out = np.fft.irfft2(np.fft.rfft2(wide, axes=(0, 1)) * spectrum, wide.shape[:2], axes=(0, 1))
    return out[2 * half :, 2 * half :]


def film_law(tone: np.ndarray, sigma: float) -> np.ndarray:
    """Grain against tone as film has it: strongest in the mid-shadows, none at the ends."""
    tone = np.clip(tone, 0, 1)
    return sigma * tone**0.6 * (1 - tone) ** 1.4 / (0.3**0.6 * 0.7**1.4)


def with_grain(picture: np.ndarray, sigma: float, size: float, rng: np.random.Generator) -> np.ndarray:
    """The picture with film grain of this strength (of full scale) and size (sigma in px), as 8-bit."""
    fields = [blurred(rng.standard_normal(picture.shape[:2]).astype(np.float32), size) for _ in range(4)]
    grey, *colours = (field / field.std() for field in fields)
    colour = np.stack(colours, -1)
    colour -= (colour @ LUMA)[..., None]
    strength = film_law(picture @ LUMA, sigma)[..., None]
    return (np.clip(picture + strength * (grey[..., None] + 0.35 * colour), 0, 1) * 255 + 0.5).astype(np.uint8)
