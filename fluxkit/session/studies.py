"""Ready sweeps with a meter behind them: what a model makes of light directions, apertures and films."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fluxkit._base import Record
from fluxkit.errors import PlanError
from fluxkit.frames import Frame, Frames
from fluxkit.measure.measurement import Measurement
from fluxkit.measure.pixels import rank_correlation
from fluxkit.scene import Scene
from fluxkit.scene.film import FilmStock
from fluxkit.scene.light import Direction
from fluxkit.session.session import Session
from fluxkit.shots import Sweep
from fluxkit.shots.labels import label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DIRECTIONS: tuple[Direction, ...] = ("left", "front left", "front", "front right", "right")
_F_NUMBERS = (1.4, 2.8, 5.6, 11.0)


class Reading(Record):
    """One frame of a study."""

    setting: str
    asked: float | None = None
    """The setting as a number, in the unit of the study's axis; None where it has none."""
    shown: float | None = None
    """What the meter read; None where it abstained."""
    spread: float | None = None
    """About how far the reading may be off, in its own unit; None where the meter does not say."""
    reason: str | None = None
    """Why it abstained."""


class Study:
    """A sweep over one field, its frames, and what the meter read of each."""

    def __init__(
        self,
        title: str,
        frames: Frames,
        readings: Sequence[Reading],
        *,
        asked_unit: str,
        shown_unit: str,
        same_scale: bool = False,
    ) -> None:
        self.title = title
        self.frames = frames
        self.readings = tuple(readings)
        self.asked_unit = asked_unit
        self.shown_unit = shown_unit
        self.same_scale = same_scale
        """Whether asked and shown are one quantity, so that a true reading lies on the diagonal."""

    @property
    def agreement(self) -> float | None:
        """Rank correlation of asked and shown over the answered frames; None for fewer than three, or no numbers."""
        told = [(r.asked, r.shown) for r in self.readings if r.asked is not None and r.shown is not None]
        if len(told) < 3:
            return None
        return rank_correlation(*(np.array(side) for side in zip(*told, strict=True)))

    @property
    def answered(self) -> float:
        """The share of frames that the meter answered."""
        return sum(reading.shown is not None for reading in self.readings) / len(self.readings)

    def figure(self) -> Figure:
        """The frames, and under them what was asked beside what was read, in physical units.

        The dotted line is where a reading says exactly what was asked. Frames that the meter could not read stand
        hollow at the foot; bars are the meter's own doubt.
        """
        from fluxkit.session.study_figure import drawn

        return drawn(self)

    def _rows(self) -> list[tuple[str, str, str]]:
        rows = [("setting", f"asked ({self.asked_unit})", f"shown ({self.shown_unit})")]
        for reading in self.readings:
            asked = "" if reading.asked is None else f"{reading.asked:.3g}"
            shown = f"cannot tell ({reading.reason})" if reading.shown is None else f"{reading.shown:.3g}"
            rows.append((reading.setting, asked, shown))
        return rows

    def __repr__(self) -> str:
        rows = self._rows()
        widths = [max(len(row[k]) for row in rows) for k in range(3)]
        lines = ("  ".join(t.ljust(w) for t, w in zip(row, widths, strict=True)).rstrip() for row in rows)
        return "\n".join([self.title, *lines, self._foot()])

    def _foot(self) -> str:
        rank = self.agreement
        order = "" if rank is None else f"; order of asked and shown: {rank:+.2f} (1 is the same order)"
        return f"{sum(r.shown is not None for r in self.readings)} of {len(self.readings)} frames answered{order}"

    def _repr_html_(self) -> str:
        head, *body = ("".join(f"<td>{html.escape(text)}</td>" for text in row) for row in self._rows())
        rows = "".join(f"<tr>{row}</tr>" for row in body)
        top = f"<caption>{html.escape(self.title)}</caption><thead><tr>{head}</tr></thead>"
        return f"<table>{top}<tbody>{rows}</tbody></table><p>{html.escape(self._foot())}</p>"


