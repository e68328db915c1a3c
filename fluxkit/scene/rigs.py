"""Ready lighting rigs: the classic portrait patterns, stated once.

Each stands at camera left; `REMBRANDT.mirrored()` puts it at camera right, and `lighting.key.direction` moves it in a
sweep. The angles are those of `PATTERNS` (section 1.5 of the imaging reference); ratios are the usual ones of portrait
practice, as (key + fill) : fill.
"""

from __future__ import annotations

from fluxkit.scene.light import Light
from fluxkit.scene.lighting import Lighting

FLAT = Lighting(pattern="flat", key=Light(direction="front", modifier="octabox", distance_m=1.5), ratio=1.2)
"""Even frontal light without a nose shadow."""

BUTTERFLY = Lighting(pattern="butterfly", key=Light(direction="front", modifier="beauty dish", distance_m=1.0), ratio=3)
"""The glamour light of the thirties: from above the camera, a shadow straight under the nose."""

CLAMSHELL = Lighting(
    pattern="clamshell",
    key=Light(direction="front", modifier="octabox", distance_m=1.2),
    fill=Light(azimuth_deg=0, elevation_deg=-25, modifier="reflector", distance_m=0.8),
    ratio=2,
)
"""Butterfly with a reflector below: the beauty light, with two catchlights."""

LOOP = Lighting(pattern="loop", key=Light(direction="front left", modifier="softbox", distance_m=1.2), ratio=3)
"""The kindest portrait light: a small shadow beside the nose."""

REMBRANDT = Lighting(
    pattern="rembrandt", key=Light(direction="front left", modifier="softbox", distance_m=1.5), ratio=4
)
"""High from the side: a lit triangle under the far eye."""

SPLIT = Lighting(pattern="split", key=Light(direction="left", modifier="strip box", distance_m=1.2), ratio=8)
"""From the side: half the face in darkness."""

RIM = Lighting(
    pattern="rim", key=Light(direction="behind left", modifier="strip box", distance_m=1.5, quality="crisp"), ratio=8
)
"""From behind and above: a bright outline."""

SHORT = Lighting(
    short_or_broad="short",
    key=Light(azimuth_deg=-40, elevation_deg=28, modifier="softbox", distance_m=1.5),
    ratio=4,
)
"""The side of the face turned away from the camera lit: slims. Needs `subject.yaw_deg` of -10 or less (a face turned
to camera left)."""

BROAD = Lighting(
    short_or_broad="broad",
    key=Light(azimuth_deg=-40, elevation_deg=28, modifier="softbox", distance_m=1.5),
    ratio=3,
)
"""The side of the face turned to the camera lit: widens. Needs `subject.yaw_deg` of 10 or more (a face turned to
camera right)."""

NORTH_WINDOW = Lighting(
    key=Light(direction="left", source="north window", modifier="window", distance_m=1.5, temperature_k=6500), ratio=4
)
"""A north-facing window from the left: the painters' light."""

GOLDEN_BACKLIGHT = Lighting(
    key=Light(direction="behind right", source="sun", temperature_k=3500),
    fill=Light(direction="front left", source="open shade"),
    ratio=4,
)
"""A low sun behind the subject, the sky as fill."""
