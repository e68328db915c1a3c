import dataclasses

import numpy as np
import pytest

from fluxkit.measure import find_faces, key_light, lighting_ratio, softness
from fluxkit.measure.head import angles, towards
from fluxkit.nano.render import Portrait, render
from fluxkit.nano.worlds import sample
from tests.measure.pictures import ball, picture

HEAD = dataclasses.replace(sample(9_000_000, 4, kind="portrait"), film="digital", who="woman", hair_length="up")


def lit(azimuth, elevation=20.0, size=128, **fields):
    name = "behind" if abs(azimuth) > 120 else "left" if azimuth < 0 else "right"
    world = dataclasses.replace(HEAD, direction=name, azimuth_deg=azimuth, elevation_deg=elevation, **fields)
    return render(world, size=size)


def apart(found, azimuth, elevation):
    shown = towards(found.value["azimuth_deg"], found.value["elevation_deg"])
    return float(np.degrees(np.arccos(np.clip(shown @ towards(azimuth, elevation), -1, 1))))


def test_angles_and_vectors_are_each_other_s_inverse():
    assert angles(towards(-62.0, 31.0)) == pytest.approx((-62, 31))


def test_the_eyes_of_a_drawn_head_are_found_where_they_were_drawn():
    world = dataclasses.replace(HEAD, x=0.0, yaw_deg=0.0, roll_rad=0.0, scale=0.32)
    (face,) = find_faces(render(world))
    unit, middle = 0.32 * 128, (64, 0.445 * 128)
    assert face.left_eye == pytest.approx((middle[0] - 0.28 * unit, middle[1] - 0.15 * unit), abs=3)
    assert face.right_eye == pytest.approx((middle[0] + 0.28 * unit, middle[1] - 0.15 * unit), abs=3)


def test_an_even_picture_has_no_face():
    assert find_faces(picture(np.full((96, 96), 0.5))) == ()


@pytest.mark.parametrize(("azimuth", "elevation"), [(-75, 15), (75, 15), (-35, 40), (35, 40), (0, 25), (150, 25)])
def test_the_key_light_of_a_drawn_head_is_read_within_thirty_degrees(azimuth, elevation):
    found = key_light(lit(azimuth, elevation))
    assert not found.abstained and found.region == "head"
    assert apart(found, azimuth, elevation) < 30


def test_a_mirrored_picture_mirrors_the_light():
    seen = lit(-60)
    one, other = (key_light(p).value["azimuth_deg"] for p in (seen, np.ascontiguousarray(seen[:, ::-1])))
    assert one == pytest.approx(-other, abs=12) and one < -30


def test_a_head_is_read_alike_in_a_larger_picture():
    small, large = (key_light(lit(65, size=size)).value["azimuth_deg"] for size in (128, 256))
    assert small == pytest.approx(large, abs=15)


def test_a_ball_without_a_face_tells_the_side():
    left, right = (key_light(ball(towards(azimuth, 30))) for azimuth in (-70.0, 70.0))
    assert left.region == right.region == "subject"
    assert left.value["azimuth_deg"] < -30 and right.value["azimuth_deg"] > 30


def test_an_even_wall_has_no_key_light():
    found = key_light(picture(np.full((96, 96), 0.5)))
    assert found.abstained and found.value is None


def test_a_contrasty_head_has_the_higher_lighting_ratio():
    hard = lighting_ratio(lit(60, quality="hard"))
    assert not hard.abstained and hard.value > 2.2
    assert lighting_ratio(picture(np.full((96, 96), 0.5))).abstained


def test_softness_says_that_nobody_checked():
    assert softness(lit(40)).abstained and "shadow" in softness(lit(40)).reason


def test_the_head_is_a_portrait_of_the_renderer():
    assert isinstance(HEAD, Portrait)
