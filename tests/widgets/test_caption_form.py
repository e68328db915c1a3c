"""The form for captions: every photograph in turn, nothing typed is lost, and nothing is written before it is asked."""

from __future__ import annotations

import shutil

import pytest
from PIL import Image

import fluxkit as fk
from fluxkit.errors import InputError
from fluxkit.scene import Scene
from fluxkit.widgets import CaptionForm

WINDOW = Scene(environment=fk.Environment(place="by a window", latitude_deg=51.47781, longitude_deg=0.0))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for number, colour in enumerate(("teal", "olive", "maroon", "navy")):
        picture = Image.effect_noise((640, 520), 90).convert("RGB")
        picture.paste(colour, (100 * number, 50, 100 * number + 90, 200))
        picture.save(folder / f"{number}.png")
    Image.new("RGB", (100, 80), "grey").save(folder / "4.png")
    (folder / "1.yaml").write_text(WINDOW.to_yaml(), encoding="utf-8")
    (folder / "2.txt").write_text("on grass, soft light from the left, 85mm", encoding="utf-8")
    return folder


@pytest.fixture
def folder(pictures, tmp_path):
    return shutil.copytree(pictures, tmp_path / "pictures")


@pytest.fixture
def form(folder):
    return CaptionForm(fk.TrainingSet.from_folder(folder, trigger="zwirl"))


def control(form, part, name):
    return form.form._parts[part].controls[name].control


def test_each_photograph_shows_its_own_caption_and_findings(form):
    assert form.viewer.marks == ["none", "captioned", "captioned", "none", "none"]
    assert repr(form) == "CaptionForm(5 photographs of 'zwirl', 2 captioned)"
    form.index = 1
    assert control(form, "environment", "place").value == "by a window"
    assert "zwirl" in form.form.told.value
    assert form.viewer.picture.startswith("data:image/jpeg")
    form.index = 2
    assert form.words.value.startswith("on grass")
    assert "zwirl, on grass" in form.form.told.value
    rules = [[finding["rule"] for finding in each["findings"]] for each in form.viewer.photographs]
    assert rules == [[], [], [], [], ["small"]]


def test_typing_captions_a_photograph_and_only_that_one(form):
    control(form, "environment", "place").value = "on an oak table"
    assert form.viewer.marks[0] == "unsaved"
    assert form.keep.description == "Save 1 caption"
    form.index = -2
    assert control(form, "environment", "place").value == ""
    found = form.training_set
    assert found[0].caption == Scene(environment=fk.Environment(place="on an oak table"))
    assert [one.rule for one in found[0].findings] == []
    assert found[3].caption is None
    assert [one.rule for one in found[3].findings] == ["no caption"]
    assert found[1].caption == WINDOW, "a caption that was only looked at is what it was"


def test_a_bad_value_is_told_and_is_still_there_after_stepping_away(form):
    form.index = 1
    control(form, "lens", "focal_length_mm").value = "85"
    control(form, "lens", "f_number").value = "wide open"
    assert form.viewer.marks[1] == "wrong"
    form.index = 3
    assert not form.form.errors
    assert control(form, "lens", "f_number").value == ""
    assert "by a window" not in form.form.told.value
    form.index = 1
    assert control(form, "lens", "f_number").value == "wide open"
    assert form.form.errors["lens.f_number"].startswith("'wide open' was given")
    assert form.training_set[1].caption.lens is not None, "the lens was good before the aperture was typed"
    control(form, "lens", "f_number").value = "2.8"
    assert form.training_set[1].caption.lens.f_number == 2.8
    assert form.training_set[1].caption.environment == WINDOW.environment


