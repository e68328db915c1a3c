"""A sweep crosses any number of axes, leaves holes, and refuses what names nothing."""

from __future__ import annotations

import pytest

import fluxkit as fk
from fluxkit.errors import InputError, PlanError

PORTRAIT = fk.Scene(
    subject=fk.Subject(description="a woman"),
    lighting=fk.Lighting(key=fk.Light(direction="left")),
    lens=fk.Lens(focal_length_mm=85, f_number=1.8),
)


def test_axes_cross_and_the_first_changes_slowest():
    sweep = fk.Sweep(PORTRAIT, model="nano").over(**{"lighting.key.direction": ["left", "right"]}, seed=range(2))
    assert [tuple(cell.values()) for cell in sweep.cells()] == [("left", 0), ("left", 1), ("right", 0), ("right", 1)]


def test_a_sweep_is_not_changed_by_over():
    sweep = fk.Sweep(PORTRAIT)
    sweep.over(seed=[1, 2])
    assert len(sweep) == 1


@pytest.mark.parametrize("skip", [lambda cell: cell["seed"] == cell["steps"], [{"seed": 1, "steps": 1}]])
def test_holes_are_left_out(skip):
    sweep = fk.Sweep(PORTRAIT).over(seed=[1, 2], steps=[1, 3], skip=skip)
    cells = [tuple(cell.values()) for cell in sweep.cells()]
    assert (1, 1) not in cells
    assert len(sweep) == len(cells) == 3


def test_fields_change_together_side_by_side():
    sweep = fk.Sweep(PORTRAIT).together(**{"lens.focal_length_mm": [35, 85], "lens.f_number": [8, 1.8]})
    assert [tuple(cell.values()) for cell in sweep.cells()] == [(35, 8), (85, 1.8)]


def test_lists_of_different_lengths_cannot_change_together():
    with pytest.raises(PlanError, match="different lengths"):
        fk.Sweep(PORTRAIT).together(seed=[1, 2], steps=[1])


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ({"lightning.key.direction": ["left"]}, "lighting"),
        ({"lighting.key.directoin": ["left"]}, "direction"),
        ({"sed": [1]}, "seed"),
        ({"lens.f_number": [0]}, "f_number"),
        ({"lighting.key.direction": ["sideways"]}, "sideways"),
        ({"seed": []}, "no values"),
        ({"seed": 3}, r"seed=\[3\]"),
        ({"film": "Portra"}, "a list"),
        ({"seed": [1, 1]}, "twice"),
    ],
)
def test_an_axis_that_names_nothing_or_takes_no_such_value_is_refused(axes, said):
    with pytest.raises((PlanError, InputError), match=said):
        fk.Sweep(PORTRAIT).over(**axes)


def test_an_axis_given_twice_is_refused():
    with pytest.raises(PlanError, match="twice"):
        fk.Sweep(PORTRAIT).over(seed=[1]).over(seed=[2])


def test_the_values_of_a_long_axis_are_not_each_compared_with_all_others():
    compared = []

    class Seed(int):
        def __eq__(self, other):
            compared.append(1)
            return int(self) == int(other)

        __hash__ = int.__hash__

    fk.Sweep(PORTRAIT, model="nano").over(seed=[Seed(number) for number in range(500)])
    assert len(compared) < 1000
    with pytest.raises(PlanError, match="twice"):
        fk.Sweep(PORTRAIT).over(loras=[{"weights": "a/b"}, {"weights": "a/b"}])
