"""Film: characteristic curves, and what they do to tones on a screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from fluxkit.scene.drawing.paper import ACCENTS, FAINT, INK, sheet


class Curve(NamedTuple):
    """A film's characteristic curve in three figures: its slope, and its lowest and highest density."""

    gamma: float
    d_min: float
    d_max: float
    reversal: bool


CURVES: dict[str, Curve] = {
    "Portra 400": Curve(0.55, 0.55, 2.35, reversal=False),
    "Tri-X 400": Curve(0.62, 0.25, 2.20, reversal=False),
    "Velvia 50": Curve(2.19, 0.15, 3.60, reversal=True),
    "Provia 100F": Curve(1.81, 0.15, 3.40, reversal=True),
}
"""Slopes: median of the digitised sheets (imaging reference, 1.6, green layer; Tri-X by normal development). Lowest and
highest densities are rounded readings of the same sheets, good to about 0.2."""

_PAPER_GAMMA = 2.5
"""Slope of a print on paper or of a scanner's default curve: a negative of 0.55 comes out near 1.4."""


def film_curves(curves: Mapping[str, Curve] = CURVES) -> Any:
    """Density against exposure, and the tone that reaches the screen, for each film.

    The shape between the three figures is a logistic curve of our own: a sketch of the film, not its data sheet.
    """
    stops = np.linspace(-7, 7, 400)
    with sheet(9.5, 3.9, columns=2) as (figure, (densities, tones)):
        for ink, (name, curve) in zip(ACCENTS, curves.items(), strict=False):
            density = _density(stops, curve)
            densities.plot(stops, density, color=ink, linewidth=2.2)
            at = -6.8 if curve.reversal else 6.8
            above = 0.1 if name in {"Velvia 50", "Portra 400"} else -0.36
            shown = float(np.interp(at, stops, density)) + above
            densities.text(at, shown, name, color=ink, fontsize=8.5, ha="left" if curve.reversal else "right")
            tones.plot(stops, _tone(stops, curve), color=ink, linewidth=2.2, label=name)
        _label(densities, "On the film", "density")
        _label(tones, "On the screen", "tone")
        tones.axhline(0.4615, color=FAINT, linewidth=0.8, linestyle=(0, (2, 3)))
        tones.text(-6.8, 0.475, "middle grey", fontsize=8, color=FAINT)
        tones.set_yticks([0, 0.5, 1], ["black", "", "white"])
        tones.legend(frameon=False, fontsize=8.5, loc="upper left", labelcolor=INK)
    return figure


def _density(stops: Any, curve: Curve) -> Any:
    """A logistic curve with the film's slope in its middle; a slide film falls with exposure."""
    height = curve.d_max - curve.d_min
    # Slope of the logistic at its middle is height·k/4 per stop; gamma is per factor of ten, a stop is 0.301 of that.
    steepness = 4 * curve.gamma * 0.301 / height
    centre = 0.0 if curve.reversal else 1.5
    rising = curve.d_min + height / (1 + np.exp(-steepness * (stops - centre)))
    return curve.d_max + curve.d_min - rising if curve.reversal else rising


def _tone(stops: Any, curve: Curve) -> Any:
    """The display's tone: the film's own transmission, or a negative printed, with middle grey at 18 %."""
    density = _density(stops, curve)
    grey = float(np.interp(0, stops, density))
    exponent = (grey - density) if curve.reversal else (density - grey) * _PAPER_GAMMA
    linear = 0.18 * 10**exponent
    # The shoulder of a print: tones run smoothly into white, and middle grey stays where it is.
    return (1 - np.exp(-1.1025 * linear)) ** (1 / 2.2)


def _label(axis: Any, title: str, height: str) -> None:
    axis.set_title(title)
    axis.set_xlabel("stops from middle grey")
    axis.set_ylabel(height)
    axis.set_xticks(range(-6, 7, 2))
    axis.grid(axis="x")
