"""Drawings show what the scene says; whether they look well is for eyes."""

from datetime import UTC, datetime
from itertools import pairwise

import matplotlib
import pytest

matplotlib.use("agg")

from fluxkit import optics
from fluxkit.errors import InputError
from fluxkit.scene import Lens, Light, Lighting, Scene, Subject, drawing, presets, rigs


def shot(focal, stop, focus):
    lens = Lens(focal_length_mm=focal, f_number=stop, focus_distance_m=focus)
    return Scene(subject=Subject(description="a woman"), lens=lens)


def words_of(figure):
    return [text.get_text() for axis in figure.axes for text in axis.texts]


def test_the_ruler_has_a_bar_from_limit_to_limit():
    scene = shot(50, 8, 3)
    figure = drawing.depth_of_field({"fifty": scene, "wide": shot(24, 11, 3)})
    bar = figure.axes[0].patches[0]
    seen = scene.optics()
    assert bar.get_x() == pytest.approx(seen.near_limit_m)
    assert bar.get_x() + bar.get_width() == pytest.approx(seen.far_limit_m)
    assert any("to the horizon" in text for text in words_of(figure))


def test_blur_is_drawn_as_the_optics_give_it():
    figure = drawing.blur_against_distance(shot(85, 1.4, 1.5), (1.4, 11))
    line = figure.axes[0].lines[0]
    share = optics.blur_fraction(85, 1.4, picture=optics.FORMATS["full frame"], focus_m=1.5, distance_m=21.5)
    assert line.get_ydata()[-1] == pytest.approx(100 * share)


def test_a_key_on_the_left_is_drawn_on_the_left():
    figure = drawing.light_plan({"left": rigs.SPLIT, "right": rigs.SPLIT.mirrored()})
    left, right = (axis.lines[0].get_xdata().mean() for axis in figure.axes[:2])
    assert left == pytest.approx(-right)
    assert left < -0.5
    assert "key +8°" in words_of(figure)


def test_a_light_behind_is_drawn_beyond_the_subject():
    figure = drawing.light_plan({"rim": rigs.RIM})
    assert figure.axes[0].lines[0].get_ydata().mean() > 0.5


def test_every_named_source_with_a_kelvin_stands_on_the_scale():
    text = " ".join(words_of(drawing.kelvin_scale()))
    for name in ("candle", "tungsten", "sun", "north window", "flash"):
        assert name in text


def test_the_suns_day_reaches_the_height_that_the_formula_gives():
    day = datetime(2026, 6, 21, tzinfo=UTC)
    figure = drawing.sun_day({"June": day}, latitude_deg=38.7, longitude_deg=-9.1)
    line = next(line for line in figure.axes[0].lines if len(line.get_xdata()) > 10)
    assert max(line.get_ydata()) == pytest.approx(90 - 38.7 + 23.44, abs=0.1)


def test_the_steepest_film_is_the_steepest_line():
    figure = drawing.film_curves()
    slopes = {line.get_label(): max(abs(b - a) for a, b in zip(line.get_ydata(), line.get_ydata()[1:], strict=False))
              for line in figure.axes[1].lines if not line.get_label().startswith("_")}  # fmt: skip
    assert max(slopes, key=slopes.get) == "Velvia 50"
    assert min(slopes, key=slopes.get) == "Portra 400"


def test_a_scene_without_limits_is_refused():
    with pytest.raises(InputError, match="no depth of field to draw"):
        drawing.depth_of_field({"bare": Scene(lens=Lens(focal_length_mm=50))})
    with pytest.raises(InputError, match="focus_distance_m"):
        drawing.blur_against_distance(Scene())


def test_importing_the_scene_loads_no_matplotlib():
    import subprocess
    import sys

    code = "import sys, fluxkit.scene; sys.exit('matplotlib' in sys.modules or 'yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_plate_holds_every_word_of_the_prompt_in_the_ink_of_its_part():
    scene = presets.HEADSHOT
    figure = drawing.plate(scene, "Headshot")
    words = [text for text in figure.texts if text.get_fontfamily() == ["DejaVu Serif"]]
    assert " ".join(text.get_text() for text in words) == str(scene.prompt("flux.1-dev"))
    legend = {text.get_text(): text.get_color() for text in figure.texts if text not in words}
    ink = {text.get_text(): text.get_color() for text in words}
    assert ink["octabox,"] == legend["light"]
    assert ink["105mm"] == legend["camera and lens"]
    assert ink["grain,"] == legend["film"]
    assert ink["sweater."] == legend["who and where"]


def test_words_of_a_plate_stay_in_their_column_however_many_there_are():
    long = presets.HEADSHOT.with_("subject.description", "a woman, " * 300)
    figure = drawing.plate(long)
    words = [text for text in figure.texts if text.get_fontfamily() == ["DejaVu Serif"]]
    for text in words[::20]:
        box = text.get_window_extent()
        assert box.x1 < 0.55 * figure.bbox.width
        assert box.y0 > 0.07 * figure.bbox.height
    assert words[-1].get_text() == "…"


@pytest.mark.parametrize("name", [name for name in vars(presets) if name.isupper()])
def test_every_preset_has_a_plate_whose_drawings_keep_to_their_places(name):
    scene = getattr(presets, name)
    figure = drawing.plate(scene, picture=[[0.0, 1.0]], caption="a picture")
    frame, plan, picture, ruler = figure.axes
    places = [axis.get_position() for axis in (frame, plan, picture)]
    assert all(left.x1 <= right.x0 + 0.005 for left, right in pairwise(places))
    paper = frame.patches[0]
    assert paper.get_width() / paper.get_height() == pytest.approx(scene.aspect)
    assert ruler.patches, "the depth of field is drawn"
    assert any("key" in text.get_text() for text in plan.texts)


@pytest.mark.parametrize(("direction", "side"), [("left", 0), ("right", -1)])
def test_the_subject_is_lit_from_the_keys_side(direction, side):
    scene = presets.HEADSHOT.with_(lighting=Lighting(key=Light(direction=direction)))
    wash = drawing.plate(scene).axes[0].images[0].get_array()
    row = wash[30, :, 0]
    assert row[side] == row.max() > row.min()
