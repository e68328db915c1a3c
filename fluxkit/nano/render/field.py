"""Numeric ground of the renderer: coverage, noise, blur, normals and shadows of pictures held as float32 arrays."""

from __future__ import annotations

import functools
import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Plane: TypeAlias = NDArray[np.floating[Any]]
"""One channel (rows, columns) or a picture (rows, columns, 3), linear light unless a name says otherwise."""

LUMA: Plane = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Rec. 709 luminance weights."""


def ramp(low: float, high: float, x: Plane) -> Plane:
    """0 below `low`, 1 above `high`, a smooth step between; `low` may be the larger."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def bump(x: Plane, centre: float, width: float) -> Plane:
    """A bell of height 1 at `centre`."""
    return np.asarray(np.exp(-(((x - centre) / width) ** 2)), np.float32)


def over(below: Plane, above: Plane, cover: Plane) -> Plane:
    """`above` laid over `below` where `cover` is 1."""
    return (below + (above - below) * cover[..., None]).astype(np.float32)


def colour(*rgb: float) -> Plane:
    """A linear RGB triple."""
    return np.array(rgb, np.float32)


@functools.lru_cache(maxsize=1024)
def _spline(out: int, cells: int) -> Plane:
    """The matrix (out, cells) that draws a cubic B-spline through `cells` control values."""
    at = np.linspace(1.0, cells - 2.0, out)
    i = np.floor(at).astype(int)
    f = at - i
    weights = np.stack([(1 - f) ** 3, 3 * f**3 - 6 * f**2 + 4, -3 * f**3 + 3 * f**2 + 3 * f + 1, f**3], 1) / 6
    matrix = np.zeros((out, cells))
    for k in range(4):
        np.add.at(matrix, (np.arange(out), np.clip(i - 1 + k, 0, cells - 1)), weights[:, k])
    return matrix.astype(np.float32)


def noise(rng: np.random.Generator, shape: tuple[int, int], rows: float, columns: float) -> Plane:
    """Smooth noise of about `rows` by `columns` cells, zero mean, unit deviation."""
    ny, nx = max(round(rows), 1) + 3, max(round(columns), 1) + 3
    control = rng.standard_normal((ny, nx)).astype(np.float32)
    return (_spline(shape[0], ny) @ control @ _spline(shape[1], nx).T / np.float32(0.48)).astype(np.float32)


def clouds(
    rng: np.random.Generator,
    shape: tuple[int, int],
    cells: float,
    octaves: int = 4,
    gain: float = 0.55,
    tall: float = 1,
) -> Plane:
    """Fractal noise: octaves of `noise`, each twice as fine and `gain` times as strong; `tall` stretches the rows."""
    out, weight, power = np.zeros(shape, np.float32), 1.0, 0.0
    for octave in range(octaves):
        count = cells * 2**octave
        if count > max(shape):
            break
        out += np.float32(weight) * noise(rng, shape, count * tall, count)
        power += weight * weight
        weight *= gain
    return out / np.float32(math.sqrt(max(power, 1e-6)))


@functools.lru_cache(maxsize=512)
def _gauss(n: int, tenths: int) -> Plane:
    i = np.arange(n)
    matrix = np.zeros((n, n))
    for offset in (0, -2 * n, 2 * n):  # reflecting edges
        matrix += np.exp(-0.5 * ((i[:, None] - i[None] - offset) / (tenths / 10)) ** 2)
        matrix += np.exp(-0.5 * ((i[:, None] + i[None] + 1 - offset) / (tenths / 10)) ** 2)
    return np.asarray(matrix / matrix.sum(1, keepdims=True), np.float32)


def soften(image: Plane, sigma_px: float) -> Plane:
    """A Gaussian blur; below 0.2 pixels the picture itself."""
    if sigma_px < 0.2:
        return image
    tenths = max(round(sigma_px * 10), 1)
    rows, columns = _gauss(image.shape[0], tenths), _gauss(image.shape[1], tenths)
    if image.ndim == 2:
        return rows @ image @ columns.T
    return np.stack([rows @ image[..., c] @ columns.T for c in range(image.shape[-1])], -1)


@functools.lru_cache(maxsize=512)
def _disc_spectrum(n: int, tenths: int) -> NDArray[np.complex64]:
    radius, fine = tenths / 10, 4
    half = math.ceil(radius) + 1
    axis = (np.arange((2 * half + 1) * fine) + 0.5) / fine - half - 0.5
    disc = (np.hypot(axis[:, None], axis[None]) <= radius).astype(np.float32)
    disc = disc.reshape(2 * half + 1, fine, 2 * half + 1, fine).mean((1, 3))
    kernel = np.zeros((n, n), np.float32)
    kernel[: 2 * half + 1, : 2 * half + 1] = disc / disc.sum()
    return np.fft.rfft2(np.roll(kernel, (-half, -half), (0, 1))).astype(np.complex64)


def defocus(image: Plane, radius_px: float) -> Plane:
    """The picture through an open aperture: every point becomes a disc of `radius_px`, so bright points bloom."""
    if radius_px < 0.4:
        return image
    square, flat = image.shape[0], image.ndim == 2
    pad = min(math.ceil(radius_px) + 2, square - 1)
    planes = image[..., None] if flat else image
    wide = np.pad(planes, ((pad, pad), (pad, pad), (0, 0)), mode="reflect").transpose(2, 0, 1)
    spectrum = _disc_spectrum(wide.shape[1], round(radius_px * 10))
    out = np.fft.irfft2(np.fft.rfft2(wide) * spectrum, wide.shape[1:])[:, pad : pad + square, pad : pad + square]
    out = np.clip(out, 0, None).astype(np.float32)
    return out[0] if flat else np.ascontiguousarray(out.transpose(1, 2, 0))


def normals(height: Plane, px: float) -> Plane:
    """Unit normals (x right, y up, z to the camera) of a height map whose pixels are `px` units wide."""
    down, right = np.gradient(height, np.float32(px))
    n = np.stack([-right, down, np.ones_like(height)], -1)
    return np.asarray(n / np.linalg.norm(n, axis=-1, keepdims=True), np.float32)


def visibility(height: Plane, light: Plane, spread_deg: float, px: float, reach: float = 1.0, steps: int = 18) -> Plane:
    """How much of the light each point of a height map sees: 0 in shadow, 1 lit, graded by the light's size."""
    across = math.hypot(float(light[0]), float(light[1]))
    if across < 0.05:
        return np.ones_like(height)
    ux, uy, climb = float(light[0]) / across, -float(light[1]) / across, float(light[2]) / across
    widen = max(math.tan(math.radians(spread_deg)), 0.03) * math.hypot(1, climb)
    seen = np.ones_like(height)
    margin = math.ceil(reach / px) + 1
    wide = np.pad(height, margin, mode="edge")
    rows, columns = height.shape
    for step in range(1, steps + 1):
        t = reach * (step / steps) ** 1.5
        dx, dy = round(ux * t / px), round(uy * t / px)
        if dx == 0 and dy == 0:
            continue
        far = math.hypot(dx, dy) * px
        blocker = wide[margin + dy : margin + dy + rows, margin + dx : margin + dx + columns]
        seen = np.minimum(seen, (height + np.float32(climb * far) - blocker) / np.float32(2 * widen * far) + 0.5)
    return ramp(0, 1, np.clip(seen, 0, 1))
