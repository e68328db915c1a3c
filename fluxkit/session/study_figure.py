"""How a study is drawn: its frames in a row, and under them what was asked beside what was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fluxkit.scene.drawing import paper
from fluxkit.scene.drawing.paper import ACCENTS, FAINT, GRID

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fluxkit.session.studies import Reading, Study

_MOST_FRAMES = 9


def drawn(study: Study) -> Figure:
    """The figure of a study."""
    shown = _first_of_each(study)
    with paper.page(7.2, 5.4) as figure:
        figure.set_layout_engine("constrained")
        grid = figure.add_gridspec(2, max(len(shown), 1), height_ratios=(1, 2.6))
        for k, (setting, frame) in enumerate(shown):
            axes = figure.add_subplot(grid[0, k])
            axes.imshow(frame.image)
            axes.set_title(setting, fontsize=8, fontweight="normal", loc="center", pad=4)
            axes.axis("off")
        axes = figure.add_subplot(grid[1, :])
        axes.grid(color=GRID, lw=0.7)
        axes.set_axisbelow(True)
        figure.suptitle(study.title, x=0.02, ha="left", fontsize=12, fontweight="bold")
        if all(reading.asked is not None for reading in study.readings):
            _scatter(axes, study)
        else:
            _columns(axes, study.readings)
        axes.set(xlabel=f"asked ({study.asked_unit})", ylabel=f"shown ({study.shown_unit})")
    found: Figure = figure
    return found


def _scatter(axes: Any, study: Study) -> None:
    told = [r for r in study.readings if r.shown is not None]
    asked = [float(r.asked or 0) for r in study.readings]
    low, high = min(asked), max(asked)
    if study.same_scale:
        axes.plot([low, high], [low, high], color=FAINT, lw=1, ls=":", zorder=1)
        middle = low + 0.62 * (high - low)
        words = {"color": FAINT, "fontsize": 8, "ha": "right", "va": "bottom", "textcoords": "offset points"}
        axes.annotate("shown = asked", (middle, middle), (-6, 4), **words)
    x, y = [r.asked for r in told], [r.shown for r in told]
    axes.errorbar(x, y, yerr=[r.spread or 0 for r in told], fmt="none", ecolor=FAINT, elinewidth=1.2, zorder=2)
    axes.plot(x, y, "o", color=ACCENTS[0], ms=7, zorder=3)
    axes.margins(x=0.09)
    labelled = set()
    for reading in told:
        if reading.setting not in labelled:
            labelled.add(reading.setting)
            where = (reading.asked, reading.shown)
            axes.annotate(reading.setting, where, (7, -3), textcoords="offset points", fontsize=8)
    _unread(axes, [(float(r.asked or 0), r) for r in study.readings if r.shown is None])


def _columns(axes: Any, readings: Sequence[Reading]) -> None:
    """Settings without a number, side by side."""
    settings = list(dict.fromkeys(reading.setting for reading in readings))
    for reading in readings:
        if reading.shown is not None:
            axes.plot(settings.index(reading.setting), reading.shown, "o", color=ACCENTS[0], ms=7)
    axes.set_xticks(range(len(settings)), settings, rotation=20 if len(settings) > 4 else 0)
    axes.set_xlim(-0.5, len(settings) - 0.5)
    axes.set_ylim(bottom=0)
    _unread(axes, [(float(settings.index(r.setting)), r) for r in readings if r.shown is None])


def _unread(axes: Any, rows: Sequence[tuple[float, Reading]]) -> None:
    """Frames that the meter could not read, at the foot."""
    if rows:
        foot = axes.get_ylim()[0]
        axes.plot([x for x, _ in rows], [foot] * len(rows), "o", mfc="none", mec=FAINT, ms=7, clip_on=False)
        axes.annotate("hollow: cannot tell", (1, 0.02), xycoords="axes fraction", ha="right", fontsize=8, color=FAINT)


def _first_of_each(study: Study) -> list[tuple[str, Any]]:
    """The first frame of each setting."""
    found: dict[str, Any] = {}
    for reading, frame in zip(study.readings, study.frames, strict=True):
        found.setdefault(reading.setting, frame)
    return list(found.items())[:_MOST_FRAMES]
