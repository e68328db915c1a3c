"""The form of a scene: typed values in, typed values out, and messages beside the field."""

from __future__ import annotations

import re

import pytest

import fluxkit as fk
from fluxkit.scene import PORTRA_400, Environment, Lens, Light, Lighting, Scene, Subject
from fluxkit.scene.presets import HEADSHOT
from fluxkit.widgets import LightRig, SceneForm
from fluxkit.widgets.source import source_of


@pytest.fixture(scope="module")
def scene():
    return Scene(
        subject=Subject(description="a woman"),
        environment=Environment(time_of_day="morning"),
        lighting=Lighting(key=Light(direction="left", quality="soft")),
        lens=Lens(focal_length_mm=85, f_number=1.8, focus_distance_m=1.5),
        film=PORTRA_400,
        avoid=["plastic skin", "blur"],
    )


@pytest.fixture
def form(scene):
    return SceneForm(scene, model="flux.1-dev")


def control(form, part, *names):
    found = form._parts[part]
    for name in names[:-1]:
        found = found.controls[name]
    return found.controls[names[-1]]


def test_a_scene_goes_through_the_form_unchanged(form, scene):
    assert form._data() == Scene.model_validate(form._data()).model_dump(exclude_defaults=True, mode="json")
    form._changed()
    assert form.scene == scene
    assert not form.errors


def test_typing_changes_the_scene_and_its_prompt(form):
    control(form, "lens", "f_number").control.value = "8"
    assert form.scene.lens.f_number == 8
    assert "f/8" in form.told.value
    control(form, "subject", "description").control.value = "an old man"
    assert "an old man" in form.told.value


def test_what_the_model_does_not_take_is_told_beside_the_field_and_the_scene_stays(form):
    control(form, "lens", "f_number").control.value = "0"
    assert form.scene.lens.f_number == 1.8
    assert list(form.errors) == ["lens.f_number"]
    field = control(form, "lens", "f_number")
    assert 'role="alert"' in field.box.children[1].value
    assert form._sections.get_title(list(form._parts).index("lens")).startswith("⚠ Lens")
    field.control.value = "4"
    assert not form.errors
    assert "alert" not in field.box.children[1].value
    assert form._sections.get_title(list(form._parts).index("lens")) == "Lens · 85 mm, f/4, 1.5 m"


def test_text_where_a_number_belongs_is_told(form):
    control(form, "lens", "focal_length_mm").control.value = "long"
    assert form.errors["lens.focal_length_mm"].startswith("'long' was given; a number is needed.")
    control(form, "lens", "focal_length_mm").control.value = "-3"
    assert form.errors["lens.focal_length_mm"].startswith("-3 was given; ")
    assert "is allowed. Change it" in form.errors["lens.focal_length_mm"]


def test_a_contradiction_between_fields_is_told_over_the_part(form):
    control(form, "lighting", "key", "azimuth_deg").control.value = "90"
    assert "lighting.key" in form.errors
    assert "direction='left'" in form._parts["lighting"].controls["key"].note.value


def test_a_needed_field_is_only_missed_once_its_part_is_begun():
    form = SceneForm()
    form._changed()
    assert form.scene == Scene()
    control(form, "lens", "f_number").control.value = "2"
    assert form.errors == {"lens.focal_length_mm": "Needed, as something else of this part is set"}
    control(form, "lens", "f_number").control.value = ""
    assert not form.errors


def test_a_shutter_may_be_typed_as_a_fraction(form):
    control(form, "camera", "shutter_s").control.value = "1/250"
    assert form.scene.camera.shutter_s == pytest.approx(0.004)


def test_choices_units_ranges_and_help_come_from_the_model(form):
    direction = control(form, "lighting", "key", "direction").control
    assert ("upper left", "upper left") in direction.options
    temperature = control(form, "lighting", "key", "temperature_k").control
    assert temperature.placeholder == "1000 to 20000 K"
    assert "kelvin" in temperature.tooltip
    assert temperature.description == "Temperature"


def test_a_preset_fills_its_part(form):
    box = form._parts["film"].preset
    box.value = "TRI_X_400"
    assert form.scene.film == fk.TRI_X_400


def test_lists_of_parts_grow_and_shrink(form):
    others = form._rest.controls["others"]
    others._add(None)
    others._forms[0].controls["description"].control.value = "a dog"
    assert [one.description for one in form.scene.others] == ["a dog"]
    others._remove(others._forms[0])
    assert form.scene.others == ()


def test_a_row_left_empty_counts_for_nothing_and_a_message_finds_the_right_row(form):
    colours = form._rest.controls["colours"]
    colours._add(None)
    colours._add(None)
    colours._forms[1].controls["name"].control.value = "rust"
    colours._forms[1].controls["hex"].control.value = "rust"
    assert "colours.0.hex" in form.errors
    assert "alert" in colours._forms[1].controls["hex"].note.value
    assert "alert" not in colours._forms[0].controls["hex"].note.value


