"""Committees: a few small networks, fitted apart, that read the same numbers; where they differ, none is sure."""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from fluxkit.measure.pixels import Plane

NAMES = ("mean", "spread", "w1", "b1", "w2", "b2")
"""What the weights of a committee are called; all but the first two have one entry a member."""


class Opinion(NamedTuple):
    """What a committee says."""

    value: float
    apart: float
    """Deviation between its members, in the unit of the value."""


def read(x: Plane, weights: dict[str, Plane]) -> Plane:
    """What each member (rows) reads from each row of features (columns)."""
    scaled = np.clip((x - weights["mean"]) / weights["spread"], -5, 5)
    hidden = np.tanh(np.einsum("nf,kfh->knh", scaled, weights["w1"]) + weights["b1"][:, None])
    return np.asarray(np.einsum("knh,kh->kn", hidden, weights["w2"]) + weights["b2"][:, None], np.float32)


def opinion(name: str, features: Plane) -> Opinion:
    """What the committee whose weights are called `name` says of one row of features."""
    found = read(features[None], _weights(name))[:, 0]
    return Opinion(float(found.mean()), float(found.std()))


@functools.cache
def _weights(name: str) -> dict[str, Plane]:
    with (files("fluxkit.measure") / "weights" / f"{name}.npz").open("rb") as file:
        return {key: values.astype(np.float32) for key, values in np.load(file).items()}
