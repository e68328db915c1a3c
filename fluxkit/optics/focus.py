"""Depth of field and blur of a thin lens.

Limits of the model: a thin lens with a pupil ratio of 1 and no aberrations; distances count from the lens. Beyond a
magnification of about 0.2 use `effective_f_number`. Formulas: S. F. Ray, "Applied Photographic Optics", 3rd ed. (2002),
chapter 22; the same in H. M. Merklinger, "The Ins and Outs of Focus" (1992).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from fluxkit.optics.formats import Format
from fluxkit.optics.limits import require_focus_beyond, require_positive


class DepthOfField(NamedTuple):
    """The nearest and furthest distance that look sharp, in metres; `far_m` is infinite from the hyperfocal on."""

    near_m: float
    far_m: float

    @property
    def depth_m(self) -> float:
        """From the near to the far limit in metres."""
        return self.far_m - self.near_m


def circle_of_confusion_mm(picture: Format, *, divisor: float = 1500.0) -> float:
    """The largest blur that a viewer takes for sharp: the picture's diagonal divided by 1500.

    A viewing choice, not a law: 0.029 mm for full frame, where old tables use 0.030 (divisor 1442).

    >>> from fluxkit.optics import FORMATS
    >>> round(circle_of_confusion_mm(FORMATS["full frame"]), 4)
    0.0288
    """
    require_positive(divisor=divisor)
    return picture.diagonal_mm / divisor


def hyperfocal_m(focal_length_mm: float, f_number: float, *, circle_mm: float) -> float:
    """The focus distance in metres from which on everything to infinity looks sharp: f²/(N·c) + f.

    >>> round(hyperfocal_m(50, 8, circle_mm=0.030), 2)
    10.47
    """
    require_positive(focal_length_mm=focal_length_mm, f_number=f_number, circle_mm=circle_mm)
    return (focal_length_mm**2 / (f_number * circle_mm) + focal_length_mm) / 1000


def depth_of_field(focal_length_mm: float, f_number: float, *, focus_m: float, circle_mm: float) -> DepthOfField:
    """The limits of what looks sharp: near s(H−f)/(H+s−2f), far s(H−f)/(H−s), infinite for s ≥ H.

    >>> near, far = depth_of_field(85, 1.8, focus_m=2.0, circle_mm=0.030)
    >>> round(near, 3), round(far, 3)
    (1.972, 2.029)
    """
    require_focus_beyond(focal_length_mm, focus_m)
    hyperfocal, f = hyperfocal_m(focal_length_mm, f_number, circle_mm=circle_mm), focal_length_mm / 1000
    if math.isinf(focus_m):
        return DepthOfField(hyperfocal - f, math.inf)
    near = focus_m * (hyperfocal - f) / (hyperfocal + focus_m - 2 * f)
    far = focus_m * (hyperfocal - f) / (hyperfocal - focus_m) if focus_m < hyperfocal else math.inf
    return DepthOfField(near, far)


def blur_disc_mm(focal_length_mm: float, f_number: float, *, focus_m: float, distance_m: float = math.inf) -> float:
    """Diameter on the sensor, in millimetres, of a point at `distance_m`: f²/(N(s−f)) · |d−s|/d.

    >>> round(blur_disc_mm(85, 1.4, focus_m=1.5), 2)
    3.65
    """
    require_positive(focal_length_mm=focal_length_mm, f_number=f_number, distance_m=distance_m)
    require_focus_beyond(focal_length_mm, focus_m)
    if math.isinf(focus_m):
        return 0.0 if math.isinf(distance_m) else focal_length_mm**2 / (f_number * distance_m * 1000)
    at_infinity = focal_length_mm**2 / (f_number * (focus_m * 1000 - focal_length_mm))
    return at_infinity if math.isinf(distance_m) else at_infinity * abs(distance_m - focus_m) / distance_m


def blur_fraction(
    focal_length_mm: float, f_number: float, *, picture: Format, focus_m: float, distance_m: float = math.inf
) -> float:
    """The blur disc as a share of the picture's short side: the number that a finished picture can be held against.

    >>> from fluxkit.optics import FORMATS
    >>> round(100 * blur_fraction(85, 1.8, picture=FORMATS["full frame"], focus_m=2.0), 1)
    8.7
    """
    disc = blur_disc_mm(focal_length_mm, f_number, focus_m=focus_m, distance_m=distance_m)
    return disc / picture.short_side_mm


def magnification(focal_length_mm: float, *, focus_m: float) -> float:
    """Size on the sensor over size in the scene: f/(s−f); 1 is life size."""
    require_positive(focal_length_mm=focal_length_mm)
    require_focus_beyond(focal_length_mm, focus_m)
    return focal_length_mm / (focus_m * 1000 - focal_length_mm)


def focus_for_magnification_m(focal_length_mm: float, *, magnification: float) -> float:
    """The focus distance in metres that gives a magnification: f(1 + 1/m).

    >>> focus_for_magnification_m(100, magnification=1.0)
    0.2
    """
    require_positive(focal_length_mm=focal_length_mm, magnification=magnification)
    return focal_length_mm * (1 + 1 / magnification) / 1000


def effective_f_number(f_number: float, *, magnification: float) -> float:
    """The f-number that counts for light and blur close up: N(1 + m), for a pupil ratio of 1."""
    require_positive(f_number=f_number)
    return f_number * (1 + magnification)


def diffraction_disc_mm(f_number: float, *, wavelength_nm: float = 550.0) -> float:
    """Diameter of the Airy disc to its first dark ring: 2.44·λ·N; 0.021 mm at f/16.

    Source: G. B. Airy (1835); E. Hecht, "Optics", section 10.2.
    """
    require_positive(f_number=f_number, wavelength_nm=wavelength_nm)
    return 2.44 * wavelength_nm * 1e-6 * f_number
