"""The sun against JPL's DE421, a published worked example, and the calendar."""

import csv
import math
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxkit import optics
from fluxkit.errors import InputError

# 200 draws of place and time, computed with Skyfield 1.55 and JPL's DE421 by make_sun_reference.py.
with Path(__file__).with_name("sun_de421.csv").open() as file:
    EPHEMERIS = list(csv.DictReader(file))


def test_the_sun_is_within_a_fiftieth_of_a_degree_of_de421():
    worst_elevation = worst_azimuth = 0.0
    for row in EPHEMERIS:
        place = {name: float(row[name]) for name in ("latitude_deg", "longitude_deg")}
        azimuth, elevation = optics.sun_position(datetime.fromisoformat(row["utc"]), **place)
        turn = (azimuth - float(row["azimuth_deg"]) + 180) % 360 - 180
        # Towards the zenith the azimuth is a coordinate without much sky in it: weigh it by the circle's size.
        worst_azimuth = max(worst_azimuth, abs(turn) * math.cos(math.radians(elevation)))
        worst_elevation = max(worst_elevation, abs(elevation - float(row["elevation_deg"])))
    assert len(EPHEMERIS) == 200
    assert worst_elevation < 0.02
    assert worst_azimuth < 0.02


def test_the_worked_example_of_nrels_solar_position_algorithm():
    """Reda and Andreas, NREL/TP-560-34302 (2008), section 3: azimuth 194.340241, geometric elevation 39.872046."""
    when = datetime(2003, 10, 17, 12, 30, 30, tzinfo=timezone(timedelta(hours=-7)))
    azimuth, elevation = optics.sun_position(when, latitude_deg=39.742476, longitude_deg=-105.1786)
    assert azimuth == pytest.approx(194.340241, abs=0.02)
    assert elevation == pytest.approx(39.872046, abs=0.02)


times = st.datetimes(datetime(1990, 1, 1), datetime(2045, 1, 1), timezones=st.just(UTC))


@given(times, st.floats(-89, 89), st.floats(-180, 180))
def test_the_sun_stays_on_the_sphere_and_a_zone_changes_nothing(when, latitude, longitude):
    place = {"latitude_deg": latitude, "longitude_deg": longitude}
    azimuth, elevation = optics.sun_position(when, **place)
    assert 0 <= azimuth <= 360
    assert -90 <= elevation <= 90
    elsewhere = when.astimezone(timezone(timedelta(hours=9)))
    assert optics.sun_position(elsewhere, **place) == pytest.approx((azimuth, elevation))


# Minutes of an evening's golden and blue hour at the March equinox: section 1.6 of the project's imaging reference.
@pytest.mark.parametrize(("latitude", "golden", "blue"), [(0, 40, 8), (35, 49, 9), (52, 65, 13), (60, 80, 17)])
def test_the_length_of_the_golden_and_blue_hour(latitude, golden, blue):
    place = {"latitude_deg": latitude, "longitude_deg": 0}
    noon = datetime(2026, 3, 20, 12, tzinfo=UTC)
    evening = optics.sun_spans(noon, **place)[0]
    after = optics.sun_spans(noon, low_deg=-6, high_deg=-4, **place)[0]
    assert (evening.end - evening.start).total_seconds() / 60 == pytest.approx(golden, abs=1)
    assert (after.end - after.start).total_seconds() / 60 == pytest.approx(blue, abs=1)
    assert after.start == pytest.approx(evening.end, abs=timedelta(seconds=2))


def test_in_the_northern_winter_the_sun_never_leaves_golden_elevation():
    spans = optics.sun_spans(datetime(2026, 12, 21, tzinfo=UTC), latitude_deg=62, longitude_deg=0)
    assert len(spans) == 1


def test_refraction_lifts_the_sun_by_half_a_degree_at_the_horizon():
    assert optics.refraction_deg(0) == pytest.approx(0.48, abs=0.02)
    assert optics.refraction_deg(45) == pytest.approx(0.017, abs=0.002)
    assert optics.refraction_deg(-10) == 0


@pytest.mark.parametrize(
    ("height", "name"),
    [(40, "day"), (6, "day"), (0, "golden hour"), (-5, "blue hour"), (-10, "nautical twilight"), (-30, "night")],
)
def test_the_sky_has_its_photographic_names(height, name):
    assert optics.sky_name(height) == name


def test_shadows_lengthen_as_the_sun_sinks():
    assert optics.shadow_length(6) == pytest.approx(9.51, abs=0.01)
    assert optics.shadow_length(45) == pytest.approx(1)
    assert optics.shadow_length(-1) == math.inf


@given(st.floats(0, 90), st.floats(0, 90))
def test_a_higher_sun_is_never_warmer(one, other):
    low, high = sorted((one, other))
    assert optics.sun_kelvin(low) <= optics.sun_kelvin(high)
    assert optics.sun_kelvin(-0.1) is None


def test_a_time_without_a_zone_is_refused_with_a_cure():
    with pytest.raises(InputError, match=r"without a zone.*ZoneInfo"):
        optics.sun_position(datetime(2026, 6, 21), latitude_deg=50, longitude_deg=10)
