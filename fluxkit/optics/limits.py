"""Refusals that every optical function shares."""

from __future__ import annotations

import math

from fluxkit.errors import InputError


def require_positive(**values: float) -> None:
    """Raise `InputError` for the first named value that is not a positive number (infinity is allowed)."""
    for name, value in values.items():
        if not value > 0 or math.isnan(value):
            raise InputError(
                f"{name}={value:g} was given. It must be greater than 0. Give {name} as a positive number."
            )


def require_focus_beyond(focal_length_mm: float, focus_m: float) -> None:
    """Raise `InputError` where the focus distance lies within the focal length, where no lens forms an image."""
    if focus_m * 1000 <= focal_length_mm:
        raise InputError(
            f"A focus distance of {focus_m:g} m was given for a lens of {focal_length_mm:g} mm. A lens forms an image "
            f"only of what is further away than its focal length. Focus beyond {focal_length_mm / 1000:g} m."
        )
