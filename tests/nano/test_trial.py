"""A change of weights, template or words that lowers how often nano shows what it is asked fails here."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from fluxkit.measure.agreement import SIX, agreement  # noqa: E402
from fluxkit.nano import trial  # noqa: E402
from fluxkit.nano.changes import turned  # noqa: E402
from fluxkit.nano.evaluate import camera  # noqa: E402
from fluxkit.nano.export import WEIGHTS  # noqa: E402
from fluxkit.nano.scenes import caption, scene_of  # noqa: E402
from fluxkit.nano.worlds import is_held_out, mirrored, sample  # noqa: E402

COUNT = 20
FLOORS = {"light side": 0.9, "aperture": 0.6, "black and white": 0.9, "warm or cool": 0.9}
"""Under the shares of docs/nano.md, which are counted over 300 scenes, by what chance does to this few."""


@pytest.fixture(scope="module")
def shown():
    asked = trial.held_out(COUNT)
    made = camera(WEIGHTS)([caption(world) for world, _ in asked], [seed for _, seed in asked])
    return [world for world, _ in asked], made


def test_nano_still_shows_what_its_scenes_ask_for(shown):
    worlds, made = shown
    assert agreement([scene_of(world) for world in worlds], made).short(FLOORS) == ()


def test_the_guard_sees_a_light_from_the_wrong_side(shown):
    worlds, made = shown
    swapped = [scene_of(turned(world, mirrored(world.direction))) for world in worlds]
    assert any(line.startswith("light side") for line in agreement(swapped, made).short(FLOORS))


def test_the_scenes_of_the_trial_were_never_trained_on_and_come_in_pairs():
    asked = trial.held_out(COUNT)
    assert all(is_held_out(world) for world, _ in asked if world.direction != "behind")
    assert {world.direction for world, _ in asked} >= set(SIX)
    seeds = [seed for _, seed in asked]
    assert sorted(np.unique(seeds, return_counts=True)[1])[-1] == 2
    assert not is_held_out(sample(1, 0))
