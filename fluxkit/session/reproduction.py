"""`reproduce`: shoot a picture again from its record, and say whether it came out the same and, if not, why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fluxkit.errors import FrameError, InputError
from fluxkit.frames import Frame
from fluxkit.session.cause import CHANCE, Search
from fluxkit.session.comparison import TOLERANCE_DB, Difference, Verdict, compare_pixels, compare_records
from fluxkit.session.retake import retake

if TYPE_CHECKING:
    from fluxkit.session.session import Session


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
    """With `find_cause=True`: the difference that, put back as it was, makes the picture come out the same."""
    tried: tuple[str, ...] = ()
    """The differences that were put back, one at a time and at last together."""
    fixed: tuple[str, ...] = ()
    """Differences that cannot be put back here, such as a library's version: they may be the cause."""
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
        if self.cause == CHANCE:
            lines.append("  explained by chance: made twice with today's settings, it came out differently")
        elif self.cause:
            together = " together" if " and " in self.cause else ""
            lines.append(f"  explained by {self.cause}{together}: put back as it was, the picture comes out the same")
        elif self.tried:
            lines.append(f"  not explained by any of: {', '.join(self.tried)}")
        if self.fixed and not self.cause:
            lines.append(f"  cannot be put back here: {', '.join(self.fixed)}")
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
    "drifted". With `find_cause=True` what differs and can be put back (number type, device, batch size, threads of a
    CPU, attention kernel, memory lever and modulation table, compiling, step cache) is put back one at a time, then
    all together; what cannot (versions, weights) is named. A picture from a JPEG or WebP is compared as its file shows
    it, so it is never identical.

    Nothing is kept in the catalogue; a hosted model costs what it costs, within the session's budget.
    """
    if not tolerance_db > 0:
        raise InputError(f"tolerance_db={tolerance_db:g} was asked for. It is decibels above 0; 40 is the default.")
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
    result = Reproduction(verdict, psnr, largest, mean, differences, frame=again)
    if find_cause and verdict != "identical":
        search = Search(was, again, session, verdict=verdict, tolerance_db=tolerance_db)
        found = search.run(differences)
        return replace(result, cause=" and ".join(found.names), tried=found.tried, fixed=found.fixed)
    return result
