"""The softness of the light, which a picture of one head does not tell reliably."""

from __future__ import annotations

from fluxkit.measure.measurement import Measurement, abstain
from fluxkit.measure.pixels import Picture

_METHOD = "none that holds: the best reader of rendered heads reached a rank correlation of 0.37"


def softness(picture: Picture) -> Measurement:
    """Always abstains: neither shading nor the terminator of a head ranks soft against hard light well enough.

    It is listed so that a scene that asks for soft light is told that nobody checked, rather than nothing at all.
    """
    del picture
    return abstain("softness", "the width of shadow edges cannot be read reliably from one picture", method=_METHOD)
