"""Rules about the amount of light: film speed, shutter, aperture, hands."""

from __future__ import annotations

from collections.abc import Iterator

from fluxkit import optics
from fluxkit.scene.rules.registry import Case, Found, rule

_TOLERANCE_STOPS = 2.0
_EXPOSED = "Exposure values of the usual subjects (ANSI PH2.7, ISO 2720); the expected light is right to 2 stops."


def shutter_words(seconds: float) -> str:
    """An exposure time as photographers write it."""
    return f"1/{round(1 / seconds)} s" if seconds < 0.4 else f"{seconds:.2g} s"


@rule("exposure", "warning", reason=_EXPOSED)
def exposure(case: Case) -> Iterator[Found]:
    """Aperture, shutter and sensitivity do not fit the light to expect."""
    seen, lens, stops = case.seen, case.scene.lens, case.seen.overexposure_stops
    if stops is None or abs(stops) <= _TOLERANCE_STOPS or lens is None or seen.scene_ev100 is None or seen.ev is None:
        return
    iso = 100 * 2 ** (seen.ev - (seen.ev100 or 0.0))
    fitting = optics.shutter_for(seen.scene_ev100, lens.f_number or 1.0, iso=iso)
    yield Found(
        "camera.shutter_s",
        f"The settings expose for EV {seen.ev100:.0f}, but the scene has about EV {seen.scene_ev100:.0f}: the picture "
        f"would be {abs(stops):.0f} stops too {'bright' if stops > 0 else 'dark'}.",
        f"Expose for about {shutter_words(fitting)}, or change ISO, aperture or light. The model exposes nothing, so "
        "this only matters for words such as frozen, streaked or noisy.",
    )


@rule(
    "slow-film", "warning", reason="Shutter time N²/(2^EV·ISO/100) against the reciprocal rule 1/f for a steady hand."
)
def slow_film(case: Case) -> Iterator[Found]:
    """A slow film in dim light needs a tripod that is not there."""
    scene, seen, lens = case.scene, case.seen, case.scene.lens
    speed = (scene.camera.iso if scene.camera else None) or (scene.film.exposure_index if scene.film else None)
    stated = scene.camera is not None and scene.camera.shutter_s is not None
    steady = scene.camera is not None and scene.camera.support == "tripod"
    if lens is None or lens.f_number is None or speed is None or seen.scene_ev100 is None or stated or steady:
        return
    needed, limit = optics.shutter_for(seen.scene_ev100, lens.f_number, iso=speed), seen.handheld_limit_s
    if limit is None or needed <= 2 * limit:
        return
    named = scene.film.name if scene.film else f"ISO {speed:g}"
    yield Found(
        "film" if scene.film else "camera.iso",
        f"{named} at f/{lens.f_number:g} in light of EV {seen.scene_ev100:.0f} needs {shutter_words(needed)}, and "
        f"hands hold {shutter_words(limit)} at this focal length.",
        f"Set camera.support='tripod', open the aperture, or take ISO {_speed(speed * needed / limit):g} or faster.",
    )


@rule(
    "handheld", "warning", reason="The reciprocal rule of 35 mm photography: 1/f seconds is what a steady hand holds."
)
def handheld(case: Case) -> Iterator[Found]:
    """A hand-held exposure is too long to be sharp."""
    camera, limit = case.scene.camera, case.seen.handheld_limit_s
    if camera is None or camera.shutter_s is None or camera.support != "handheld" or limit is None:
        return
    # Stabilised lenses and a sharp eye for the moment gain two stops; beyond that, sharpness is luck.
    if camera.shutter_s > 4 * limit:
        yield Found(
            "camera.support",
            f"{shutter_words(camera.shutter_s)} by hand blurs here; hands hold about {shutter_words(limit)}.",
            "Set camera.support='tripod', shorten the exposure, or ask for the blur in words.",
        )


@rule("iso-twice", "note", reason="A film has one speed; rating it otherwise is pushing or pulling.")
def iso_twice(case: Case) -> Iterator[Found]:
    """The camera's sensitivity differs from the film's."""
    camera, film = case.scene.camera, case.scene.film
    if camera is None or film is None or camera.iso is None or film.exposure_index is None or film.kind == "digital":
        return
    if not 0.7 < camera.iso / film.exposure_index < 1.42:
        yield Found(
            "camera.iso",
            f"camera.iso is {camera.iso:g}, but {film.name} is exposed at {film.exposure_index:g}.",
            "Leave camera.iso unset, or push the film: film.push(stops).",
        )


def _speed(iso: float) -> float:
    """The next full stop of film speed."""
    return next((speed for speed in (100, 200, 400, 800, 1600, 3200, 6400, 12800) if speed >= iso), 25600)
