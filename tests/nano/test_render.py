"""The renderer tells the truth: the same world twice, and each field seen where it should be."""

import dataclasses

import numpy as np
import pytest

from fluxkit.nano.measures import background_detail, colourfulness, side_of_light, warmth
from fluxkit.nano.render import Landscape, Portrait, StillLife, render
from fluxkit.nano.render.film import STOCKS
from fluxkit.nano.render.light import DIRECTIONS, cast
from fluxkit.nano.render.places import PLACES
from fluxkit.nano.worlds import is_held_out, mirrored, sample


def lit(kind, direction, **fields):
    azimuth, elevation = DIRECTIONS[direction]
    return kind(seed=5, direction=direction, azimuth_deg=azimuth, elevation_deg=elevation, **fields)


@pytest.mark.parametrize("kind", [Portrait, StillLife, Landscape])
def test_the_same_world_gives_the_same_pixels_and_another_seed_does_not(kind):
    world = lit(kind, "left")
    first = render(world, 64)
    assert np.array_equal(first, render(world, 64))
    assert not np.array_equal(first, render(dataclasses.replace(world, seed=6), 64))


@pytest.mark.parametrize("size", [48, 128, 192])
def test_a_picture_has_the_size_that_was_asked_for(size):
    assert render(lit(Portrait, "front"), size).shape == (size, size, 3)


@pytest.mark.parametrize("who", ["woman", "man", "marble bust", "bronze bust"])
@pytest.mark.parametrize("side", ["{}", "upper {}", "front {}"])
def test_a_face_is_brighter_on_the_side_of_the_light(who, side):
    cut = "long" if who == "woman" else "short"
    left, right = (
        side_of_light(render(lit(Portrait, side.format(name), who=who, hair_length=cut))) for name in ("left", "right")
    )
    assert left < -0.05
    assert right > 0.05


def test_things_and_their_table_are_lit_from_the_asked_side():
    box = (0.3, 0.7, 0.45, 0.85)
    left, right = (side_of_light(render(lit(StillLife, name, thing="orange")), box) for name in ("left", "right"))
    assert left < right - 0.2


@pytest.mark.parametrize("place", ["night city", "library", "green garden", "cafe"])
def test_a_wide_aperture_blurs_what_is_behind(place):
    wide, closed = (background_detail(render(lit(Portrait, "front left", place=place, f_number=n))) for n in (1.4, 16))
    assert closed > 1.5 * wide


def test_only_black_and_white_film_has_no_colour():
    for name, stock in STOCKS.items():
        chroma = colourfulness(render(lit(Portrait, "left", place="green garden", film=name)))
        assert chroma < 0.002 if stock.mono else chroma > 0.05


def test_tungsten_is_warmer_than_daylight_than_cool():
    shades = [warmth(render(lit(Portrait, "front", temperature=t))) for t in ("tungsten", "daylight", "cool")]
    assert shades == sorted(shades, reverse=True)
    assert cast(3000, 5500)[0] > cast(5500, 5500)[0] > cast(9000, 5500)[0]


def test_pictures_are_neither_black_nor_burnt_out():
    for index in range(40):
        picture = render(sample(9, index), 64)
        assert 8 < picture.mean() < 240
        assert (picture > 250).mean() < 0.35


def test_every_place_is_drawn():
    pictures = [render(lit(Portrait, "front left", place=place), 64).astype(int) for place in PLACES]
    apart = [np.abs(a - b).mean() for i, a in enumerate(pictures) for b in pictures[i + 1 :]]
    assert min(apart) > 5


def test_worlds_repeat_by_index_and_never_train_on_what_is_held_out():
    assert sample(1, 3) == sample(1, 3)
    assert not any(is_held_out(sample(1, index)) for index in range(200))
    assert all(is_held_out(sample(1, index, held_out=True)) for index in range(20))


def test_mirroring_a_direction_twice_gives_it_back():
    assert all(mirrored(mirrored(name)) == name for name in DIRECTIONS)
    assert mirrored("behind left") == "behind right"
