"""The meter on real photographs: it must neither fail nor claim what is not there."""

import numpy as np
import pytest

from fluxkit.measure import find_faces, key_light, measure

data = pytest.importorskip("skimage.data", reason="the photographs come with scikit-image")


def test_the_astronaut_is_lit_from_camera_left_and_mirrored_from_camera_right():
    face = data.astronaut()
    one, other = key_light(face), key_light(np.ascontiguousarray(face[:, ::-1]))
    assert one.value["azimuth_deg"] < 0 < other.value["azimuth_deg"]
    assert one.value["azimuth_deg"] == pytest.approx(-other.value["azimuth_deg"], abs=15)


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket"])
def test_things_animals_and_machines_are_no_faces(name):
    assert find_faces(getattr(data, name)()) == ()


@pytest.mark.parametrize("name", ["coffee", "chelsea"])
def test_every_measure_answers_or_says_why_not(name):
    for item in measure(getattr(data, name)()).values():
        assert item.reason if item.abstained else item.words
        assert 0 <= item.confidence <= 1
