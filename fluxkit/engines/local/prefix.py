"""Steps that several shots have in common, so that each is computed once.

Shots that ask for the same thing until some step (see `fluxkit.Later`) form a tree. It is walked depth first: a shot
begins with the state that an earlier one kept where their ways part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fluxkit.engines.local.pipelines import steps_of
from fluxkit.shots.shot import Shot

Path = tuple[str, ...]
"""What a shot asks for at each of its steps: the id of the shot that would ask for it from the start."""


@dataclass(frozen=True)
class Fork:
    """Where a shot begins, and the steps before which its state is kept for later shots."""

    start: int = 0
    keep: frozenset[int] = frozenset()


def phases(shot: Shot) -> tuple[tuple[int, Shot], ...]:
    """What is asked for from each step on where something changes, as a shot without changes; steps ascend from 0."""
    now = shot.with_(later=()) if shot.later else shot
    found = [(0, now)]
    for change in shot.later:
        given = {"guidance": change.guidance, "prompt": change.words}
        now = now.with_(**{name: value for name, value in given.items() if value is not None})
        found.append((change.step, now))
    return tuple(found)


def path(shot: Shot) -> Path:
    """The shot's way through the tree; two ways are the same as long as the shots ask for the same."""
    found, steps = phases(shot), steps_of(shot)
    ends = [first for first, _ in found[1:]] + [steps]
    return tuple(
        asked.id for (first, asked), end in zip(found, ends, strict=True) for _ in range(first, min(end, steps))
    )


def root(shot: Shot) -> str:
    """The same for shots that share at least their first step, so that they are best made by one engine."""
    return phases(shot)[0][1].id


def forks(paths: Sequence[Path]) -> list[Fork]:
    """For each of the paths, in their order: where it begins, and what it keeps. Equal beginnings lie side by side."""
    shared = [_shared(one, other) for one, other in pairwise(paths)] + [0]
    found = []
    for number in range(len(paths)):
        start, keep, low = shared[number - 1] if number else 0, set(), len(paths[number])
        for common in shared[number:]:
            low = min(low, common)
            if low <= start:
                break
            keep.add(low)
        found.append(Fork(start, frozenset(keep)))
    return found


def _shared(one: Path, other: Path) -> int:
    """How many steps two paths have in common; never all of one, whose last step makes its picture."""
    same = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        same += 1
    return min(same, len(one) - 1, len(other) - 1)
