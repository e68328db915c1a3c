"""`Optics`: what a scene's numbers mean together, from depth of field to the sun."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import ConfigDict

from fluxkit import optics
from fluxkit.optics import FormatName
from fluxkit.scene import brightness, subjects
from fluxkit.scene.camera import Camera, Lens
from fluxkit.scene.composition import Composition
from fluxkit.scene.environment import Environment
from fluxkit.scene.lighting import Lighting
from fluxkit.scene.noun import Noun
from fluxkit.scene.subject import Subject

if TYPE_CHECKING:
    from fluxkit.scene.scene import Scene


class Optics(Noun):
    """What follows from a scene by physics; every value is None where the scene does not say enough."""

    model_config = ConfigDict(allow_inf_nan=True)

    format: FormatName = "full frame"
    """The format that the rest was computed for."""
    circle_of_confusion_mm: float
    """The largest blur taken for sharp: the format's diagonal divided by 1500."""
    crop_factor: float = 1.0
    """Full-frame diagonal over this format's."""

    focus_distance_m: float | None = None
    """Stated, or derived from the framing of a person."""
    focus_from: Literal["stated", "framing"] | None = None
    """Where the focus distance comes from."""
    near_limit_m: float | None = None
    """Nearest distance that looks sharp."""
    far_limit_m: float | None = None
    """Furthest distance that looks sharp; infinite from the hyperfocal distance on."""
    hyperfocal_m: float | None = None
    """Focused here, all from half of it to infinity looks sharp."""
    magnification: float | None = None
    """Size on the sensor over size in the scene."""
    background_blur: float | None = None
    """Blur disc of infinity as a share of the picture's short side: 0.06 is a background dissolved."""
    diffraction_disc_mm: float | None = None
    """Diameter of the Airy disc at 550 nm."""

    angle_of_view_deg: float | None = None
    """Across the diagonal, at the focus distance."""
    horizontal_deg: float | None = None
    """Across the long side of the format."""
    vertical_deg: float | None = None
    """Across the short side of the format."""
    equivalent_focal_length_mm: float | None = None
    """The full-frame lens with the same view."""
    equivalent_f_number: float | None = None
    """The full-frame aperture with the same depth of field."""
    equivalent_iso: float | None = None
    """The full-frame sensitivity with the same total light."""

    ev: float | None = None
    """Exposure value of aperture and shutter."""
    ev100: float | None = None
    """The light that aperture, shutter and sensitivity expose correctly, as an exposure value at ISO 100."""
    scene_ev100: float | None = None
    """The light to expect from place, time and weather, at ISO 100."""
    overexposure_stops: float | None = None
    """Stops by which the settings overexpose the light to expect; negative is dark."""
    handheld_limit_s: float | None = None
    """Longest exposure of a steady hand by the reciprocal rule."""

    sun_azimuth_deg: float | None = None
    """The sun clockwise from north, from clock and position."""
    sun_elevation_deg: float | None = None
    """The sun above the horizon, without refraction."""
    sky: str | None = None
    """What photographers call that light: "golden hour"."""
    shadow_length: float | None = None
    """Cast shadows in heights of what casts them; infinite with the sun down."""

    key_apparent_deg: float | None = None
    """How large the key looks from the subject."""
    key_quality: str | None = None
    """The quality that follows from that size, whatever was stated."""

    @property
    def depth_of_field_m(self) -> float | None:
        """From the near to the far limit in metres."""
        if self.near_limit_m is None or self.far_limit_m is None:
            return None
        return self.far_limit_m - self.near_limit_m

    @property
    def hyperfocal_or_beyond(self) -> bool:
        """Whether everything from the near limit to infinity looks sharp."""
        return self.far_limit_m is not None and math.isinf(self.far_limit_m)


_ANY_CAMERA, _ANY_COMPOSITION = Camera(), Composition()


class Setup(NamedTuple):
    """Everything that the lens's facts depend on."""

    lens: Lens
    camera: Camera
    composition: Composition
    subject: Subject | None
    aspect_ratio: str | None
    iso: float | None
    backdrop: bool
    """Whether the background is a backdrop close behind the subject rather than the distance."""


