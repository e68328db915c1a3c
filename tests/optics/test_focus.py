"""Depth of field against closed forms, published tables and its own laws."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxkit import optics
from fluxkit.errors import InputError
from fluxkit.optics import FORMATS

# Table 1.1 of the project's imaging reference: 35 mm film, c = 0.030; near and far in m, hyperfocal in m,
# blur of infinity and of a point 3 m behind the subject in per cent of the short side. None: not in the table.
REFERENCE = [
    (24, 8, 3.0, 1.34, math.inf, 2.4, 0.1, 0.1),
    (35, 2, 1.5, 1.40, 1.62, 20.5, 1.7, 1.2),
    (50, 1.8, 1.5, 1.45, 1.55, 46.3, 4.0, 2.7),
    (50, 8, 3.0, 2.34, 4.19, 10.5, 0.4, 0.2),
    (85, 1.4, 1.5, 1.488, 1.512, 172, 15.2, 10.1),
    (85, 1.8, 2.0, 1.97, 2.03, 134, 8.7, 5.2),
    (85, 4, 2.0, 1.94, 2.07, 60.3, 3.9, 2.4),
    (135, 2, 2.5, 2.48, 2.52, 304, 16.1, 8.8),
]

# naturelyrics.com/pages/articles/dof_chart.html: 1.5x crop, c = 0.02 mm, in feet; its maker's f-numbers are the exact
# powers of the square root of two that the engraved ones stand for. Rows: focal length, engraved stop, distance,
# near, far, hyperfocal.
CHART_IN_FEET = [
    (12, 4, 6, 2.99, math.inf, 5.94),
    (12, 5.6, 5, 2.29, math.inf, 4.22),
    (12, 8, 3, 1.5, math.inf, 2.99),
    (12, 11, 3, 1.24, math.inf, 2.13),
    (12, 8, 2, 1.2, 5.95, 2.99),
    (12, 11, 2, 1.03, 32.8, 2.13),
    (12, 22, 1, 0.52, 12.5, 1.08),
    (13, 4, 7, 3.49, math.inf, 6.97),
    (13, 5.6, 5, 2.49, math.inf, 4.94),
    (13, 8, 4, 1.87, math.inf, 3.51),
    (13, 11, 3, 1.36, math.inf, 2.49),
    (13, 11, 2, 1.11, 9.94, 2.49),
    (14, 4, 9, 4.26, math.inf, 8.08),
]

# photon-priority.blogspot.com (13 June 2012): total depth of field in metres, full frame, at 15 ft, c = 0.030 mm.
DEPTH_AT_15_FEET = [
    (28, 1.8, 3.13),
    (35, 1.4, 1.47),
    (50, 1.8, 0.89),
    (50, 1.4, 0.71),
    (60, 2.8, 0.98),
    (85, 1.8, 0.30),
    (85, 1.4, 0.24),
]

FOOT_M = 0.3048


def exact_stop(engraved):
    """The third-stop f-number that an engraved one stands for: 5.6 is the square root of 32."""
    return math.sqrt(2) ** (round(2 * math.log2(engraved) * 3) / 3)


def unit_in_last_place(shown):
    return 10 ** -len(f"{shown}".partition(".")[2].rstrip("0")) if "." in f"{shown}" else 1.0


@pytest.mark.parametrize("row", REFERENCE)
def test_the_reference_table_is_met_within_its_rounding(row):
    focal, stop, focus, near, far, hyperfocal, infinity, behind = row
    found = optics.depth_of_field(focal, stop, focus_m=focus, circle_mm=0.030)
    assert found.near_m == pytest.approx(near, abs=0.0051)
    assert found.far_m == pytest.approx(far, abs=0.0051)
    assert optics.hyperfocal_m(focal, stop, circle_mm=0.030) == pytest.approx(
        hyperfocal, abs=0.51 * unit_in_last_place(hyperfocal)
    )
    full_frame = FORMATS["full frame"]
    share = [
        100 * optics.blur_fraction(focal, stop, picture=full_frame, focus_m=focus, distance_m=distance)
        for distance in (math.inf, focus + 3)
    ]
    assert share == pytest.approx([infinity, behind], abs=0.051)


def test_the_reference_table_is_met_for_a_phone():
    found = optics.depth_of_field(6.9, 1.8, focus_m=1.5, circle_mm=0.008)
    assert found == pytest.approx((1.03, 2.74), abs=0.006)
    assert optics.hyperfocal_m(6.9, 1.8, circle_mm=0.008) == pytest.approx(3.3, abs=0.05)


@pytest.mark.parametrize("row", CHART_IN_FEET)
def test_a_published_field_chart_in_feet_is_met_within_its_rounding(row):
    focal, engraved, focus, near, far, hyperfocal = row
    stop = exact_stop(engraved)
    found = optics.depth_of_field(focal, stop, focus_m=focus * FOOT_M, circle_mm=0.02)
    shown = optics.hyperfocal_m(focal, stop, circle_mm=0.02) / FOOT_M
    assert shown == pytest.approx(hyperfocal, abs=0.0101)
    assert found.near_m / FOOT_M == pytest.approx(near, abs=0.0101)
    assert found.far_m / FOOT_M == pytest.approx(far, abs=unit_in_last_place(far) if math.isfinite(far) else 0)


@pytest.mark.parametrize(("focal", "engraved", "depth"), DEPTH_AT_15_FEET)
def test_a_published_list_of_portrait_lenses_is_met_within_its_rounding(focal, engraved, depth):
    found = optics.depth_of_field(focal, exact_stop(engraved), focus_m=15 * FOOT_M, circle_mm=0.030)
    assert found.depth_m == pytest.approx(depth, abs=0.0101)


@pytest.mark.parametrize(
    ("focal", "stop", "focus", "circle"),
    [(24, 2.8, 1.0, 0.0288), (50, 1.4, 0.6, 0.0288), (85, 1.8, 2.0, 0.030), (300, 5.6, 20.0, 0.0192)],
)
def test_the_limits_blur_exactly_to_the_circle_of_confusion(focal, stop, focus, circle):
    limits = optics.depth_of_field(focal, stop, focus_m=focus, circle_mm=circle)
    for limit in limits:
        disc = optics.blur_disc_mm(focal, stop, focus_m=focus, distance_m=limit)
        assert disc == pytest.approx(circle, rel=1e-9)


focal_lengths = st.floats(8, 600)
stops = st.floats(0.95, 32)
distances = st.floats(1.0, 500)
circles = st.floats(0.004, 0.2)


@given(focal_lengths, stops, distances, circles)
def test_the_focus_lies_between_the_limits(focal, stop, focus, circle):
    near, far = optics.depth_of_field(focal, stop, focus_m=focus, circle_mm=circle)
    assert 0 < near <= focus * (1 + 1e-12)
    assert far >= focus * (1 - 1e-12)


@given(focal_lengths, stops, distances, circles)
def test_stopping_down_never_loses_depth(focal, stop, focus, circle):
    open_, stopped = (
        optics.depth_of_field(focal, n, focus_m=focus, circle_mm=circle) for n in (stop, stop * math.sqrt(2))
    )
    assert stopped.near_m <= open_.near_m
    assert stopped.far_m >= open_.far_m


@given(focal_lengths, stops, circles)
def test_focus_at_the_hyperfocal_distance_is_sharp_from_half_of_it_to_infinity(focal, stop, circle):
    hyperfocal = optics.hyperfocal_m(focal, stop, circle_mm=circle)
    near, far = optics.depth_of_field(focal, stop, focus_m=hyperfocal, circle_mm=circle)
    assert far == math.inf
    assert near == pytest.approx(hyperfocal / 2, rel=1e-9)


@given(focal_lengths, stops, distances, st.sampled_from(list(FORMATS)))
def test_equivalent_settings_blur_alike_on_every_format(focal, stop, focus, name):
    """Equal pupils at equal distance: the blur as a share of the diagonal is the same, up to the term f in s − f."""
    picture, full_frame = FORMATS[name], FORMATS["full frame"]
    there = optics.equivalent(focal, stop, picture=picture)
    if there.focal_length_mm > 0.02 * focus * 1000 or focal > 0.02 * focus * 1000:
        return
    here = optics.blur_disc_mm(focal, stop, focus_m=focus) / picture.diagonal_mm
    other = optics.blur_disc_mm(there.focal_length_mm, there.f_number, focus_m=focus) / full_frame.diagonal_mm
    assert here == pytest.approx(other, rel=0.03)


@given(st.floats(20, 200), st.floats(0.01, 5))
def test_magnification_and_focus_distance_are_inverse(focal, wanted):
    focus = optics.focus_for_magnification_m(focal, magnification=wanted)
    assert optics.magnification(focal, focus_m=focus) == pytest.approx(wanted, rel=1e-9)


def test_life_size_at_f8_transmits_as_f16():
    assert optics.effective_f_number(8, magnification=1.0) == 16


def test_diffraction_at_f16_is_21_micrometres():
    assert optics.diffraction_disc_mm(16) == pytest.approx(0.0215, abs=0.0005)


def test_focus_at_infinity_has_no_far_blur():
    assert optics.blur_disc_mm(50, 2, focus_m=math.inf) == 0
    assert optics.blur_disc_mm(50, 2, focus_m=math.inf, distance_m=10) == pytest.approx(0.125)
    assert optics.depth_of_field(50, 2, focus_m=math.inf, circle_mm=0.03).near_m == pytest.approx(41.667, rel=1e-3)


def test_focus_within_the_focal_length_is_refused_with_a_cure():
    with pytest.raises(InputError, match=r"0\.05 m was given for a lens of 85 mm.*Focus beyond 0\.085 m"):
        optics.depth_of_field(85, 1.8, focus_m=0.05, circle_mm=0.03)


@pytest.mark.parametrize("bad", [0, -1.4, math.nan])
def test_an_aperture_that_is_not_positive_is_refused(bad):
    with pytest.raises(InputError, match=r"f_number=.*greater than 0"):
        optics.hyperfocal_m(50, bad, circle_mm=0.03)


def test_the_circle_of_confusion_is_the_diagonal_over_1500():
    shown = {name: round(optics.circle_of_confusion_mm(picture), 3) for name, picture in FORMATS.items()}
    assert shown == {
        "full frame": 0.029,
        "APS-C": 0.019,
        "APS-C Canon": 0.018,
        "Super 35": 0.021,
        "Micro Four Thirds": 0.014,
        "1 inch": 0.011,
        "phone 1/1.3": 0.008,
        "phone 1/2.55": 0.005,
        "645 digital": 0.037,
        "645": 0.046,
        "6x6": 0.053,
        "6x7": 0.060,
        "4x5": 0.103,
        "8x10": 0.208,
    }
