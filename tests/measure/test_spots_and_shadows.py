import dataclasses

import numpy as np
import pytest

from fluxkit.measure import Face, against, catchlight, find_subject, key_light, shadow
from fluxkit.measure.catchlight import clock_hour, hours_apart
from fluxkit.nano.render import render
from fluxkit.nano.worlds import sample
from fluxkit.scene import Light, Lighting, Scene, Subject
from tests.measure.pictures import picture

HEAD = dataclasses.replace(sample(9_000_000, 4, kind="portrait"), film="digital", who="woman", hair_length="up")
PEAR = dataclasses.replace(sample(9_000_000, 4, kind="still life"), film="digital", thing="pear", behind=None)


def head(azimuth, elevation=25.0, size=256):
    side = "left" if azimuth < 0 else "right"
    return render(dataclasses.replace(HEAD, azimuth_deg=azimuth, elevation_deg=elevation, direction=side), size)


def asking(azimuth):
    light = Light(direction="left" if azimuth < 0 else "right")
    return Scene(subject=Subject(description="a woman"), lighting=Lighting(key=light))


@pytest.mark.parametrize(("azimuth", "elevation"), [(-60, 40), (60, 40), (-30, 60), (40, 10)])
def test_the_hour_of_the_catchlight_tells_where_the_light_stands(azimuth, elevation):
    found = catchlight(head(azimuth, elevation, 384))
    assert not found.abstained
    assert hours_apart(found.value["hour"], clock_hour(azimuth, elevation)) < 1.2
    assert found.words.endswith("o'clock")


def test_eyes_too_small_to_hold_a_spot_are_not_read():
    found = catchlight(head(-50, size=128))
    assert found.abstained and "iris" in found.reason


def test_a_picture_without_a_face_has_no_catchlight():
    assert catchlight(picture(np.full((96, 96), 0.5))).abstained


def test_a_catchlight_that_is_read_gets_a_verdict_and_one_that_is_not_none():
    large, small = (against(asking(-70), head(-70, size=size)) for size in (384, 128))
    assert large["catchlight"].verdict == "shown" and small["catchlight"].verdict is None
    assert "catchlight" not in small.asked


@pytest.mark.parametrize("azimuth", [-78, -52, 52, 78])
def test_the_shadow_falls_away_from_the_light(azimuth):
    world = dataclasses.replace(
        PEAR, azimuth_deg=azimuth, elevation_deg=25, direction="left" if azimuth < 0 else "right"
    )
    found = shadow(render(world))
    assert not found.abstained and found.value["side"] * azimuth < 0


def test_a_head_casts_no_shadow_that_is_looked_for():
    found = shadow(head(60, size=128))
    assert found.abstained and "head" in found.reason


def test_the_box_of_a_face_is_enough_to_tell_the_side():
    for azimuth in (-65, 65):
        seen = head(azimuth, size=128)
        region = find_subject(seen)
        face = region.face
        box = dataclasses.replace(region, face=Face.from_box(face.x, face.y, face.width, face.height))
        found = key_light(seen, region=box)
        assert found.value["azimuth_deg"] == pytest.approx(azimuth, abs=35)
