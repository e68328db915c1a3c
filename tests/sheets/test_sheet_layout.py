"""Which frame lies in which cell."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fluxkit.scene as scenes
from fluxkit.errors import FrameError, SheetError
from fluxkit.frames import Frames
from fluxkit.scene import PORTRA_400, TRI_X_400
from fluxkit.sheets.axes import differing, in_order
from fluxkit.sheets.layout import flow_columns, lay_out
from fluxkit.sheets.measures import caption_of
from fluxkit.sheets.words import value_label
from fluxkit.shots import Later


def cells_of(layout, section=0):
    return layout.sections[section].cells


def test_rows_and_columns_place_each_frame_in_its_cell(eight):
    layout = lay_out(eight, rows="lighting.key.direction", columns="seed")
    (section,) = layout.sections
    assert section.rows == (("left",), ("right",))
    assert section.columns == ((0,), (1,), (2,), (3,))
    assert cells_of(layout) == {(row, column): (row * 4 + column,) for row in range(2) for column in range(4)}
    assert layout.captions == ()


def test_the_order_of_the_frames_does_not_move_them_to_other_cells(eight):
    shuffled = random.Random(1).sample(eight, len(eight))
    layout = lay_out(shuffled, rows="lighting.key.direction", columns="seed")
    section = layout.sections[0]
    for (row, column), (index,) in section.cells.items():
        assert shuffled[index].value("lighting.key.direction") == section.rows[row][0]
        assert shuffled[index].value("seed") == section.columns[column][0]


def test_one_axis_named_makes_the_other_from_what_is_left(eight):
    assert lay_out(eight, rows="lighting.key.direction").columns == ("seed",)
    assert lay_out(eight, columns="seed").rows == ("lighting.key.direction",)


def test_frames_that_differ_in_more_share_a_cell_and_say_so_in_captions(eight, frame, portrait):
    more = [*eight, *(frame(i, scene=portrait, seed=seed, guidance=4.0) for i, seed in enumerate(range(4)))]
    layout = lay_out(more, rows="lighting.key.direction", columns="seed")
    assert layout.captions == ("guidance",)
    assert layout.sections[0].cells[0, 0] == (0, 8)
    assert layout.sections[0].span == 2


def test_holes_stay_holes(eight):
    sparse = [shot for i, shot in enumerate(eight) if i not in (0, 5)]
    layout = lay_out(sparse, rows="lighting.key.direction", columns="seed")
    assert layout.sections[0].columns == ((0,), (1,), (2,), (3,))
    assert (0, 0) not in cells_of(layout)
    assert (1, 1) not in cells_of(layout)
    assert len(cells_of(layout)) == 6


def test_a_page_axis_makes_a_grid_for_each_value(eight):
    layout = lay_out(eight, columns="seed", pages="lighting.key.direction")
    assert [section.values for section in layout.sections] == [("left",), ("right",)]
    assert all(len(section.cells) == 4 for section in layout.sections)


def test_axes_that_move_in_step_make_no_diagonal(frame, portrait):
    steps = [(35, 1.2), (50, 1.7), (85, 2.9)]
    frames = [
        frame(i, scene=portrait.with_(lens=scenes.Lens(focal_length_mm=mm, focus_distance_m=m)), seed=seed)
        for i, ((mm, m), seed) in enumerate(itertools.product(steps, range(2)))
    ]
    layout = lay_out(frames, rows="lens.focal_length_mm")
    assert (layout.columns, layout.captions) == (("seed",), ("lens.focus_distance_m",))
    assert len(cells_of(layout)) == 6
    alone = lay_out(frames[::2], rows="lens.focal_length_mm")
    assert (alone.columns, alone.captions) == ((), ("lens.focus_distance_m",))


@pytest.mark.parametrize("seeds", [1, 2])
def test_how_a_frame_was_developed_is_no_axis_beside_its_film_and_seed(frame, portrait, seeds):
    plain = [frame(seed, scene=portrait.with_(film=None), seed=seed) for seed in range(seeds)]
    frames = [one.develop(film) for film in (PORTRA_400, TRI_X_400, TRI_X_400.push(2)) for one in plain]
    axes = ("film", "seed")[:seeds]
    assert differing(frames) == axes
    assert set(Frames(frames).axes()) == set(axes)
    layout = lay_out(frames, rows="film")
    assert (layout.columns, layout.captions) == (axes[1:], ())
    labels = [value_label("film", values[0]) for values in layout.sections[0].rows]
    assert labels == ["Kodak Portra 400", "Kodak Tri-X 400", "Kodak Tri-X 400, pushed two stops"]
    assert differing([*plain, *frames]) == axes
    with pytest.raises(FrameError, match="developed already"):
        frames[0].develop(TRI_X_400)
    twice = [plain[0].develop(PORTRA_400, seed=chance) for chance in range(3)]
    assert differing(twice) == tuple(Frames(twice).axes()) == ("options.developed",), "nothing else tells these apart"


def test_what_changes_on_the_way_is_an_axis(frame, portrait):
    frames = [frame(i, scene=portrait, later=Later(step=step, guidance=2.0)) for i, step in enumerate((5, 10))]
    frames.append(frame(2, scene=portrait))
    assert differing(frames) == tuple(Frames(frames).axes()) == ("later",)
    assert "From step 5: guidance 2" in caption_of(frames[0], ("later",))
    assert caption_of(frames[2], ("later",)) == "No change on the way"


def test_any_number_of_axes_nests(frame, portrait):
    frames = [
        frame(i, scene=portrait.with_("film", film).with_("lens.f_number", f), seed=seed)
        for i, (film, f, seed) in enumerate(
            (film, f, seed) for film in (PORTRA_400, TRI_X_400) for f in (1.4, 8) for seed in range(3)
        )
    ]
    layout = lay_out(frames, rows=["film", "lens.f_number"], columns="seed")
    assert layout.sections[0].rows == ((PORTRA_400, 1.4), (PORTRA_400, 8), (TRI_X_400, 1.4), (TRI_X_400, 8))
    assert len(cells_of(layout)) == 12


def test_a_film_is_one_axis_not_one_for_each_of_its_figures(frame, portrait):
    frames = [frame(i, scene=portrait.with_("film", film)) for i, film in enumerate((PORTRA_400, TRI_X_400))]
    assert differing(frames) == ("film",)
    assert lay_out(frames, columns="film.name").captions == ()


def test_a_light_that_is_set_in_some_frames_is_told_by_the_field_that_tells_it(frame, portrait):
    frames = [frame(0, scene=portrait), frame(1, scene=portrait.with_("lighting.fill.direction", "right"))]
    assert differing(frames) == ("lighting.fill.direction",)


def test_settings_that_only_follow_the_model_are_not_told(frame):
    frames = [
        frame(0, model="nano", steps=20, seed=1),
        frame(1, model="flux.1-schnell", steps=4, guidance=None, seed=1, width=1024, height=1024),
    ]
    assert differing(frames) == ("model",)


def test_a_second_take_is_told_apart(frame):
    assert differing([frame(0, seed=1), frame(1, seed=1, take=1)]) == ("take",)


def test_frames_without_a_scene_are_told_apart_by_their_prompts(frame):
    assert differing([frame(0, prompt="a pear"), frame(1, prompt="an apple")]) == ("prompt",)


def test_an_unknown_axis_names_the_closest_and_those_that_differ(eight):
    with pytest.raises(SheetError) as caught:
        lay_out(eight, rows="lighting.key.directoin")
    text = str(caught.value)
    assert "'lighting.key.directoin'" in text
    assert "lighting.key.direction, seed" in text
    with pytest.raises(SheetError, match="Did you mean 'seed'"):
        lay_out(eight, columns="sed")


def test_an_axis_has_one_place(eight):
    with pytest.raises(SheetError, match="An axis has one place"):
        lay_out(eight, rows="seed", columns="seed")


def test_a_scene_axis_of_frames_without_scenes_is_refused_with_the_reason(frame):
    with pytest.raises(SheetError, match="none of these frames carries a scene"):
        lay_out([frame(0), frame(1, seed=2)], rows="lens.f_number")


@given(st.integers(1, 2000), st.floats(0.4, 2.5))
def test_a_flowing_sheet_has_no_empty_row_and_is_never_a_single_tall_column(count, aspect):
    columns = flow_columns(count, aspect)
    assert 1 <= columns <= count
    assert count <= 4 or columns >= 2


@given(st.lists(st.lists(st.integers(0, 12), max_size=8, unique=True), max_size=6))
def test_the_order_of_values_agrees_with_every_line_where_lines_agree(lines):
    ascending = [sorted(line) for line in lines]
    placed = in_order(ascending)
    at = {value: i for i, value in enumerate(placed)}
    assert sorted(placed) == sorted({value for line in lines for value in line})
    assert all(at[a] < at[b] for line in ascending for a, b in itertools.pairwise(line))


def test_lines_that_disagree_still_give_each_value_one_place():
    assert sorted(in_order([[1, 2], [2, 1]])) == [1, 2]


def test_failed_shots_do_not_decide_the_order_of_an_axis(eight):
    from fluxkit.errors import BadPictureError
    from fluxkit.sheets import ContactSheet

    lost = [eight[1], eight[6]]
    failed = [BadPictureError("black", shot=frame.shot) for frame in lost]
    sheet = ContactSheet(
        [f for f in eight if f not in lost], rows="lighting.key.direction", columns="seed", failed=failed
    )
    assert sheet.layout.sections[0].columns == ((0,), (1,), (2,), (3,))


def test_frames_that_differ_in_strength_say_so(frame, portrait):
    from fluxkit.sheets.words import value_label
    from fluxkit.shots import Inputs

    frames = [frame(i, scene=portrait, inputs=Inputs(strength=s)) for i, s in enumerate((0.3, 0.6))]
    assert differing(frames) == ("inputs.strength",)
    assert value_label("inputs.strength", 0.6) == "Strength 0.6"
