"""Pictures with a known answer, made of a few lines each."""

import numpy as np

from fluxkit.measure.pixels import blurred


def picture(values):
    """8-bit RGB of grey or colour values from 0 to 1."""
    values = np.repeat(values[..., None], 3, -1) if values.ndim == 2 else values
    return (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


def ball(light, size=128, radius=36, ambient=0.2):
    """A matt ball before an even grey wall, lit from a direction; linear light made into sRGB."""
    rows, columns = np.mgrid[0:size, 0:size]
    x, y = (columns - size / 2) / radius, -(rows - size / 2) / radius
    z = np.sqrt(np.clip(1 - x * x - y * y, 0, 1))
    shade = ambient + np.clip(x * light[0] + y * light[1] + z * light[2], 0, 1)
    level = np.where(x * x + y * y < 1, 0.55 * shade, 0.03)
    return picture(np.clip(level, 0, 1) ** (1 / 2.2))


def texture(size=192, seed=0):
    """Hard-edged patches of many sizes: detail at every scale."""
    rng = np.random.default_rng(seed)
    out = np.full((size, size), 0.5)
    for _ in range(500):
        r, c = rng.integers(0, size, 2)
        h, w = rng.integers(3, 26, 2)
        out[r : r + h, c : c + w] = rng.uniform(0.15, 0.85)
    return out.astype(np.float32)


def before_a_blurred_wall(sigma, size=192):
    """A detailed disc in the middle, sharp, before detail blurred by a Gaussian; and the disc's mask."""
    rows, columns = np.mgrid[0:size, 0:size]
    inside = np.hypot(rows - size / 2, columns - size / 2) < size * 0.28
    back = blurred(texture(size, seed=1), sigma) if sigma else texture(size, seed=1)
    return picture(np.where(inside, texture(size, seed=2), back)), inside


def hills(veil):
    """A graded sky over dark ridges, veiled by air: 0 is clear, 1 hides the land."""
    size = 128
    sky = np.linspace(0.6, 0.8, size)[:, None] * np.ones((1, size))
    skyline = 56 + 5 * np.sin(np.arange(size) / 11)
    land = np.arange(size)[:, None] > skyline[None]
    near = np.clip((np.arange(size)[:, None] - skyline[None]) / 70, 0, 1)
    rough = np.random.default_rng(0).normal(0, 0.03, (size, size))
    air = veil * (1 - 0.8 * near)
    level = np.where(land, (0.12 + rough) * (1 - air) + 0.75 * air, sky)
    return picture(np.stack([level, level, np.minimum(level * 1.05, 1)], -1))
