"""`LightRig`: key, fill and rim from above, dragged around the subject."""

from __future__ import annotations

from typing import Any

import traitlets

from fluxkit.errors import InputError
from fluxkit.scene.light import Light
from fluxkit.scene.lighting import Lighting
from fluxkit.widgets import bundle
from fluxkit.widgets.base import View

LAMPS = ("key", "fill", "rim")


class LightRig(View):
    """The lights of a scene seen from above; `.lighting` is the typed value, with everything else kept as it was.

    The camera stands below the subject in the drawing, and left is the camera's left. Lights are dragged, or moved by
    the arrow keys: left and right go around the subject, up and down change the height.
    """

    _esm = bundle.module("rig.js")
    _css = bundle.text("sheet.css")

    lights = traitlets.Dict().tag(sync=True)
    """Lamp -> `{"azimuth": degrees, "elevation": degrees}`, or None for a lamp that is off."""

    def __init__(self, lighting: Lighting | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._lighting = lighting or Lighting()
        self.lights = {lamp: _place(getattr(self._lighting, lamp)) for lamp in LAMPS}
        self.observe(self._moved, "lights")

    @property
    def lighting(self) -> Lighting:
        """The lights as they stand."""
        return self._lighting

    @lighting.setter
    def lighting(self, lighting: Lighting | None) -> None:
        self._lighting = lighting or Lighting()
        self.lights = {lamp: _place(getattr(self._lighting, lamp)) for lamp in LAMPS}

    def describe(self) -> str:
        """One line: where each lamp stands."""
        said = [f"{lamp} {at['azimuth']:g}°/{at['elevation']:g}°" for lamp, at in self.lights.items() if at]
        return f"LightRig({', '.join(said) or 'no lights'})"

    def _moved(self, change: Any) -> None:
        for lamp in LAMPS:
            light, place = getattr(self._lighting, lamp), change["new"].get(lamp)
            if place != _place(light):
                self._lighting = self._lighting.with_(lamp, _light_at(light, place))


def _place(light: Light | None) -> dict[str, float] | None:
    if light is None or light.angles is None:
        return None
    azimuth, elevation = light.angles
    return {"azimuth": azimuth, "elevation": elevation}


def _light_at(light: Light | None, place: Any) -> Light | None:
    if place is None:
        return None
    angles = {"azimuth_deg": float(place["azimuth"]), "elevation_deg": float(place["elevation"])}
    if light is None:
        return Light(**angles)
    try:
        return light.with_(**angles)
    except InputError:
        # The name that was given before says another place than the hand does now: the hand is right.
        return light.with_(direction=None, **angles)
