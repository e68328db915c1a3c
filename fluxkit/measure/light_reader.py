"""The light on a head, read by a small network that was fitted on rendered heads (`bench/fit_light.py`).

It knows what the generic head of `head.py` does not: hair, shoulders, and how a head looks that is lit from behind.
It is a second opinion, never the only one: `key_light` answers where both agree.
"""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluxkit.measure.face import Face
from fluxkit.measure.head import head_grid, turn
from fluxkit.measure.pixels import Plane

CELLS = 16
"""Side of the grid that the network reads."""


def features(cells: Plane, face: Face) -> Plane:
    """What the network reads: the head's light in stops about its own middle, and how the head is turned."""
    stops = np.log2(np.clip(cells, 0, None) + 0.01)
    core = stops[CELLS // 4 : 3 * CELLS // 4, CELLS // 4 : 3 * CELLS // 4]
    return np.concatenate([(stops - core.mean()).ravel(), 6 * np.array(turn(face))]).astype(np.float32)


def read(x: Plane, weights: dict[str, Plane]) -> Plane:
    """The light's direction for rows of features; the shorter the vector, the less sure the network is."""
    hidden = np.tanh((x - weights["mean"]) / weights["spread"] @ weights["w1"] + weights["b1"])
    hidden = np.tanh(hidden @ weights["w2"] + weights["b2"])
    return np.asarray(hidden @ weights["w3"] + weights["b3"], np.float32)


def read_light(luminance: Plane, face: Face) -> tuple[NDArray[Any], float]:
    """The light's direction (not normalised) on a head, and how far head and mirrored head disagree (0: not at all)."""
    x = features(head_grid(luminance, face, CELLS), face)
    flipped = x.copy()
    flipped[:-2] = x[:-2].reshape(CELLS, CELLS)[:, ::-1].ravel()
    flipped[-2:] = -x[-2:]
    one, other = read(np.stack([x, flipped]), _weights()) * np.array([[1, 1, 1], [-1, 1, 1]], np.float32)
    return (one + other) / 2, float(np.linalg.norm(one - other))


@functools.cache
def _weights() -> dict[str, Plane]:
    with (files("fluxkit.measure") / "weights" / "light.npz").open("rb") as file:
        return {name: values.astype(np.float32) for name, values in np.load(file).items()}
