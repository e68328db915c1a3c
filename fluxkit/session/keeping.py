"""Keeping the best of several takes: the meter looks at each, and the one that shows best what was asked is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from fluxkit.errors import InputError
from fluxkit.frames import Frame, Frames
from fluxkit.measure import measure_named, ranked, wishes
from fluxkit.shots import Shot, ShotPlan
from fluxkit.shots.plan import refuse_unconfirmed

_MOST = 64


class Keep(NamedTuple):
    """How many takes are shot of each picture, and what of them decides."""

    takes: int
    by: str | None
    """A measure, as `fluxkit.measure.ranked` names them; None for all that the scene asks for."""

    @property
    def tag(self) -> str:
        """What the kept frame is tagged with in the catalogue."""
        return f"best of {self.takes} by {self.by or 'all'}"


def keep_of(asked: str | int | None, by: str | None) -> Keep:
    """What `keep="best of 8"` (or 8) asks for; raises `InputError` for anything else.

    >>> keep_of("best of 8", "light")
    Keep(takes=8, by='light')
    """
    found = re.fullmatch(r"\s*(?:best of\s+)?(\d+)\s*", str(asked))
    takes = int(found[1]) if found else 0
    if not 2 <= takes <= _MOST:
        raise InputError(
            f'keep={asked!r} was asked for. It takes "best of N" with N from 2 to {_MOST}, such as keep="best of 8".'
        )
    return Keep(takes, by)


def takes_of(plan: ShotPlan, keep: Keep, *, confirm: bool = False) -> ShotPlan:
    """The shots of all takes, those of the plan's first shot first; each take has a seed of its own.

    Raises `InputError` for a plan whose shots differ in nearby seeds (keeping draws them itself), and for shots whose
    scene asks nothing that decides: the first take would be kept as if it were the best. Raises `PlanError` for more
    takes than are shot without `confirm`.
    """
    for shot in plan:
        _refuse_undecidable(shot, keep)
    takes = [shot.with_(seed=shot.seed + take) for shot in plan for take in range(keep.takes)]
    if "seed" in plan.axes or len({shot.id for shot in takes}) < len(takes):
        raise InputError(
            f"keep={keep.tag.partition(' by')[0]!r} was asked for a sweep over seeds, which draws seeds itself. "
            "Drop the seed axis, or shoot without keep."
        )
    refuse_unconfirmed(len(takes), confirm)
    return ShotPlan(takes, diagnostics=plan.diagnostics)


def _refuse_undecidable(shot: Shot, keep: Keep) -> None:
    asked = wishes(shot.scene) if shot.scene is not None else ()
    name = measure_named(keep.by) if keep.by else None
    if name not in asked if name else not asked:
        field = f"{name!r}" if name else "anything that the meter reads"
        raise InputError(
            f"The {keep.tag} was to be kept, but a shot's scene asks nothing of {field}. It asks for: "
            f"{', '.join(asked) or 'nothing that can be measured'}. Set the field in the scene, or keep by another."
        )


def best(frames: Sequence[Frame], keep: Keep) -> Frame:
    """The frame that shows best what its scene asks for; of equals, the first."""
    return frames[ranked([frame.measure() for frame in frames], keep.by)[0]]


def kept(takes: ShotPlan, keep: Keep, frames: Frames, note: Callable[..., Any]) -> Frames:
    """Of the frames of all takes the best of each shot. All stay in the catalogue, where the kept ones are tagged."""
    made = {frame.shot.id: frame for frame in frames}
    chosen = []
    for first in range(0, len(takes), keep.takes):
        found = [made[shot.id] for shot in takes[first : first + keep.takes] if shot.id in made]
        if found:
            chosen.append(best(found, keep))
    note(chosen, tag=keep.tag)
    return Frames(chosen)
