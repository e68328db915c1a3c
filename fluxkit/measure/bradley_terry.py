"""Preferences from pairs: how much each thing is liked, and how sure that is, from which of two was chosen.

Bradley and Terry ("Rank analysis of incomplete block designs", 1952): the odds that one thing is chosen over another
are the ratio of their worths. Worths are logarithms here. A prior keeps things that were never beaten finite; intervals
are those of the normal curve at the best fit. A tie is half a win for either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
SPREAD = 1.5
"""Deviation of the prior on worths, in logits: three to one against another thing is nothing unusual."""
_DRAWS = 4000


@dataclass(frozen=True)
class Worths:
    """The fitted worths, or effects, and how unsure they are."""

    mean: Vector
    covariance: Vector

    @property
    def deviation(self) -> Vector:
        """One standard deviation of each."""
        return np.asarray(np.sqrt(np.diag(self.covariance)), np.float64)

    def best(self) -> Vector:
        """The chance of each to be the best of all."""
        return np.bincount(self._draws.argmax(1), minlength=len(self.mean)) / _DRAWS

    def regret(self) -> Vector:
        """How much worth is lost, on average, by taking each for the best."""
        return np.asarray((self._draws.max(1, keepdims=True) - self._draws).mean(0), np.float64)

    @cached_property
    def _draws(self) -> Vector:
        """Worths as they may be, drawn once for all questions."""
        rng = np.random.default_rng(0)
        return rng.multivariate_normal(self.mean, self.covariance, _DRAWS, method="eigh")


def worths(count: int, pairs: Sequence[tuple[int, int, float]]) -> Worths:
    """The worths of `count` things from pairs (one, other, share): share 1 where the one was chosen, 0.5 for a tie.

    >>> found = worths(2, [(0, 1, 1.0)] * 6)
    >>> bool(found.mean[0] > found.mean[1])
    True
    """
    found = fitted(np.eye(count), pairs, np.full(count, SPREAD**-2))
    centre = np.eye(count) - 1 / count
    return Worths(centre @ found.mean, centre @ found.covariance @ centre)


def fitted(design: Vector, pairs: Sequence[tuple[int, int, float]], precision: Vector) -> Worths:
    """Effects whose sums (`design`, things by effects) are the things' worths; `precision` is that of their prior."""
    one, other = (np.array([pair[k] for pair in pairs], int) for k in (0, 1))
    share = np.array([pair[2] for pair in pairs], np.float64)
    away = design[one] - design[other] if len(pairs) else np.zeros((0, design.shape[1]))
    effects = np.zeros(design.shape[1])
    for _ in range(60):
        chance = 1 / (1 + np.exp(-np.clip(away @ effects, -30, 30)))
        slope = away.T @ (share - chance) - precision * effects
        bend = away.T @ (away * (chance * (1 - chance))[:, None]) + np.diag(precision)
        step = np.linalg.solve(bend, slope)
        effects = effects + np.clip(step, -2, 2)
        if float(np.abs(step).max(initial=0)) < 1e-9:
            break
    return Worths(effects, np.linalg.inv(bend))