def test_a_part_is_cleared_as_a_whole(form):
    form._parts["film"].clear.click()
    assert form.scene.film is None
    assert form._sections.get_title(list(form._parts).index("film")) == "Film"


def test_a_ready_scene_fills_the_form(form):
    form.start.value = "HEADSHOT"
    assert form.scene == HEADSHOT


def test_what_the_last_change_said_is_marked_in_the_prompt(form):
    assert "<mark>" not in form.told.value
    control(form, "lens", "f_number").control.value = "8"
    marked = re.findall("<mark>(.*?)</mark>", form.told.value)
    assert any("f/8" in words for words in marked)
    assert not any("woman" in words for words in marked)


def test_help_is_the_field_s_own_and_user_words_are_never_html(form):
    assert "<code>temperature_k</code>" in control(form, "lighting", "key", "source").note.value
    control(form, "subject", "description").control.value = "<img src=x onerror=alert(1)>"
    assert "<img" not in form.told.value
    assert "<img" not in form.still()


def test_the_optics_are_figures_and_a_ruler(form):
    assert "1.48 m to 1.52 m" in form.told.value
    assert 'aria-label="Sharp from 1.48 m to 1.52 m"' in form.told.value


def test_where_no_kernel_runs_a_table_and_the_prompt_stand_for_the_form(form):
    data, _ = form._repr_mimebundle_()
    assert "<th>Lens</th><td>85 mm, f/1.8, 1.5 m</td>" in data["text/html"]
    assert "Prompt for flux.1-dev" in data["text/html"]
    assert "0x" not in data["text/html"]


def test_words_in_a_list_are_parted_by_commas(form):
    form._rest.controls["avoid"].control.value = "noise, hands"
    assert form.scene.avoid == ("noise", "hands")


def test_setting_the_scene_shows_it(form):
    heard = []
    form.on_change(heard.append)
    form.scene = HEADSHOT
    form._changed()
    assert form.scene == HEADSHOT
    assert heard[-1] == HEADSHOT


def test_the_code_makes_the_scene(form, scene):
    space = {"fk": fk}
    exec(form.code(), space)
    assert space["scene"] == scene


def test_every_preset_scene_is_made_by_its_code():
    from fluxkit.scene import presets

    for name, preset in vars(presets).items():
        if name.isupper() and isinstance(preset, Scene):
            changed = preset.with_("aspect_ratio", "7:5")
            assert eval(source_of(changed), {"fk": fk}) == changed, name


def test_the_form_has_a_stable_text(form):
    assert repr(form) == "SceneForm(subject, environment, lighting, lens, film, avoid)"


def test_dragging_a_light_sets_its_angles_in_the_form(form):
    form.rig.lights = {**form.rig.lights, "key": {"azimuth": 60, "elevation": 30}}
    assert form.scene.lighting.key.azimuth_deg == 60
    assert form.scene.lighting.key.direction is None
    assert form.scene.lighting.key.quality == "soft"
    assert control(form, "lighting", "key", "azimuth_deg").control.value == "60"


def test_a_light_changed_in_the_form_moves_on_the_rig(form):
    control(form, "lighting", "key", "direction").control.value = "right"
    assert form.rig.lights["key"]["azimuth"] == 90


def test_a_rig_keeps_a_name_that_still_fits():
    rig = LightRig(Lighting(key=Light(direction="left", modifier="softbox")))
    rig.lights = {**rig.lights, "key": {"azimuth": -70, "elevation": 20}}
    assert rig.lighting.key == Light(direction="left", modifier="softbox", azimuth_deg=-70, elevation_deg=20)
    rig.lights = {**rig.lights, "rim": {"azimuth": 150, "elevation": 30}, "key": None}
    assert rig.lighting.key is None
    assert rig.lighting.rim.angles == (150, 30)
    assert rig.still().startswith(b"\x89PNG")
    assert repr(rig) == "LightRig(rim 150°/30°)"


def test_the_rig_shows_the_key_where_only_its_pattern_says_it():
    rig = LightRig(fk.REMBRANDT)
    assert rig.lights["key"] == {"azimuth": -47, "elevation": 42}
    rig.lights = {**rig.lights, "key": {"azimuth": -60, "elevation": 42}}
    assert rig.lighting.key_angles == (-60, 42)
    assert rig.lighting.pattern == "rembrandt"


def test_the_clay_head_is_told_softness_warmth_and_ratio():
    rig = LightRig(Lighting(key=Light(direction="left", quality="hard", temperature_k=2800), ratio=8))
    assert rig.look["key"]["spread"] == 0
    red, _, blue = rig.look["key"]["colour"]
    assert red > 2 * blue
    assert rig.look["around"]["power"] == pytest.approx(1 / 7)
    rig.lighting = Lighting(key=Light(direction="left", quality="soft"), fill=Light(direction="right"), ratio=2)
    assert rig.look["key"]["spread"] > 10
    assert rig.look["around"]["power"] == 0
    assert rig.look["fill"]["power"] == 1
