import dataclasses

import pytest

from fluxkit.measure import Measurement, Measurements, against, judged, measure
from fluxkit.measure.key_light import side_words
from fluxkit.nano.render import render
from fluxkit.nano.scenes import scene_of
from fluxkit.nano.worlds import sample
from fluxkit.scene import PORTRA_400, TRI_X_400, Light, Lighting, Scene

WORLD = dataclasses.replace(
    sample(9_000_000, 4, kind="portrait"), film="digital", direction="left", azimuth_deg=-78.0, elevation_deg=14.0
)
PICTURE = render(WORLD)


def asking(**fields):
    return Scene(lighting=Lighting(key=Light(**fields)))


def test_the_light_that_was_asked_for_is_shown_and_its_mirror_is_not():
    left = against(asking(direction="left"), PICTURE)["key_light"]
    right = against(asking(direction="right"), PICTURE)["key_light"]
    assert (left.verdict, right.verdict) == ("shown", "not shown")
    asked = "Asked: key light from the left (azimuth -90°, elevation +15°)."
    assert left.sentence.startswith(f"{asked} Shown: from the left (azimuth -")


@pytest.mark.parametrize(
    ("read", "told"), [(-78.0, "Shown: from the left"), (-50.0, "Shown, near enough: it reads from the front left")]
)
def test_a_light_of_another_name_that_is_near_enough_is_told_as_such(read, told):
    value = {"azimuth_deg": read, "elevation_deg": 14.0, "spread_deg": 12.0}
    words = f"{side_words(read, 14.0)} (azimuth {read:+.0f}°)"
    shown = Measurement(name="key_light", value=value, words=words, confidence=0.8, region="head")
    (found,) = judged(asking(direction="left"), Measurements([shown])).values()
    assert found.verdict == "shown" and f". {told}" in found.sentence


def test_what_was_not_asked_has_no_verdict():
    found = against(asking(direction="left"), PICTURE)
    assert [name for name, item in found.items() if item.verdict] == ["key_light"]
    assert [name for name, item in against(None, PICTURE).items() if item.verdict] == []
    assert list(found) == list(measure(PICTURE))


def test_softness_that_was_asked_for_cannot_be_told():
    found = against(asking(quality="soft"), PICTURE)["softness"]
    assert found.verdict == "cannot tell" and found.sentence.startswith("Asked: light that is soft. Cannot tell:")


@pytest.mark.parametrize(("film", "verdict"), [(PORTRA_400, "shown"), (TRI_X_400, "not shown")])
def test_a_film_in_black_and_white_is_told_from_colour(film, verdict):
    assert against(Scene(film=film), PICTURE)["monochrome"].verdict == verdict


def test_a_drawn_scene_mostly_shows_what_it_asks_for():
    found = against(scene_of(WORLD), PICTURE)
    assert found["key_light"].verdict == "shown" and found["monochrome"].verdict in ("shown", None)
    assert found.score is not None and found.score > 0.5
