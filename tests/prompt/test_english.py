from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import fluxkit.prompt
from fluxkit.optics import figures
from fluxkit.prompt import english, layout

MODULES = [f"fluxkit.prompt.{module.name}" for module in pkgutil.iter_modules(fluxkit.prompt.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize(
    ("noun", "said"),
    [
        ("uniform", "a uniform"),
        ("umbrella", "an umbrella"),
        ("hour-old newborn", "an hour-old newborn"),
        ("18-year-old", "an 18-year-old"),
        ("two dancers", "two dancers"),
        ("3 lemons", "3 lemons"),
        ("85mm lens", "an 85mm lens"),
        ("50mm lens", "a 50mm lens"),
        ("f/2 lens", "an f/2 lens"),
        ("", ""),
    ],
)
def test_articles(noun, said):
    assert english.article(noun) == said


@pytest.mark.parametrize(
    ("words", "part", "said"),
    [
        ("freckled", "skin", "freckled skin"),
        ("freckles across the nose", "skin", "freckles across the nose"),
        ("tanned", "skin", "tanned skin"),
        ("deep brown", "skin", "deep brown skin"),
        ("long red", "hair", "long red hair"),
        ("a loose bun", "hair", "a loose bun"),
    ],
)
def test_skin_and_hair_are_named_once(words, part, said):
    assert english.named(words, part) == said


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("outdoors", "outdoors"),
        ("the old harbour", "in the old harbour"),
        ("Tokyo", "in Tokyo"),
        ("wheat fields", "in wheat fields"),
        ("at the kerb", "at the kerb"),
    ],
)
def test_places_get_the_preposition_that_they_lack(place, said):
    assert english.placed(place) == said


@pytest.mark.parametrize(
    ("position", "said"),
    [
        ("centred", "centred in the frame"),
        ("upper left corner", "in the upper left corner of the frame"),
        ("right side", "on the right side of the frame"),
        ("background", "in the background"),
        ("off-centre in the frame", "off-centre in the frame"),
    ],
)
def test_positions_read_as_places_in_the_frame(position, said):
    assert english.framed_at(position).endswith(said.removeprefix("in the "))


@pytest.mark.parametrize(
    ("position", "box"),
    [
        ("left half", (0, 0, 1000, 500)),
        ("the right third of the frame", (0, 667, 1000, 1000)),
        ("top third", (0, 0, 333, 1000)),
        ("upper right", (0, 500, 500, 1000)),
        ("on the left", (0, 0, 1000, 500)),
        ("middle distance", None),
    ],
)
def test_named_places_are_boxes(position, box):
    assert layout.box(position) == box


@pytest.mark.parametrize(
    ("seconds", "said"), [(1 / 8000, "1/8000 s"), (0.3, "0.3 s"), (1 / 60, "1/60 s"), (2.5, "2.5 s")]
)
def test_exposure_times(seconds, said):
    assert figures.shutter(seconds) == said