@lru_cache(maxsize=8192)
def lens_facts(setup: Setup) -> dict[str, Any]:
    """What lens, camera and framing say together; kept, since a sweep asks for the same few again and again."""
    lens, camera, iso = setup.lens, setup.camera, setup.iso
    picture = optics.FORMATS[camera.format]
    circle = optics.circle_of_confusion_mm(picture)
    focal, stop = lens.focal_length_mm, lens.f_number
    focus, focus_from = _focus(setup, picture)
    close = math.inf if focus is None else focus
    facts: dict[str, Any] = {"focus_distance_m": focus, "focus_from": focus_from}
    view = optics.angle_of_view(picture, focal, focus_m=close)
    facts |= {"angle_of_view_deg": view.diagonal_deg}
    facts |= {"horizontal_deg": view.horizontal_deg, "vertical_deg": view.vertical_deg}
    same = optics.equivalent(focal, stop, iso=iso, picture=picture)
    facts |= {f"equivalent_{name}": value for name, value in same._asdict().items()}
    facts["handheld_limit_s"] = optics.handheld_limit_s(same.focal_length_mm)
    if stop is not None:
        facts["hyperfocal_m"] = optics.hyperfocal_m(focal, stop, circle_mm=circle)
        facts["diffraction_disc_mm"] = optics.diffraction_disc_mm(stop)
    if focus is not None:
        facts["magnification"] = optics.magnification(focal, focus_m=focus)
    if stop is not None and focus is not None:
        limits = optics.depth_of_field(focal, stop, focus_m=focus, circle_mm=circle)
        facts |= {"near_limit_m": limits.near_m, "far_limit_m": limits.far_m}
        facts["background_blur"] = optics.blur_fraction(focal, stop, picture=picture, focus_m=focus)
    return facts


def setup_of(scene: Scene) -> Setup | None:
    """The parts of a scene that its lens's facts depend on, gathered once; None without a lens."""
    return scene.once("setup", _setup)


def _setup(scene: Scene) -> Setup | None:
    if scene.lens is None:
        return None
    camera = scene.camera or _ANY_CAMERA
    iso = camera.iso or (scene.film.exposure_index if scene.film else None)
    backdrop = scene.environment is not None and scene.environment.has_backdrop
    composition = scene.composition or _ANY_COMPOSITION
    return Setup(scene.lens, camera, composition, scene.subject, scene.aspect_ratio, iso, backdrop)


def scene_optics(scene: Scene) -> Optics:
    """The optics of a scene; see `Scene.optics`."""
    camera = scene.camera or _ANY_CAMERA
    picture = optics.FORMATS[camera.format]
    facts: dict[str, Any] = {"format": camera.format, "crop_factor": picture.crop_factor}
    facts["circle_of_confusion_mm"] = optics.circle_of_confusion_mm(picture)
    setup = setup_of(scene)
    if setup is not None:
        facts |= lens_facts(setup)
    return Optics(**facts | _exposure(scene, setup) | _sun(scene.environment) | _key(scene.lighting))


def _focus(setup: Setup, picture: optics.Format) -> tuple[float | None, Literal["stated", "framing"] | None]:
    if setup.lens.focus_distance_m is not None:
        return setup.lens.focus_distance_m, "stated"
    height = subjects.framed_height_m(setup.composition, setup.subject)
    if height is None:
        return None, None
    enlarged = subjects.picture_height_mm(picture, setup.aspect_ratio) / 1000 / height
    return optics.focus_for_magnification_m(setup.lens.focal_length_mm, magnification=enlarged), "framing"


def _exposure(scene: Scene, setup: Setup | None) -> dict[str, Any]:
    light = brightness.expected_ev100(scene.environment, scene.lighting)
    facts: dict[str, Any] = {"scene_ev100": light}
    if setup is None or setup.lens.f_number is None or setup.camera.shutter_s is None:
        return facts
    facts["ev"] = optics.ev(setup.lens.f_number, setup.camera.shutter_s)
    if setup.iso is not None:
        facts["ev100"] = optics.ev100(setup.lens.f_number, setup.camera.shutter_s, iso=setup.iso)
        if light is not None:
            facts["overexposure_stops"] = optics.overexposure_stops(light, facts["ev100"])
    return facts


def _sun(environment: Environment | None) -> dict[str, Any]:
    sun = environment.sun if environment else None
    if sun is None:
        return {}
    return {
        "sun_azimuth_deg": sun.azimuth_deg,
        "sun_elevation_deg": sun.elevation_deg,
        "sky": optics.sky_name(sun.elevation_deg),
        "shadow_length": optics.shadow_length(sun.elevation_deg),
    }


def _key(lighting: Lighting | None) -> dict[str, Any]:
    angle = lighting.key.apparent_deg if lighting and lighting.key else None
    return {} if angle is None else {"key_apparent_deg": angle, "key_quality": optics.softness(angle)}
