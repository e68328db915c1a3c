import dataclasses

import numpy as np
import pytest

from fluxkit.errors import InputError
from fluxkit.measure import agreement
from fluxkit.nano.render import render
from fluxkit.nano.render.light import DIRECTIONS
from fluxkit.nano.scenes import scene_of
from fluxkit.nano.worlds import sample

SIX = ("left", "right", "upper left", "upper right", "front", "behind")


def heads(count=6, **fields):
    for index in range(count):
        world = dataclasses.replace(sample(9_000_000, index, kind="portrait"), film="digital", **fields)
        name = SIX[index % 6]
        azimuth, elevation = DIRECTIONS[name]
        yield dataclasses.replace(world, direction=name, azimuth_deg=azimuth, elevation_deg=elevation)


def judged(worlds, drawn=None):
    worlds = list(worlds)
    return agreement([scene_of(w) for w in worlds], [render(w) for w in (drawn or worlds)])


def test_renders_agree_with_their_own_scenes():
    found = judged(heads())
    assert found.share("light side") == 1 and found.row("light side").asked == 4
    assert found.share("six directions") > 0.8 and found.row("six directions").asked == 6
    assert found.short({"light side": 0.99}) == ()


def test_pictures_of_other_lights_do_not():
    worlds = list(heads())
    turned = [
        dataclasses.replace(
            w,
            azimuth_deg=-w.azimuth_deg,
            direction=w.direction.replace("left", "*").replace("right", "left").replace("*", "right"),
        )
        for w in worlds
    ]
    found = judged(worlds, turned)
    assert found.share("light side") == 0
    (told,) = found.short({"light side": 0.99})
    assert told == "light side: 0 of 4 are right (0.0%), under 99%."


def test_apertures_films_and_temperatures_are_judged_in_pairs_of_one_world():
    base = dataclasses.replace(
        sample(9_000_000, 3, kind="portrait"), film="digital", place="library", focal_length_mm=85
    )
    warm, cool = (dataclasses.replace(base, temperature=t, f_number=5.6) for t in ("tungsten", "cool"))
    wide, shut = (dataclasses.replace(base, f_number=f) for f in (1.4, 16.0))
    fine, coarse = (dataclasses.replace(base, film=f, f_number=2.0) for f in ("Acros 100", "Tri-X 400"))
    found = judged([warm, cool, wide, shut, fine, coarse])
    for name in ("aperture", "warm or cool", "grain"):
        assert (found.row(name).asked, found.row(name).right) == (1, 1), name
    assert found.share("black and white") == 1


def test_what_nobody_asked_has_no_share():
    found = agreement([scene_of(next(heads(1))).with_(lighting=None, film=None)], [render(next(heads(1)))])
    assert found.share("light side") is None
    assert "none of 0 could be judged" in found.short({"light side": 0.9})[0]


def test_counts_that_differ_and_unknown_fields_are_refused():
    with pytest.raises(InputError, match="one picture a scene"):
        agreement([], [np.zeros((32, 32, 3), np.uint8)])
    with pytest.raises(InputError, match="It judges"):
        agreement([], []).share("lens flare")


def test_the_table_is_text_and_html():
    found = judged(heads(2))
    assert repr(found).splitlines()[0].split() == ["field", "right", "answered", "asked"]
    assert found._repr_html_().count("<tr>") == 7
