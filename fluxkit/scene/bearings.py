"""Directions in words, as the camera sees them."""

from __future__ import annotations


def direction(azimuth_deg: float, elevation_deg: float) -> str:
    """Where a light comes from, in words; left and right are the camera's.

    >>> direction(-47, 42), direction(152, 28), direction(0, 45)
    ('from high on the front left', 'from behind on the right', 'from high in front')
    """
    away = abs((azimuth_deg + 180) % 360 - 180)
    side = "left" if (azimuth_deg + 180) % 360 - 180 < 0 else "right"
    if elevation_deg >= 65:
        return "from directly above"
    height = "high " if elevation_deg >= 35 else "below " if elevation_deg <= -15 else ""
    if away < 15:
        return {"high ": "from high in front", "below ": "from below", "": "from the front"}[height]
    if away > 165:
        return "from high behind" if height == "high " else "from behind"
    place = f"front {side}" if away < 60 else side if away <= 115 else ""
    if not place:
        return f"from {'high ' if height == 'high ' else ''}behind on the {side}"
    return {"high ": f"from high on the {place}", "below ": f"from below on the {place}", "": f"from the {place}"}[
        height
    ]
