"""Ready sweeps with a meter behind them: what a model makes of light directions, apertures and films."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fluxkit._base import Record
from fluxkit.errors import PlanError
from fluxkit.frames import Frame, Frames
from fluxkit.measure.measurement import Measurement
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
    reason: str | None = None
    """Why it abstained."""


class Study:
    """A sweep over one field, its frames, and what the meter read of each."""

    def __init__(
        self, title: str, frames: Frames, readings: Sequence[Reading], *, asked_unit: str, shown_unit: str
    ) -> None:
        self.title = title
        self.frames = frames
        self.readings = tuple(readings)
        self.asked_unit = asked_unit
        self.shown_unit = shown_unit

    @property
    def answered(self) -> float:
        """The share of frames that the meter answered."""
        return sum(reading.shown is not None for reading in self.readings) / len(self.readings)

    def figure(self) -> Figure:
        """Asked against shown, in physical units; settings without a number stand side by side."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6, 4), layout="constrained")
        axes = figure.add_subplot()
        told = [reading for reading in self.readings if reading.shown is not None]
        numbered = all(reading.asked is not None for reading in told)
        axes.plot([r.asked if numbered else r.setting for r in told], [r.shown for r in told], "o")  # type: ignore[arg-type]
        axes.set(title=self.title, xlabel=f"asked ({self.asked_unit})", ylabel=f"shown ({self.shown_unit})")
        return figure

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
        return "\n".join([self.title, *lines])

    def _repr_html_(self) -> str:
        head, *body = ("".join(f"<td>{html.escape(text)}</td>" for text in row) for row in self._rows())
        rows = "".join(f"<tr>{row}</tr>" for row in body)
        top = f"<caption>{html.escape(self.title)}</caption><thead><tr>{head}</tr></thead>"
        return f"<table>{top}<tbody>{rows}</tbody></table>"


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
    """How much softer the background is than the subject, for each aperture, against the blur that the lens would give.

    The asked axis is the blur disc of infinity as a share of the short side, in per cent; where the scene says too
    little for that, one over the f-number. Raises `PlanError` for a scene without a lens.
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

    return _study("Aperture", frames, "lens.f_number", "defocus", "ratio", asked, (unit, "background over subject"))


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
    return Study(title, frames, readings, asked_unit=units[0], shown_unit=units[1])


def _reading(frame: Frame, path: str, found: Measurement, part: str, asked: float | None, scale: float) -> Reading:
    value = found.value[part] if isinstance(found.value, dict) and part in found.value else math.nan
    told = not found.abstained and not math.isnan(value)
    return Reading(
        setting=label(frame.value(path)),
        asked=asked,
        shown=scale * value if told else None,
        reason=None if told else found.reason,
    )
