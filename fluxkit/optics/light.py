"""How hard a light is, how deep its shadows, and where it shows in the eye.

Formulas: apparent size and penumbra are plane geometry; the ratio convention is the one of "Light: Science and Magic"
(Hunter, Biver, Fuqua). The bands of softness are our own advice, set where the penumbra of a nose on a cheek
(2 cm away) becomes about 1, 5 and 12 mm wide.
"""

from __future__ import annotations

import math
from typing import Literal

from fluxkit.optics.limits import require_positive

Softness = Literal["hard", "crisp", "semi-soft", "soft", "shadowless"]

SUN_DIAMETER_DEG = 0.53
"""Apparent diameter of the sun and, nearly the same, of the moon."""


def source_angle_deg(size_m: float, distance_m: float) -> float:
    """How large a source looks from the subject: 2·atan(size / 2·distance), in degrees.

    >>> round(source_angle_deg(0.9, 1.2))
    41
    """
    require_positive(size_m=size_m, distance_m=distance_m)
    return 2 * math.degrees(math.atan(size_m / 2 / distance_m))


def softness(angle_deg: float) -> Softness:
    """The quality of the shadows of a source of that apparent size.

    >>> softness(0.53), softness(41), softness(180)
    ('hard', 'soft', 'shadowless')
    """
    bands: tuple[tuple[float, Softness], ...] = ((3, "hard"), (15, "crisp"), (35, "semi-soft"), (130, "soft"))
    return next((name for limit, name in bands if angle_deg < limit), "shadowless")


def penumbra_m(size_m: float, *, source_to_edge_m: float, edge_to_surface_m: float) -> float:
    """Width in metres of the soft edge of a shadow: size · d(edge to surface) / d(source to edge)."""
    require_positive(size_m=size_m, source_to_edge_m=source_to_edge_m)
    return size_m * edge_to_surface_m / source_to_edge_m


def ratio_stops(ratio: float) -> float:
    """Stops between lit side and shadow side for a lighting ratio of (key + fill) : fill.

    >>> ratio_stops(4)
    2.0
    """
    require_positive(ratio=ratio)
    return math.log2(ratio)


def ratio_from_lux(key_lux: float, fill_lux: float) -> float:
    """The lighting ratio (key + fill) : fill of two lights metered apart: 1 + K/F."""
    require_positive(fill_lux=fill_lux)
    return 1 + key_lux / fill_lux


def falloff_stops(near_m: float, far_m: float) -> float:
    """Stops of light lost from one distance to another by the inverse square law (small sources only)."""
    require_positive(near_m=near_m, far_m=far_m)
    return 2 * math.log2(far_m / near_m)


def catchlight_clock(azimuth_deg: float, elevation_deg: float) -> int | None:
    """The hour at which a light shows in an eye that looks at the camera, as on a clock; None for a light from behind.

    The cornea is a mirror ball: the highlight lies towards the half vector between light and camera, on the
    light's own side of the picture. Within 10 degrees of the camera it sits in the centre: None as well.

    >>> catchlight_clock(-45, 30), catchlight_clock(0, 45)
    (10, 12)
    """
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    right, up = math.sin(azimuth) * math.cos(elevation), math.sin(elevation)
    towards_camera = math.cos(azimuth) * math.cos(elevation)
    if towards_camera < 0 or math.hypot(right, up) < math.sin(math.radians(10)):
        return None
    hour = round(math.degrees(math.atan2(right, up)) / 30) % 12
    return hour or 12
