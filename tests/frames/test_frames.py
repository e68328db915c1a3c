"""A set of frames answers what differs in it."""

from __future__ import annotations

import pytest
from PIL import Image

from fluxkit.errors import InputError
from fluxkit.frames import Frame, Frames, Provenance
from fluxkit.scene import PORTRA_400, TRI_X_400, Lens, Light, Lighting, Scene, Subject
from fluxkit.shots.shot import Shot

SCENE = Scene(subject=Subject(description="a hare"), lighting=Lighting(key=Light(direction="left")), film=PORTRA_400)


def frame(scene=SCENE, **request):
    shot = Shot(**{"model": "nano", "prompt": "words", "width": 8, "height": 8, "scene": scene, **request})
    return Frame(shot, Image.new("RGB", (8, 8)), provenance=Provenance(engine="function"))


def grid():
    scenes = [SCENE.with_("lighting.key.direction", side) for side in ("left", "right")]
    return Frames(frame(scene, seed=seed) for scene in scenes for seed in range(3))


def test_slices_and_selections_are_frames():
    frames = grid()
    assert isinstance(frames[1:3], Frames)
    assert len(frames[::2]) == 3
    assert isinstance(frames[0], Frame)
    assert isinstance(frames.select(seed=1), Frames)
    assert len(frames + frames[:1]) == 7


@pytest.mark.parametrize(
    ("where", "axes", "count"),
    [
        ({"lighting.key.direction": "left"}, {}, 3),
        ({"lighting.key.direction": ["left", "right"]}, {"seed": range(2)}, 4),
        (lambda f: f.shot.seed == 2, {}, 2),
        (lambda f: f.shot.seed == 2, {"model": "nano"}, 2),
        (None, {"lighting.key.direction": "up"}, 0),
        (None, {"take": 0}, 6),
    ],
)
def test_select_by_path_and_by_test(where, axes, count):
    assert len(grid().select(where, **axes)) == count


def test_selecting_by_a_path_that_names_no_field_is_refused():
    with pytest.raises(InputError, match="direction"):
        grid().select({"lighting.key.directoin": "left"})


def test_axes_are_what_differs_in_order_of_appearance():
    assert grid().axes() == {"seed": (0, 1, 2), "lighting.key.direction": ("left", "right")}
    assert grid()[:1].axes() == {}


def test_a_preset_changed_whole_is_one_axis():
    frames = Frames([frame(), frame(SCENE.with_("film", TRI_X_400))])
    assert frames.axes() == {"film": (PORTRA_400, TRI_X_400)}


def test_a_part_that_only_some_frames_have_is_an_axis():
    frames = Frames([frame(), frame(SCENE.with_("lens", Lens(focal_length_mm=85)))])
    assert frames.axes() == {"lens.focal_length_mm": (None, 85.0)}


def test_frames_without_a_scene_differ_in_their_prompts():
    frames = Frames([frame(None, prompt="one"), frame(None, prompt="two")])
    assert frames.axes() == {"prompt": ("one", "two")}
    assert len(frames.select(prompt="one")) == 1


def test_the_table_and_the_repr_show_only_what_differs():
    assert "lighting.key.direction (2)" in repr(grid())
    table = grid().table()
    assert repr(table).splitlines()[0].split() == ["#", "seed", "lighting.key.direction", "frame"]
    assert repr(table).splitlines()[4].split()[:3] == ["4", "0", "right"]
    assert "<td>right</td>" in table._repr_html_()
    shown = grid()._repr_mimebundle_()
    assert shown == grid()._repr_mimebundle_()
    assert "0x" not in shown["text/plain"]
    assert repr(Frames()) == "Frames(0 frames)"


def test_words_of_a_scene_cannot_become_markup():
    frames = Frames([frame(None, prompt="<b>"), frame(None, prompt="two")])
    assert "<b>" not in frames.table()._repr_html_()
