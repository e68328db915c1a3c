"""What a lens takes in, and what would take in the same on another format."""

from __future__ import annotations

import math
from typing import NamedTuple

from fluxkit.optics.focus import magnification
from fluxkit.optics.formats import FORMATS, Format
from fluxkit.optics.limits import require_positive


class AngleOfView(NamedTuple):
    """Angles in degrees across the picture held in landscape position."""

    horizontal_deg: float
    vertical_deg: float
    diagonal_deg: float


class Equivalent(NamedTuple):
    """Settings on another format that give the same view, depth of field and total light."""

    focal_length_mm: float
    f_number: float | None
    iso: float | None


def angle_deg(side_mm: float, focal_length_mm: float, *, focus_m: float = math.inf) -> float:
    """The angle that one side of the picture takes in: 2·atan(w / 2f(1+m)), in degrees.

    Rectilinear lenses only. Source: S. F. Ray, "Applied Photographic Optics", section 10.3.

    >>> round(angle_deg(36, 50), 1)
    39.6
    """
    require_positive(side_mm=side_mm, focal_length_mm=focal_length_mm)
    m = 0.0 if math.isinf(focus_m) else magnification(focal_length_mm, focus_m=focus_m)
    return 2 * math.degrees(math.atan(side_mm / (2 * focal_length_mm * (1 + m))))


def angle_of_view(picture: Format, focal_length_mm: float, *, focus_m: float = math.inf) -> AngleOfView:
    """Horizontal, vertical and diagonal angle of view in degrees."""
    sides = (picture.width_mm, picture.height_mm, picture.diagonal_mm)
    return AngleOfView(*(angle_deg(side, focal_length_mm, focus_m=focus_m) for side in sides))


def equivalent(
    focal_length_mm: float,
    f_number: float | None = None,
    *,
    iso: float | None = None,
    picture: Format,
    on: Format = FORMATS["full frame"],
) -> Equivalent:
    """The settings on format `on` that make the same picture as these on `picture`: f·k, N·k, ISO·k².

    k is the ratio of the diagonals. Perspective is untouched: it depends on the distance alone.

    >>> from fluxkit.optics import FORMATS
    >>> f, n, iso = equivalent(6.9, 1.8, iso=50, picture=FORMATS["phone 1/1.3"])
    >>> round(f), round(n, 1), round(iso)
    (24, 6.4, 627)
    """
    require_positive(focal_length_mm=focal_length_mm)
    k = on.diagonal_mm / picture.diagonal_mm
    return Equivalent(
        focal_length_mm * k,
        None if f_number is None else f_number * k,
        None if iso is None else iso * k * k,
    )


def field_size_m(side_mm: float, focal_length_mm: float, *, focus_m: float) -> float:
    """How much of the scene fits into one side of the picture, in metres at the focus distance."""
    require_positive(side_mm=side_mm)
    return side_mm / 1000 / magnification(focal_length_mm, focus_m=focus_m)
