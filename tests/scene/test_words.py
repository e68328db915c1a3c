"""The words that follow from numbers, and the optics behind them."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from fluxkit import optics
from fluxkit.scene import (
    Camera,
    Composition,
    Environment,
    Lens,
    Light,
    Lighting,
    Scene,
    Subject,
    rigs,
    stocks,
)
from fluxkit.scene.bearings import direction
from tests.scene.strategies import FEW_DRAWS, scenes

WOMAN = Subject(description="a 28-year-old woman")


def shot(focal, stop, focus, name="full frame"):
    lens = Lens(focal_length_mm=focal, f_number=stop, focus_distance_m=focus)
    return Scene(subject=WOMAN, lens=lens, camera=Camera(format=name))


def test_an_85_wide_open_up_close_says_that_the_ears_already_blur():
    assert shot(85, 1.4, 1.2).depth_words == (
        "eyes in sharp focus while the ears already blur, the background dissolved into soft bokeh"
    )
    assert "ears already soften" in shot(85, 1.8, 1.5).depth_words


def test_a_24_at_f11_says_front_to_back_sharpness():
    assert shot(24, 11, 3).depth_words == "front-to-back sharpness"
    assert Scene(lens=Lens(focal_length_mm=24, f_number=11)).depth_words == "front-to-back sharpness"


@given(st.floats(20, 200), st.floats(1.2, 16), st.floats(2.0, 8.0), st.sampled_from(list(optics.FORMATS)))
@example(162.0, 2.0, 2.0, "6x7")
@settings(max_examples=3 * FEW_DRAWS, deadline=None)
def test_equivalent_lenses_are_worded_alike_on_every_format(focal, stop, focus, name):
    """The same view, aperture diameter and distance make the same picture, so they must read the same."""
    k = optics.FORMATS["full frame"].diagonal_mm / optics.FORMATS[name].diagonal_mm
    assume(0.5 <= stop / k <= 512 and focal / k < 400)
    here, there = shot(focal, stop, focus), shot(focal / k, stop / k, focus, name)
    assert here.view_words == there.view_words or _near_a_limit(focal, (18, 30, 41, 61, 105, 180))
    blur = here.optics().background_blur
    ears = optics.blur_fraction(
        focal, stop, picture=optics.FORMATS["full frame"], focus_m=focus, distance_m=focus + 0.11
    )
    if _near_a_limit(blur, (0.005, 0.02, 0.06)) or _near_a_limit(ears, (0.005, 0.012)) or _near_hyperfocal(here):
        return
    assert here.depth_words == there.depth_words


def _near_a_limit(value, limits):
    return any(abs(value / limit - 1) < 0.25 for limit in limits)


def _near_hyperfocal(scene):
    seen = scene.optics()
    return abs(seen.focus_distance_m / seen.hyperfocal_m - 1) < 0.4 or (
        seen.hyperfocal_or_beyond and seen.near_limit_m > 1.8
    )


def test_black_and_white_film_has_no_warmth():
    lit = Scene(lighting=Lighting(key=Light(source="tungsten")))
    assert lit.temperature_words == "warm"
    assert lit.with_(film=stocks.TRI_X_400).temperature_words is None
    assert lit.with_(film=stocks.CINESTILL_800T).temperature_words == "neutral"


@pytest.mark.parametrize(
    ("angles", "words"),
    [
        ((0, 15), "from the front"),
        ((0, 45), "from high in front"),
        ((0, -30), "from below"),
        ((-45, 25), "from the front left"),
        ((-47, 42), "from high on the front left"),
        ((90, 10), "from the right"),
        ((-60, 50), "from high on the left"),
        ((60, -20), "from below on the right"),
        ((145, 25), "from behind on the right"),
        ((180, 20), "from behind"),
        ((-172, 40), "from high behind"),
        ((30, 80), "from directly above"),
    ],
)
def test_directions_in_words(angles, words):
    assert direction(*angles) == words


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_mirrored_directions_swap_left_and_right(azimuth, elevation):
    swap = {"left": "right", "right": "left"}
    mirrored = " ".join(swap.get(word, word) for word in direction(azimuth, elevation).split())
    assert direction(-azimuth, elevation) == mirrored


def test_rigs_are_said_by_pattern_side_and_depth():
    assert rigs.REMBRANDT.pattern_words == "Rembrandt lighting with a lit triangle under the far eye"
    assert rigs.REMBRANDT.direction_words == "from high on the front left"
    assert rigs.REMBRANDT.mirrored().direction_words == "from high on the front right"
    assert rigs.SPLIT.ratio_words == "dramatic shadows"
    assert rigs.BUTTERFLY.key.modifier_words == "from a beauty dish"


def test_the_focus_distance_follows_from_the_framing_of_a_person():
    scene = Scene(
        subject=WOMAN, lens=Lens(focal_length_mm=85, f_number=1.8), composition=Composition(framing="close-up")
    )
    seen = scene.optics()
    assert seen.focus_from == "framing"
    shown = optics.field_size_m(24, 85, focus_m=seen.focus_distance_m)
    assert shown == pytest.approx(0.32)
    upright = scene.with_(aspect_ratio="2:3").optics()
    assert optics.field_size_m(36, 85, focus_m=upright.focus_distance_m) == pytest.approx(0.32)
    assert scene.with_("subject", "a ceramic teapot").optics().focus_distance_m is None


def test_optics_agree_with_the_closed_form_within_a_thousandth():
    seen = shot(85, 1.8, 2.0).optics()
    f, n, s, c = 85.0, 1.8, 2000.0, math.hypot(36, 24) / 1500
    hyperfocal = f * f / (n * c) + f
    assert seen.circle_of_confusion_mm == pytest.approx(c, rel=1e-6)
    assert seen.hyperfocal_m == pytest.approx(hyperfocal / 1000, rel=1e-6)
    assert seen.near_limit_m == pytest.approx(s * (hyperfocal - f) / (hyperfocal + s - 2 * f) / 1000, rel=1e-6)
    assert seen.far_limit_m == pytest.approx(s * (hyperfocal - f) / (hyperfocal - s) / 1000, rel=1e-6)
    assert shot(24, 8, 3.0).optics().far_limit_m == math.inf


def test_optics_are_none_where_the_scene_says_too_little():
    seen = Scene().optics()
    assert seen.circle_of_confusion_mm == pytest.approx(0.0288, abs=1e-4)
    assert seen.near_limit_m is seen.hyperfocal_m is seen.angle_of_view_deg is seen.ev is seen.sun_elevation_deg is None
    without_aperture = Scene(lens=Lens(focal_length_mm=50)).optics()
    assert without_aperture.angle_of_view_deg == pytest.approx(46.8, abs=0.05)
    assert without_aperture.hyperfocal_m is None


def test_exposure_and_sun_come_from_camera_film_clock_and_place():
    scene = Scene(
        environment=Environment(clock=datetime(2026, 6, 21, 12, 30, tzinfo=UTC), latitude_deg=38.7, longitude_deg=-9.1),
        lens=Lens(focal_length_mm=50, f_number=16),
        camera=Camera(shutter_s=1 / 400),
        film=stocks.TRI_X_400,
    )
    seen = scene.optics()
    assert seen.ev100 == pytest.approx(14.64, abs=0.01)
    assert seen.scene_ev100 == 15
    assert seen.overexposure_stops == pytest.approx(0.36, abs=0.01)
    assert seen.sun_elevation_deg == pytest.approx(74.7, abs=0.3)
    assert (seen.sky, scene.sun_words) == ("day", "light from a high sun, with short shadows")


def test_shutter_words():
    assert Scene(camera=Camera(shutter_s=1 / 2000)).exposure_words == "motion frozen sharp"
    assert Scene(camera=Camera(shutter_s=1 / 125)).exposure_words is None
    assert "streaks" in Scene(camera=Camera(shutter_s=4)).exposure_words


@given(scenes)
@settings(max_examples=FEW_DRAWS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_derived_words_are_clean_for_any_scene(scene):
    found = [scene.depth_words, scene.view_words, scene.temperature_words, scene.sun_words, scene.exposure_words]
    for noun in (scene.lighting, scene.lens, scene.camera, scene.film, scene.atmosphere):
        found += [getattr(noun, name) for name in dir(type(noun)) if name.endswith("_words")] if noun else []
    for words in filter(None, found):
        assert words == " ".join(words.split())
        assert not words.endswith((".", ",")) and "None" not in words and "nan" not in words and "inf " not in words


def test_word_paths_name_fields_and_properties():
    for name, path in Scene.word_paths.items():
        assert isinstance(getattr(Scene, name), property)
        assert path in Scene.paths()
