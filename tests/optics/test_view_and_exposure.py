"""Angle of view, equivalence, exposure."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxkit import optics
from fluxkit.optics import FORMATS

# Table 1.2 of the project's imaging reference, the figures that lens makers print: horizontal, vertical, diagonal.
ANGLES = {
    20: (84, 62, 95),
    24: (74, 53, 84),
    28: (66, 46, 75),
    35: (54, 38, 63),
    50: (40, 27, 47),
    85: (24, 16, 29),
    105: (20, 13, 23),
    135: (15, 10, 18),
    200: (10, 7, 12),
}
CROPS = {"full frame": 1.00, "APS-C": 1.53, "APS-C Canon": 1.61, "Super 35": 1.39, "Micro Four Thirds": 2.00}
CROPS |= {"1 inch": 2.73, "phone 1/1.3": 3.54, "phone 1/2.55": 6.18, "645 digital": 0.79, "645": 0.62}
CROPS |= {"6x6": 0.55, "6x7": 0.48, "4x5": 0.28, "8x10": 0.14}


@pytest.mark.parametrize("focal", ANGLES)
def test_angles_of_view_are_those_that_lens_makers_print(focal):
    found = optics.angle_of_view(FORMATS["full frame"], focal)
    assert [round(angle) for angle in found] == pytest.approx(ANGLES[focal], abs=1)
    assert found == pytest.approx(ANGLES[focal], abs=0.75)


def test_crop_factors_are_the_published_ones():
    assert {name: round(picture.crop_factor, 2) for name, picture in FORMATS.items()} == pytest.approx(
        CROPS, abs=0.0101
    )


def test_focusing_close_narrows_the_view():
    assert optics.angle_deg(36, 100, focus_m=0.2) == pytest.approx(2 * math.degrees(math.atan(36 / 400)), rel=1e-9)


@given(st.floats(4, 400), st.floats(1, 32), st.sampled_from(list(FORMATS)), st.sampled_from(list(FORMATS)))
def test_an_equivalent_of_an_equivalent_is_the_original(focal, stop, one, other):
    there = optics.equivalent(focal, stop, iso=100, picture=FORMATS[one], on=FORMATS[other])
    back = optics.equivalent(there[0], there[1], iso=there[2], picture=FORMATS[other], on=FORMATS[one])
    assert back == pytest.approx((focal, stop, 100), rel=1e-9)


@given(st.floats(4, 400), st.sampled_from(list(FORMATS)))
def test_an_equivalent_lens_sees_the_same_diagonal(focal, name):
    there = optics.equivalent(focal, picture=FORMATS[name])
    here = optics.angle_of_view(FORMATS[name], focal).diagonal_deg
    assert optics.angle_of_view(FORMATS["full frame"], there.focal_length_mm).diagonal_deg == pytest.approx(here)


def test_the_field_of_an_85_at_two_metres_is_a_head_and_shoulders():
    assert optics.field_size_m(24, 85, focus_m=2.0) == pytest.approx(0.5407, rel=1e-3)


def test_sunny_sixteen():
    assert optics.ev100(16, 1 / 100) == pytest.approx(14.64, abs=0.005)
    assert optics.ev100(16, 1 / 400, iso=400) == pytest.approx(optics.ev100(16, 1 / 100))
    assert optics.overexposure_stops(15, optics.ev100(16, 1 / 100)) == pytest.approx(0.36, abs=0.005)


def test_a_candle_at_sunny_sixteen_settings_is_fourteen_stops_dark():
    settings = optics.ev100(16, 1 / 1000)
    assert optics.overexposure_stops(optics.SCENE_EV100["candle close-up"], settings) == pytest.approx(-14, abs=0.1)


@given(st.floats(-4, 18), st.floats(1, 32), st.floats(25, 6400))
def test_the_shutter_for_a_light_exposes_it_exactly(light, stop, iso):
    shutter = optics.shutter_for(light, stop, iso=iso)
    assert optics.ev100(stop, shutter, iso=iso) == pytest.approx(light, abs=1e-9)


def test_full_sun_is_about_82_kilolux():
    assert optics.lux(15) == 81920


def test_the_reciprocal_rule():
    assert optics.handheld_limit_s(200) == 1 / 200
