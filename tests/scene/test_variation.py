"""Variations: crossed, side by side, drawn; and the same draws every time."""

from collections import Counter

import pytest

from fluxkit.errors import InputError
from fluxkit.scene import OneOf, Scene, Together, stocks

SCENE = Scene(subject="a potter")
PLACE = "environment.place"
TIME = "environment.time_of_day"


def test_lists_are_crossed_and_the_first_changes_slowest():
    found = SCENE.vary(**{TIME: ["morning", "night"], PLACE: ["a loft", "a yard"]})
    assert [(scene[TIME], scene[PLACE]) for scene in found] == [
        ("morning", "a loft"),
        ("morning", "a yard"),
        ("night", "a loft"),
        ("night", "a yard"),
    ]
    assert found.paths == (TIME, PLACE)


def test_together_goes_side_by_side_and_crosses_with_the_rest():
    found = SCENE.vary(
        Together(**{TIME: ["morning", "night"], PLACE: ["a loft", "a bar"]}), film=["Portra 400", "HP5 Plus"]
    )
    assert [(cell[TIME], cell[PLACE], cell["film"]) for cell in found.cells] == [
        ("morning", "a loft", "Portra 400"),
        ("morning", "a loft", "HP5 Plus"),
        ("night", "a bar", "Portra 400"),
        ("night", "a bar", "HP5 Plus"),
    ]
    assert found[1].film == stocks.HP5_PLUS


def test_draws_are_recorded_and_repeat_with_the_seed():
    choice = OneOf(["a loft", "a yard", "a bar", "a pier"])
    one, again, other = (SCENE.vary(count=50, seed=seed, **{PLACE: choice}) for seed in (7, 7, 8))
    assert one.cells == again.cells
    assert one.cells != other.cells
    assert [scene[PLACE] for scene in one] == [cell[PLACE] for cell in one.cells]


def test_a_known_draw_stays_what_it_is():
    """Draws are a promise across versions and machines: this list must never change."""
    found = SCENE.vary(count=8, seed=1, **{PLACE: OneOf(["a", "b", "c", "d"])})
    assert "".join(scene[PLACE] for scene in found) == "caabddda"


def test_adding_an_axis_leaves_other_draws_alone():
    choice = OneOf(["a loft", "a yard", "a bar"])
    alone = SCENE.vary(count=20, **{PLACE: choice})
    joined = SCENE.vary(count=20, film=OneOf(["Portra 400", "HP5 Plus"]), **{PLACE: choice})
    assert [cell[PLACE] for cell in alone.cells] == [cell[PLACE] for cell in joined.cells]


def test_weights_are_shares():
    found = SCENE.vary(count=4000, **{PLACE: OneOf(["a", "b", "never"], weights=[3, 1, 0])})
    counts = Counter(cell[PLACE] for cell in found.cells)
    assert counts["never"] == 0
    assert counts["a"] / 4000 == pytest.approx(0.75, abs=0.03)


def test_a_wildcard_file_is_read_with_weights_and_comments(tmp_path):
    path = tmp_path / "places.txt"
    path.write_text("# places\na loft\n\n3::a yard\nratio 2::1\n", encoding="utf-8")
    choice = OneOf.from_file(path)
    assert choice.values == ("a loft", "a yard", "ratio 2::1")
    assert choice.weights == (1, 3, 1)


def test_take_gives_different_values_for_a_sweeps_axis():
    choice = OneOf(range(10))
    assert len(set(choice.take(10, seed=3))) == 10
    assert choice.take(4, seed=3) == choice.take(10, seed=3)[:4]
    assert choice.values == tuple(range(10))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: OneOf([]), "no values"),
        (lambda: OneOf(["a"], weights=[1, 2]), "one weight for each"),
        (lambda: OneOf(["a"], weights=[0]), "not all of them 0"),
        (lambda: OneOf(["a", "b"]).take(3), "there are 2"),
        (lambda: OneOf.from_file("no-such-file.txt"), "cannot be read"),
        (lambda: Together(a=[1], b=[1, 2]), "one length"),
        (lambda: SCENE.vary(**{PLACE: "a loft"}), "takes a list"),
        (lambda: SCENE.vary(**{"environment.plaec": ["x"]}), "Did you mean 'place'"),
        (lambda: SCENE.vary(count=0), "0 variations"),
        (lambda: SCENE.vary(count=10**9), "1,000,000,000 variations"),
        (lambda: SCENE.vary(**{TIME: ["tea time"]}), "It takes: blue hour"),
    ],
)
def test_what_cannot_be_varied_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_variations_are_a_sequence_that_shows_its_draws():
    found = SCENE.vary(count=3, **{PLACE: OneOf(["<a loft>"])})
    assert len(found[:2]) == 2
    assert found[-1] == found[2]
    assert "environment.place <a loft>" in repr(found)
    assert "&lt;a loft&gt;" in found._repr_html_()


def test_a_sweep_takes_drawn_values():
    from fluxkit.shots import Sweep

    sweep = Sweep(SCENE, model="nano").over(**{PLACE: OneOf(["a", "b", "c"]).take(2, seed=1)})
    assert len(sweep) == 2
