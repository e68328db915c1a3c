"""Two pictures and their records beside each other: what differs, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fluxkit.frames import Provenance
from fluxkit.models.forecast import LEVERS

if TYPE_CHECKING:
    from PIL.Image import Image

Verdict = Literal["identical", "within tolerance", "drifted"]

TOLERANCE_DB = 40.0
"""Signal to noise above which two pictures look the same side by side: 40 dB is an error of 2.6 levels of 255."""

_CACHES = ("first-block", "taylorseer")
"""Levers that keep results of earlier steps; a record names one with its strength."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it was when the picture was made."""

    name: str
    was: str
    now: str

    def __str__(self) -> str:
        return f"{self.name}: was {self.was or 'not written down'}, now {self.now or 'not written down'}"


def compare_records(was: Provenance, now: Provenance) -> tuple[Difference, ...]:
    """What two records say differently, in the order in which it usually matters."""
    found = [
        Difference(name, str(getattr(was, name)), str(getattr(now, name)))
        for name in ("weights", "engine", "device", "dtype", "batch", "seed_device", "host", "fluxkit")
    ]
    if was.threads is not None:  # records did not always tell them
        found.append(Difference("threads", str(was.threads), str(now.threads or "")))
    for before, after in ((choices(was), choices(now)), (was.versions, now.versions), (was.extra, now.extra)):
        names = dict.fromkeys([*before, *after])
        found += [Difference(name, before.get(name, ""), after.get(name, "")) for name in names]
    return tuple(difference for difference in found if difference.was != difference.now)


def compare_pixels(was: Image, now: Image, tolerance_db: float = TOLERANCE_DB) -> tuple[Verdict, float, int, float]:
    """The verdict on two pictures of one size, their signal to noise in dB, and their largest and mean difference."""
    import numpy as np

    gap = np.abs(np.asarray(was.convert("RGB"), np.int16) - np.asarray(now.convert("RGB"), np.int16))
    if not gap.any():
        return "identical", float("inf"), 0, 0.0
    psnr = float(10 * np.log10(255**2 / np.mean(gap.astype(np.float64) ** 2)))
    return ("within tolerance" if psnr >= tolerance_db else "drifted"), psnr, int(gap.max()), float(gap.mean())


def choices(record: Provenance) -> dict[str, str]:
    """The levers of a record by what they are a choice of: `memory`, `attention`, `compile`, `step_cache`, ...

    >>> choices(Provenance(engine="local", levers=("table", "attention flash", "first-block 0.08", "compile")))
    {'memory': 'table', 'attention': 'flash', 'step_cache': 'first-block 0.08', 'compile': 'on'}
    """
    found: dict[str, str] = {}
    for lever in record.levers:
        name, _, value = lever.partition(" ")
        if name in LEVERS:
            found["memory"] = name
        elif name in _CACHES:
            found["step_cache"] = lever
        else:
            found[name] = value or "on"
    if record.engine == "local":
        found.setdefault("memory", "resident")
    return found
