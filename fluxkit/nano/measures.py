"""Plain measures of a small picture: which side is lit, how sharp the background is, how much colour there is.

They are proxies, chosen to be simple enough to check by hand; the report gives what each scores on the renderer's own
pictures, where the truth is known, beside what nano scores.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
_LUMA = np.array([0.2126, 0.7152, 0.0722])


def linear(image: Image) -> NDArray[np.float64]:
    """Linear light 0..1 of an 8-bit sRGB picture."""
    code = image.astype(np.float64) / 255
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


def side_of_light(image: Image, box: tuple[float, float, float, float] = (0.34, 0.66, 0.26, 0.66)) -> float:
    """How much brighter the right half of a box (left, right, top, bottom as shares) is than its left: -1 to 1."""
    size = image.shape[0]
    left, right, top, bottom = (round(edge * size) for edge in box)
    luma = linear(image[top:bottom, left:right]) @ _LUMA
    middle = luma.shape[1] // 2
    a, b = float(luma[:, :middle].mean()), float(luma[:, -middle:].mean())
    return (b - a) / max(a + b, 1e-6)


def background_detail(image: Image) -> float:
    """Mean second difference of neighbouring pixels in the upper left and right corners, of full scale.

    Second differences, because the broad discs of blurred lights have steps too, but few corners.
    """
    size = image.shape[0]
    grey = image.astype(np.float64).mean(-1) / 255
    corners = grey[: size // 2, : size // 4], grey[: size // 2, -size // 4 :]
    return float(np.mean([np.abs(np.diff(part, n=2, axis=axis)).mean() for part in corners for axis in (0, 1)]))


def colourfulness(image: Image) -> float:
    """Mean difference between a pixel's strongest and weakest channel, of full scale."""
    return float((image.max(-1).astype(np.float64) - image.min(-1)).mean() / 255)


def warmth(image: Image) -> float:
    """Logarithm of red over blue in linear light: above 0 is warm."""
    mean = linear(image).mean((0, 1))
    return float(np.log((mean[0] + 1e-4) / (mean[2] + 1e-4)))


class Lookalike:
    """Names what a picture shows by a linear model of its 16 x 16 thumbnail, fitted to pictures with known names."""

    def __init__(self, images: Sequence[Image], names: Sequence[str], ridge: float = 30.0) -> None:
        self.names = sorted(set(names))
        known = np.array([_features(image) for image in images])
        wanted = np.array([[float(name == other) for other in self.names] for name in names]) - 1 / len(self.names)
        self._mean = known.mean(0)
        known = known - self._mean
        self._weights = np.linalg.solve(known.T @ known + ridge * np.eye(known.shape[1]), known.T @ wanted)

    def __call__(self, image: Image) -> str:
        """The likeliest name."""
        return self.names[int(np.argmax((_features(image) - self._mean) @ self._weights))]


def _features(image: Image) -> NDArray[np.float64]:
    size = image.shape[0] // 16 * 16
    blocks = image[:size, :size].astype(np.float64).reshape(16, size // 16, 16, size // 16, 3) / 255
    mean, spread = blocks.mean((1, 3)), blocks.mean(-1).std((1, 3))
    return np.concatenate([mean.ravel(), 3 * spread.ravel()])