def test_nothing_is_written_before_save_and_then_only_what_changed(form, folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    control(form, "environment", "place").value = "on an oak table"
    form.index = 3
    control(form, "environment", "place").value = "on snow"
    control(form, "lens", "f_number").value = "2"  # without a focal length, which a lens needs
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    form.keep.click()
    assert "1 file written beside the pictures." in form.said.value
    assert "3.png" in form.said.value
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {name for name in after if after[name] != before.get(name)} == {"0.yaml"}
    again = fk.TrainingSet.from_folder(folder, trigger="zwirl")
    assert again[0].caption == form.training_set[0].caption
    assert form.viewer.marks[0] == "captioned"
    assert form.keep.disabled
    control(form, "lens", "f_number").value = ""
    assert [path.name for path in form.save()] == ["3.yaml"]


def test_words_stay_words_until_fields_are_asked_and_then_are_read_into_them(form, folder):
    form.index = 2
    form.words.value = "on moss, soft light from the left"
    assert form.training_set[2].caption == "on moss, soft light from the left"
    assert [path.name for path in form.save()] == ["2.txt"]
    form.kind.value = "In fields"
    assert form.training_set[2].caption.lighting.key.direction == "left"
    form.kind.value = "In words"
    assert form.words.value == "on moss, soft light from the left"
    assert form.training_set[2].caption == "on moss, soft light from the left"
    form.index = 0
    form.index = 2
    form.kind.value = "In fields"
    assert control(form, "lighting", "pattern").value is None
    assert form.training_set[2].caption.lighting.key.direction == "left"


def test_the_one_before_fills_in_only_what_is_unset(form):
    form.index = 1
    control(form, "lens", "focal_length_mm").value = "35"
    form.index = 2
    form.index = 3
    assert form.viewer.marks[3] == "none"
    form.index = 2
    form.kind.value = "In fields"
    form.take.click()
    found = form.training_set[2].caption
    assert found.environment == WINDOW.environment
    assert found.lens.focal_length_mm == 85, "what was read from the words stays"
    form.index = 0
    assert form.take.disabled


def test_a_caption_that_is_cleared_is_saved_as_none(form, folder):
    form.index = 1
    form.form._parts["environment"].clear.click()
    assert form.viewer.marks[1] == "none"
    form.save()
    assert fk.TrainingSet.from_folder(folder, trigger="zwirl")[1].caption == Scene()


def test_words_that_a_scene_would_hide_are_refused_and_kept(form):
    form.index = 1
    form.kind.value = "In words"
    form.words.value = "by the window"
    form.keep.click()
    assert "would be read instead" in form.said.value
    assert form.words.value == "by the window"
    assert form.viewer.marks[1] == "unsaved"


def test_user_words_are_never_html_and_the_twin_needs_no_browser(form):
    form.index = 2
    form.words.value = "<img src=x onerror=alert(1)>"
    assert "<img" not in form.form.told.value
    data, _ = form._repr_mimebundle_()
    assert "<img" not in data["text/html"]
    assert "<td>4.png</td><td>zwirl.</td><td>no caption; small</td>" in data["text/html"]
    assert "by a window" in data["text/html"]
    assert "0x" not in data["text/html"]


def test_a_photograph_whose_file_went_away_can_still_be_captioned(form, folder):
    (folder / "3.png").unlink()
    form.index = 3
    assert form.viewer.picture == ""
    control(form, "environment", "place").value = "on snow"
    assert form.training_set[3].caption.environment.place == "on snow"


def test_a_photograph_that_is_not_there_is_refused(form):
    with pytest.raises(IndexError):
        form.index = 9


def test_two_pictures_that_would_share_a_file_are_told_before_anything_is_written(folder):
    Image.new("RGB", (600, 600), "teal").save(folder / "0.jpg")
    form = CaptionForm(fk.TrainingSet.from_folder(folder, trigger="zwirl"))
    control(form, "environment", "place").value = "on sand"
    form.index = 1
    control(form, "environment", "place").value = "on snow"
    with pytest.raises(InputError, match=r"both would lie in '0\.yaml'"):
        form.save()
    assert not (folder / "0.yaml").exists()


def test_a_caption_that_would_become_another_pictures_too_is_told(folder):
    Image.new("RGB", (600, 600), "teal").save(folder / "0.jpg")
    form = CaptionForm(fk.TrainingSet.from_folder(folder, trigger="zwirl"))
    control(form, "environment", "place").value = "on sand"
    form.keep.click()
    assert "&#x27;0.png&#x27; has another one or none" in form.said.value
    assert not (folder / "0.yaml").exists()
    form.index = 1
    control(form, "environment", "place").value = "on sand"
    assert [path.name for path in form.save()] == ["0.yaml"]
    assert fk.TrainingSet.from_folder(folder, trigger="zwirl")[1].caption.environment.place == "on sand"
