"""Colour temperature, softness, shadows, catchlights."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxkit import optics

kelvins = st.floats(1700, 20000)


@given(kelvins)
def test_mired_and_kelvin_are_inverse(kelvin):
    assert optics.kelvin_from_mired(optics.mired(kelvin)) == pytest.approx(kelvin)


@given(kelvins, kelvins)
def test_a_warmer_source_has_a_warmer_cast(one, other):
    low, high = sorted((one, other))
    assert optics.cast_mired(low) >= optics.cast_mired(high)


def test_tungsten_on_daylight_film_is_131_mired_warm():
    assert optics.cast_mired(3200) == pytest.approx(130.7, abs=0.05)
    assert [optics.cast(k) for k in (1900, 3200, 5500, 7500, 12000)] == [
        "deep orange",
        "warm",
        "neutral",
        "cool",
        "cool",
    ]
    assert optics.cast(5500, balance_k=3200) == "deep blue"


@given(st.floats(1900, 7500))
def test_mccamy_reads_back_the_planckian_locus(kelvin):
    """Both are fits of the same locus; McCamy alone is good to 13 K here, Kim's splines to 8 K."""
    assert optics.correlated_k(*optics.planckian_xy(kelvin)) == pytest.approx(kelvin, abs=22)


def test_the_locus_passes_illuminant_a():
    assert optics.planckian_xy(2856) == pytest.approx((0.4476, 0.4074), abs=0.001)


def test_a_balanced_source_is_white_and_a_candle_is_orange():
    assert optics.kelvin_rgb(5500, balance_k=5500) == pytest.approx((1, 1, 1), abs=0.002)
    red, green, blue = optics.kelvin_rgb(1900)
    assert red == pytest.approx(1)
    assert red > green > blue


def test_a_full_cto_turns_daylight_into_tungsten():
    assert optics.gelled_k(5500, "full CTO") == pytest.approx(2934, abs=5)
    assert optics.gelled_k(5500, "deep red") == 5500
    assert optics.gelled_k(5500, None) == 5500


# Apparent sizes in section 1.5 of the project's imaging reference.
@pytest.mark.parametrize(
    ("size", "distance", "angle", "name"),
    [
        (0.06, 1.5, 2.3, "hard"),
        (0.55, 1.0, 31, "semi-soft"),
        (0.9, 1.2, 41, "soft"),
        (1.2, 1.5, 44, "soft"),
        (1.5, 1.2, 64, "soft"),
        (0.4, 4.0, 5.7, "crisp"),
        (1.5, 6.0, 14.25, "crisp"),
    ],
)
def test_softness_follows_from_size_and_distance_not_from_the_name(size, distance, angle, name):
    found = optics.source_angle_deg(size, distance)
    assert found == pytest.approx(angle, abs=0.5)
    assert optics.softness(found) == name


@given(st.floats(0.01, 5), st.floats(0.2, 10))
def test_moving_a_light_away_never_softens_it(size, distance):
    assert optics.source_angle_deg(size, distance * 2) < optics.source_angle_deg(size, distance)


def test_a_sky_dome_is_shadowless():
    assert optics.softness(180) == "shadowless"


def test_penumbra_is_similar_triangles():
    assert optics.penumbra_m(0.9, source_to_edge_m=1.2, edge_to_surface_m=0.02) == pytest.approx(0.015)


def test_ratios_and_stops():
    assert [round(optics.ratio_stops(r), 1) for r in (1.2, 2, 3, 4, 8, 16)] == [0.3, 1.0, 1.6, 2.0, 3.0, 4.0]
    assert optics.ratio_from_lux(300, 100) == 4
    assert optics.falloff_stops(1, 2) == 2


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_mirrored_lights_have_mirrored_catchlights(azimuth, elevation):
    one, other = optics.catchlight_clock(azimuth, elevation), optics.catchlight_clock(-azimuth, elevation)
    if one is None:
        assert other is None
    else:
        # Half-hours round to either side.
        assert abs((24 - one - other) % 12) in (0, 1, 11)


@pytest.mark.parametrize(
    ("light", "hour"), [((-45, 30), 10), ((45, 30), 2), ((0, 45), 12), ((0, -30), 6), ((180, 20), None), ((0, 5), None)]
)
def test_the_catchlight_lies_on_the_lights_side(light, hour):
    assert optics.catchlight_clock(*light) == hour


def test_a_light_behind_gives_no_catchlight():
    assert optics.catchlight_clock(math.copysign(135, -1), 20) is None
