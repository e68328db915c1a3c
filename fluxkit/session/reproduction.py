"""`reproduce`: shoot a picture again from its record, and say whether it came out the same and, if not, why."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fluxkit import engines
from fluxkit.errors import FluxkitError, FrameError
from fluxkit.frames import Frame, Provenance
from fluxkit.session.retake import retake

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxkit.session.session import Session

Verdict = Literal["identical", "within tolerance", "drifted"]

TOLERANCE_DB = 40.0
"""Signal to noise above which two pictures look the same side by side: 40 dB is an error of 2.6 levels of 255."""

_SETTABLE = ("dtype", "device")
"""What can be put back as it was, one at a time, to see whether it explains a drift: options of an engine."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it was when the picture was made."""

    name: str
    was: str
    now: str

    def __str__(self) -> str:
        return f"{self.name}: was {self.was or 'not written down'}, now {self.now or 'not written down'}"


@dataclass(frozen=True, slots=True)
class Reproduction:
    """How a picture came out when it was made again."""

    verdict: Verdict
    psnr_db: float
    """Peak signal to noise ratio of the new picture against the old; infinite for identical ones."""
    largest: int
    """Largest difference of any channel of any pixel, 0 to 255."""
    mean: float
    """Mean absolute difference, 0 to 255."""
    differences: tuple[Difference, ...]
    """What differs between the records, whether or not it explains anything."""
    cause: str = ""
    """With `find_cause=True`: the one difference that, put back as it was, makes the picture come out the same."""
    tried: tuple[str, ...] = ()
    """The differences that were put back one at a time."""
    frame: Frame = field(repr=False, default=None)  # type: ignore[assignment]
    """The new picture. It is in no catalogue."""

    def __bool__(self) -> bool:
        return self.verdict != "drifted"

    def __repr__(self) -> str:
        figures = "every pixel is the same"
        if self.verdict != "identical":
            figures = f"{self.psnr_db:.1f} dB, largest difference {self.largest} of 255, mean {self.mean:.2f}"
        lines = [f"{self.verdict}: {figures}", *(f"  {difference}" for difference in self.differences)]
        if not self.differences and self.verdict != "identical":
            lines.append("  nothing that the records say differs")
        if self.cause:
            lines.append(f"  explained by {self.cause}: put back as it was, the picture comes out the same")
        elif self.tried:
            lines.append(f"  not explained by any of: {', '.join(self.tried)}")
        return "\n".join(lines)


def reproduce(
    frame: Frame | str | Path,
    session: Session,
    *,
    tolerance_db: float = TOLERANCE_DB,
    find_cause: bool = False,
) -> Reproduction:
    """Make a frame, or the picture in a file, again from its record, and compare.

    The verdict is "identical" (every pixel), "within tolerance" (at least `tolerance_db` of signal to noise) or
    "drifted". With `find_cause=True` what differs and can be put back (number type, device) is put back one at a
    time. A picture from a JPEG or WebP is compared as its file shows it, so it is never identical.

    Nothing is kept in the catalogue; a hosted model costs what it costs, within the session's budget.
    """
    was = frame if isinstance(frame, Frame) else Frame.open(frame)
    if any(source.role == "develop" for source in was.provenance.sources):
        raise FrameError(
            f"{was.id} was developed on a film after its model had made it, and only models are run again. "
            "Reproduce the frame it was developed from: its provenance.sources names it."
        )
    again = retake(session, was.shot)
    if again.image.size != was.image.size:
        raise FrameError(
            f"{was.id} is {was.image.width} x {was.image.height} pixels, and made again it is {again.image.width} x "
            f"{again.image.height}: the file was scaled or cropped after it was made. Compare with the original."
        )
    differences = compare_records(was.provenance, again.provenance)
    verdict, psnr, largest, mean = compare_pixels(was.image, again.image, tolerance_db)
    looked = find_cause and verdict != "identical"
    cause, tried = _cause(was, session, differences, verdict, tolerance_db) if looked else ("", ())
    return Reproduction(verdict, psnr, largest, mean, differences, cause, tried, again)


def compare_records(was: Provenance, now: Provenance) -> tuple[Difference, ...]:
    """What two records say differently, in the order in which it usually matters."""
    found = [
        Difference(name, str(getattr(was, name)), str(getattr(now, name)))
        for name in ("weights", "engine", "device", "dtype", "batch", "seed_device", "host", "fluxkit")
    ]
    found.append(Difference("levers", ", ".join(was.levers), ", ".join(now.levers)))
    for kind in ("versions", "extra"):
        before, after = getattr(was, kind), getattr(now, kind)
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


def _cause(
    was: Frame, session: Session, differences: tuple[Difference, ...], verdict: Verdict, tolerance_db: float
) -> tuple[str, tuple[str, ...]]:
    """The difference that, put back alone, gives a better verdict; and those that were tried."""
    tried = []
    for difference in differences:
        if difference.name not in _SETTABLE or not difference.was:
            continue
        engine = _engine_with(was.provenance.engine, difference)
        if engine is None:
            continue
        tried.append(difference.name)
        try:
            again = retake(session, was.shot, engine=engine)
        except FluxkitError:
            continue
        finally:
            engine.close()
        better, *_figures = compare_pixels(was.image, again.image, tolerance_db)
        if better == "identical" or (better == "within tolerance" and verdict == "drifted"):
            return difference.name, tuple(tried)
    return "", tuple(tried)


def _engine_with(name: str, difference: Difference) -> engines.Engine | None:
    """An engine of that name with one option as it was; None where it has no such option or cannot be made here."""
    # A device is written down as a kind and a name, `cuda:NVIDIA H100`; an engine is asked for the kind.
    value = difference.was.partition(":")[0] if difference.name == "device" else difference.was
    try:
        made = engines.create(name, **{difference.name: value})
    except (FluxkitError, TypeError):
        return None
    return made
