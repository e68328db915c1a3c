"""In which order a model's shots are made, and which of them together."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from fluxkit.engines.local import loop
from fluxkit.engines.local.makers import negative_text
from fluxkit.engines.local.pipelines import steps_of
from fluxkit.engines.local.prefix import Fork, forks, path
from fluxkit.shots.shot import Shot


@dataclass(frozen=True)
class Group:
    """Shots that are denoised together, of one size, number of steps and set of LoRAs."""

    shots: tuple[Shot, ...]
    """Filled up with repeats to the size of a batch, so that every picture is made in a batch of the same size."""
    wanted: tuple[Shot, ...]
    """Those of them that are new."""
    fork: Fork = field(default_factory=Fork)


def groups(model: Any, shots: Sequence[Shot]) -> Iterator[Group]:
    """All shots in groups, in the order that costs least.

    What is dear to change lies side by side: adapters, then sizes (a compiled model and the allocator know the last
    one), then the numbers of steps. Within these the plan's order stays, but that shots which share steps come
    together, and, where modulation is computed beforehand, those that share it.
    """
    ranked = _Ranks()
    by_cost = sorted(shots, key=lambda shot: _cost(model, shot, ranked))
    for _, alike in groupby(by_cost, key=lambda shot: _kind(model, shot)):
        yield from _grouped(model, list(alike))


def _grouped(model: Any, alike: list[Shot]) -> Iterator[Group]:
    batch = model.speed.batch
    if not _own(model, alike[0]) or (batch == 1 and not any(shot.later for shot in alike)):
        yield from (Group((shot,), (shot,)) for shot in alike)
        return
    trees, single = _trees(model, alike)
    yield from trees
    for start in range(0, len(single), batch):
        wanted = tuple(single[start : start + batch])
        filled = wanted + (wanted[-1],) * (batch - len(wanted))
        yield Group(filled, wanted)


def _trees(model: Any, alike: list[Shot]) -> tuple[list[Group], list[Shot]]:
    """Shots that share steps, each by itself with its fork; and the rest, which may go together."""
    if not any(shot.later for shot in alike):
        return [], alike
    ranks = _Ranks()
    ways = sorted(((path(shot), shot) for shot in alike), key=lambda pair: [ranks(step) for step in pair[0]])
    # A cache over steps carries what it saw from step to step, so a shot cannot begin in the middle of another.
    found = forks([way for way, _ in ways]) if model.speed.cache is None else [Fork()] * len(ways)
    trees, single = [], []
    for fork, (_, shot) in zip(found, ways, strict=True):
        if fork.start or fork.keep or shot.later:
            trees.append(Group((shot,), (shot,), fork))
        else:
            single.append(shot)
    return trees, single


def _cost(model: Any, shot: Shot, ranked: _Ranks) -> tuple[int, ...]:
    moments = (ranked(str(shot.prompt)), ranked(shot.guidance)) if model.parts.table is not None else ()
    return (ranked(shot.loras), ranked(_kind(model, shot)), *moments)


def _kind(model: Any, shot: Shot) -> Hashable:
    """What has to be the same for shots to be denoised together."""
    alone = shot.id if shot.inputs is not None else ""
    negative = negative_text(shot) is not None
    return shot.loras, (shot.width, shot.height), steps_of(shot), negative, alone


def _own(model: Any, shot: Shot) -> bool:
    method = "shoot" if shot.inputs is None else shot.inputs.method(shot.spec)
    return loop.makes(shot.spec, method)


class _Ranks:
    """Numbers values in the order in which they are first asked about, so that sorting by them keeps that order."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, int] = {}

    def __call__(self, value: Hashable) -> int:
        return self._seen.setdefault(value, len(self._seen))
