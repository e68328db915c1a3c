"""The lighting ratio: how much brighter the lit side of a head is than its shadow side, in three bands."""

from __future__ import annotations

import math

from fluxkit.measure.key_light import on_head
from fluxkit.measure.measurement import Measurement, abstain
from fluxkit.measure.pixels import Picture, pixels
from fluxkit.measure.subject import SubjectRegion, find_subject

_METHOD = "(key + ambient) : ambient of the relit generic head"
_EVEN, _DRAMATIC = 2.2, 6.0


def lighting_ratio(picture: Picture, *, region: SubjectRegion | None = None) -> Measurement:
    """The lighting ratio as a rank, (key + fill) : fill; film curves compress it, so only its band is to be trusted.

    Abstains without a face, and wherever the key light's direction is in doubt.
    """
    region = region or find_subject(picture)
    if region is None or region.face is None:
        return abstain("lighting_ratio", "no face was found", method=_METHOD)
    light = on_head(pixels(picture), region.face)
    if light.doubt is not None or light.vector[2] < -0.25:
        reason = light.doubt or "the key stands behind the head"
        return abstain("lighting_ratio", reason, method=_METHOD, region="head")
    ratio = min((light.ambient + light.key) / max(light.ambient, light.key / 63, 1e-3), 64.0)
    band = "even" if ratio < _EVEN else "dramatic" if ratio > _DRAMATIC else "moderate"
    return Measurement(
        name="lighting_ratio",
        value=ratio,
        unit="(key + fill) : fill",
        words=f"{band} (about {ratio:.0f}:1, {math.log2(ratio):.1f} stops; the band, not the number)",
        confidence=round(0.4 * light.confidence, 2),
        region="head",
        method=_METHOD,
    )
