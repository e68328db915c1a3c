"""`LightRig`: key, fill and rim from above, dragged around the subject."""

from __future__ import annotations

import io
from typing import Any

import traitlets

from fluxkit import optics
from fluxkit.errors import InputError
from fluxkit.scene.light import Light
from fluxkit.scene.lighting import Lighting
from fluxkit.widgets import bundle
from fluxkit.widgets.base import View

LAMPS = ("key", "fill", "rim")

_SPREAD_DEG: dict[str | None, float] = {"hard": 0, "crisp": 4, "semi-soft": 8, "soft": 16, "shadowless": 32}
"""How far around its place a light of each quality is spread on the clay head; set by eye."""


class LightRig(View):
    """The lights of a scene seen from above; `.lighting` is the typed value, with everything else kept as it was.

    The camera stands below the subject in the drawing, and left is the camera's left. Lights are dragged, or moved by
    the arrow keys: left and right go around the subject, up and down change the height. Dragged inwards a light rises.
    A clay head beside it shows roughly what the lights do to a face, the shadow of the nose included.

    >>> from fluxkit.scene.rigs import REMBRANDT
    >>> LightRig(REMBRANDT)
    LightRig(key -47°/42°)
    """

    _esm = bundle.module("rig.js")
    _css = bundle.text("sheet.css") + bundle.text("rig.css")

    lights = traitlets.Dict().tag(sync=True)
    """Lamp -> `{"azimuth": degrees, "elevation": degrees}`, or None for a lamp that is off."""
    look = traitlets.Dict().tag(sync=True)
    """Lamp -> how the clay head shows it: its spread in degrees, its power beside the key's, its colour."""

    def __init__(self, lighting: Lighting | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._lighting = Lighting()
        self.lighting = lighting or Lighting()
        self.observe(self._moved, "lights")

    @property
    def lighting(self) -> Lighting:
        """The lights as they stand."""
        return self._lighting

    @lighting.setter
    def lighting(self, lighting: Lighting | None) -> None:
        self._lighting = lighting or Lighting()
        self.look = _look(self._lighting)
        self.lights = _places(self._lighting)

    def describe(self) -> str:
        """One line: where each lamp stands."""
        said = [f"{lamp} {at['azimuth']:g}°/{at['elevation']:g}°" for lamp, at in self.lights.items() if at]
        return f"LightRig({', '.join(said) or 'no lights'})"

    def still(self) -> bytes:
        """The plan of the lights as a drawing."""
        from fluxkit.scene.drawing import light_plan

        buffer = io.BytesIO()
        plan = light_plan({"Lights from above": self._lighting})
        plan.savefig(buffer, format="png", dpi=96, metadata={"Software": ""})
        return buffer.getvalue()

    def _moved(self, change: Any) -> None:
        stood = _places(self._lighting)
        for lamp in LAMPS:
            light, place = getattr(self._lighting, lamp), change["new"].get(lamp)
            if place != stood[lamp]:
                self._lighting = self._lighting.with_(lamp, _light_at(light, place))
        self.look = _look(self._lighting)


def _places(lighting: Lighting) -> dict[str, dict[str, float] | None]:
    """Where each lamp stands; the key also where only the pattern says it."""
    angles = {lamp: light.angles if (light := getattr(lighting, lamp)) else None for lamp in LAMPS}
    angles["key"] = lighting.key_angles
    return {lamp: {"azimuth": at[0], "elevation": at[1]} if at else None for lamp, at in angles.items()}


def _look(lighting: Lighting) -> dict[str, dict[str, Any]]:
    """How the clay head shows each lamp; without a fill light, the ratio is shown by light from all around."""
    filling = 1 / max(0.1, lighting.ratio - 1) if lighting.ratio else 0.25
    powers = {"key": 1.0, "fill": min(1.0, filling), "rim": 0.8}
    found = {
        lamp: {"spread": _spread(light), "power": powers[lamp], "colour": _colour(light)}
        for lamp in LAMPS
        if (light := getattr(lighting, lamp) or Light())
    }
    around = 0.0 if lighting.fill else min(0.5, filling if lighting.ratio else 0.06)
    return {**found, "around": {"spread": 40, "power": around, "colour": [1.0, 1.0, 1.0]}}


def _spread(light: Light) -> float:
    return _SPREAD_DEG.get(light.softness, 6.0)


def _colour(light: Light) -> list[float]:
    """The light's colour in linear red, green and blue, as film balanced for daylight sees it."""
    if light.kelvin is None:
        return [1.0, 1.0, 1.0]
    return [round(value**2.2, 3) for value in optics.kelvin_rgb(light.kelvin, balance_k=optics.DAYLIGHT_K)]


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