def light_study(
    scene: Scene,
    session: Session,
    model: Any = "nano",
    *,
    directions: Iterable[Direction] = _DIRECTIONS,
    seeds: Iterable[int] = (0,),
    **settings: Any,
) -> Study:
    """Where the key light comes from in the picture, for each direction asked for: azimuth in degrees."""
    frames = _swept(scene, session, model, "lighting.key.direction", tuple(directions), seeds, settings)

    def asked(frame: Frame) -> float | None:
        angles = frame.shot.scene.key_angles if frame.shot.scene else None
        return angles[0] if angles else None

    return _study(
        "Key light", frames, "lighting.key.direction", "key_light", "azimuth_deg", asked, ("degrees", "degrees")
    )


def aperture_study(
    scene: Scene,
    session: Session,
    model: Any = "nano",
    *,
    f_numbers: Iterable[float] = _F_NUMBERS,
    seeds: Iterable[int] = (0,),
    **settings: Any,
) -> Study:
    """How large the discs are that blur the background, for each aperture, against the blur that the lens would give.

    The asked axis is the blur disc of infinity, the shown axis that of the background, both in per cent of the short
    side; a background nearer than infinity reads less. Where the scene says too little for the optics, the asked axis
    is one over the f-number. Raises `PlanError` for a scene without a lens.
    """
    if scene.lens is None:
        raise PlanError(
            "An aperture study was asked for, but the scene has no lens. Set lens=Lens(focal_length_mm=85)."
        )
    frames = _swept(scene, session, model, "lens.f_number", tuple(f_numbers), seeds, settings)
    known = all(_disc(frame) is not None for frame in frames)
    unit = "blur of infinity, % of the short side" if known else "1 / f-number"

    def asked(frame: Frame) -> float | None:
        disc = _disc(frame)
        return 100 * disc if known and disc is not None else 1 / float(frame.value("lens.f_number"))

    shown = "blur of the background, % of the short side"
    return _study("Aperture", frames, "lens.f_number", "defocus", "disc", asked, (unit, shown), scale=100)


def film_study(
    scene: Scene,
    session: Session,
    model: Any = "nano",
    *,
    films: Iterable[FilmStock],
    seeds: Iterable[int] = (0,),
    **settings: Any,
) -> Study:
    """How strong the grain is in the picture, for each film asked for: deviation in per cent of full scale."""
    frames = _swept(scene, session, model, "film", tuple(films), seeds, settings)
    units = ("film", "% of full scale")
    return _study("Film grain", frames, "film", "grain", "sigma", lambda frame: None, units, scale=100)


def _swept(
    scene: Scene, session: Session, model: Any, path: str, values: Sequence[Any], seeds: Iterable[int], settings: Any
) -> Frames:
    return session.shoot(Sweep(scene, model=model, **settings).over(seed=list(seeds), **{path: list(values)}))


def _disc(frame: Frame) -> float | None:
    return frame.shot.scene.optics().background_blur if frame.shot.scene else None


def _study(
    title: str,
    frames: Frames,
    path: str,
    measure: str,
    part: str,
    asked: Callable[[Frame], float | None],
    units: tuple[str, str],
    scale: float = 1.0,
) -> Study:
    readings = [_reading(frame, path, frame.measure()[measure], part, asked(frame), scale) for frame in frames]
    same = units[0].rpartition(", ")[2] == units[1].rpartition(", ")[2]
    return Study(title, frames, readings, asked_unit=units[0], shown_unit=units[1], same_scale=same)


def _reading(frame: Frame, path: str, found: Measurement, part: str, asked: float | None, scale: float) -> Reading:
    value = found.value[part] if isinstance(found.value, dict) and part in found.value else math.nan
    told = not found.abstained and not math.isnan(value)
    spread = found.value.get("spread_deg") if told and isinstance(found.value, dict) else None
    return Reading(
        setting=f"{'f/' if path == 'lens.f_number' else ''}{label(frame.value(path))}",
        asked=asked,
        shown=scale * value if told else None,
        spread=spread,
        reason=None if told else found.reason,
    )
