"""Every example in the docstrings of the scene and of the optics runs and says what it shows."""

import doctest
import importlib
import pkgutil

import pytest

import fluxkit.optics
import fluxkit.scene

MODULES = [
    "fluxkit._base",
    *(
        module.name
        for room in (fluxkit.optics, fluxkit.scene)
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")
    ),
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_say_what_it_does(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples_to_run():
    finder = doctest.DocTestFinder()
    found = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(found) > 40
