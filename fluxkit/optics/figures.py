"""Numbers as photographers write them."""

from __future__ import annotations

import math


def number(value: float, digits: int = 4) -> str:
    """A number with so many significant digits and no trailing zeros.

    >>> number(85.0), number(6534.2, 2)
    ('85', '6500')
    """
    return f"{round(value, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0:.10g}"


def shutter(seconds: float) -> str:
    """An exposure time as it stands on the dial.

    >>> shutter(0.004), shutter(0.5), shutter(30)
    ('1/250 s', '1/2 s', '30 s')
    """
    if seconds >= 1 or abs(1 / seconds - round(1 / seconds)) > 0.05 / seconds:
        return f"{seconds:.3g} s"
    return f"1/{round(1 / seconds)} s"


def metres(value: float) -> str:
    """A distance as it is said: centimetres below one metre.

    >>> metres(1.5), metres(0.35)
    ('1.5 m', '35 cm')
    """
    return f"{value * 100:.3g} cm" if value < 1 else f"{value:.3g} m"
