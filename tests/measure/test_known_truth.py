"""Air, warmth and blur of known strength, on a few pictures: a fall below what the same few gave when fitted fails."""

import numpy as np

from bench.known import airy, composite, photographs, square, tinted
from fluxkit.measure import SubjectRegion, cast, defocus, haze
from fluxkit.measure.pixels import rank_correlation
from fluxkit.nano.render import Portrait

SEED = 9_500_000


def rank(pairs):
    return rank_correlation(*(np.array(side) for side in zip(*pairs, strict=True)))


def test_haze_ranks_landscapes_by_the_air_that_was_drawn():
    drawn = [airy(SEED, index) for index in range(90) if index % 3]
    told = [(m.value, truth) for _, picture, truth in drawn if not (m := haze(picture)).abstained]
    assert len(told) > 0.8 * len(drawn)
    assert rank(told) > 0.76


def test_warmth_ranks_heads_by_the_light_that_was_drawn():
    drawn = [found for index in range(120) if index % 3 and (found := tinted(SEED, index)) is not None]
    heads = [(picture, truth) for world, picture, truth in drawn if isinstance(world, Portrait)]
    told = [(m.value, truth) for picture, truth in heads if not (m := cast(picture)).abstained]
    assert len(told) > 0.7 * len(heads) > 15
    assert rank(told) > 0.66


def test_defocus_ranks_photographs_by_the_disc_that_blurred_them():
    photos = [square(photo) for name, photo in photographs().items() if name not in ("coffee", "chelsea")]
    rng, told = np.random.default_rng(SEED), []
    for _ in range(24):
        front, back = (photos[int(rng.integers(len(photos)))] for _ in range(2))
        radius = float(rng.choice([0, 0.7, 1.5, 2.5, 4, 6, 9, 13]))
        found = defocus((part := composite(front, back, radius, 0.02, rng))[0], region=SubjectRegion(part[1], 1.0))
        told += [] if found.abstained else [(found.value["disc"], radius)]
    assert len(told) > 18 and rank(told) > 0.8


def test_a_thing_in_a_warm_room_is_not_taken_for_warm_light():
    """The same head in tungsten and in cool light: the order is right, whatever the place."""
    pairs = []
    for index in range(1, 40, 3):
        warm, cool = (tinted_at(index, kelvin) for kelvin in ("tungsten", "cool"))
        if warm is not None and not warm.abstained and not cool.abstained:
            pairs.append(warm.value > cool.value)
    assert len(pairs) >= 5 and np.mean(pairs) > 0.85


def tinted_at(index, temperature):
    import dataclasses

    from fluxkit.nano.render import render
    from fluxkit.nano.worlds import sample

    world = sample(SEED, index, kind="portrait")
    return cast(render(dataclasses.replace(world, temperature=temperature, film="digital")))
