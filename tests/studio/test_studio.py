"""The interactive bench."""

from __future__ import annotations

import time

import pytest
from PIL import Image

from fluxkit.engines import FunctionEngine
from fluxkit.errors import InputError, WeightsError
from fluxkit.scene import Light, Lighting, Scene, Subject
from fluxkit.session import Session
from fluxkit.studio import FIRST_SCENE, choices_at, explore, seeds_of


@pytest.fixture
def studio(tmp_path):
    scene = Scene(subject=Subject(description="a pear"), lighting=Lighting(key=Light(direction="left")))
    with Session(tmp_path / "c", engine=FunctionEngine(lambda shot: Image.new("RGB", (32, 32)))) as session:
        yield explore(scene, session, model="flux.1-dev")


def test_shooting_fills_a_live_sheet_by_the_axis_that_varies(studio):
    studio.vary.value, studio.values.value = "lighting.key.direction", "left, right"
    studio.seeds.value = "0-2"
    live = studio.start()
    sheet = live.result(60)
    assert repr(sheet) == "ContactSheet(6 frames; lighting.key.direction (2) x seed (3))"
    assert studio._stage.children == (live.view,)


def test_the_form_decides_the_scene(studio):
    studio.form._parts["subject"].controls["description"].control.value = "an apple"
    studio.seeds.value = "5"
    live = studio.start()
    assert live.result(60).frames[0].shot.scene.subject.description == "an apple"
    assert live.result(60).frames[0].shot.seed == 5


def test_what_cannot_be_shot_is_told_and_nothing_starts(studio):
    studio.model.value = "flux.1-schnell"
    studio.guidance.value = "3.5"
    assert studio.start() is None
    assert "guidance" in studio._said.value
    assert 'role="alert"' in studio._said.value
    assert studio.sheets == []


def test_earlier_sheets_come_back_from_the_history(studio):
    first, second = studio.start(), None
    first.result(60)
    studio.seeds.value = "9"
    second = studio.start()
    second.result(60)
    assert studio._stage.children == (second.view,)
    studio._past[0].card.children[1].click()
    assert studio._stage.children == (first.view,)
    assert repr(studio) == "Studio(flux.1-dev, 2 sheets)"


def test_the_forecast_counts_frames_says_what_is_kept_and_what_cannot_be(studio):
    assert studio.shoot.description == "Shoot 4 frames"
    assert "28 steps each" in studio._said.value
    studio.start().result(60)
    studio.seeds.value = "2-6"
    assert studio.shoot.description == "Shoot 5 frames"
    assert "2 of them kept already" in studio._said.value
    studio.vary.value = "lens.f_numbr"
    assert "Did you mean" in studio._said.value
    assert studio.shoot.description == "Shoot"


def test_a_hosted_model_is_priced_before_anything_is_sent(studio):
    studio.model.value = "flux-pro-1.1"
    assert "$0.16 for 4 hosted pictures" in studio._said.value


def test_named_choices_are_offered_as_buttons(studio):
    studio.vary.value = "lighting.key.direction"
    chips = {chip.description: chip for chip in studio.chips.children}
    chips["left"].value = chips["behind"].value = True
    assert studio.values.value == "left, behind"
    assert studio.shoot.description == "Shoot 8 frames"
    studio.vary.value = "lens.f_number"
    assert studio.chips.children == ()
    assert choices_at("lens.nothing.here") == ()


def test_steps_and_guidance_may_vary_too(studio):
    studio.seeds.value, studio.steps.value, studio.guidance.value = "1", "4, 8", "2.5, 3.5"
    assert repr(studio.start().result(60)) == "ContactSheet(4 frames; steps (2) x guidance (2) x seed (1))"
    studio.steps.value = "many"
    assert "It takes numbers" in studio._said.value


def test_a_chosen_frame_s_scene_and_seed_come_back_into_the_form(studio):
    studio.vary.value, studio.values.value = "lighting.key.direction", "left, right"
    live = studio.start()
    frame = live.result(60).frames[-1]
    assert studio.take_chosen() is None
    assert "Choose one with Space" in studio._said.value
    live.view.chosen = [frame.id]
    assert studio.take_chosen().id == frame.id
    assert studio.scene.lighting.key.direction == "right"
    assert studio.seeds.value == "3"
    assert studio.shoot.description == "Shoot 1 frame"


def test_an_earlier_sheet_s_settings_are_used_again_and_it_has_a_picture(studio):
    studio.start().result(60)
    studio.form._parts["subject"].controls["description"].control.value = "an apple"
    studio.seeds.value = "9"
    studio.start().result(60)
    wait(lambda: all("<img alt=" in past.picture.value for past in studio._past))
    studio._past[0].card.children[2].click()
    assert studio.scene.subject.description == "a pear"
    assert studio.seeds.value == "0-3"
    assert studio._stage.children == (studio.sheets[0].view,)


def test_a_job_that_fails_as_a_whole_says_why(tmp_path):
    class Broken(FunctionEngine):
        def shoot(self, shots, progress):
            raise WeightsError("The weights of this test are not here. Some are allowed. Put some there.")
            yield

    with Session(tmp_path / "c", engine=Broken(lambda shot: None)) as session:
        studio = explore(None, session, model="flux.1-dev")
        studio.start()
        wait(lambda: "weights of this test" in studio._said.value)


def test_what_the_catalogue_holds_is_offered_from_the_first(studio, tmp_path):
    studio.start().result(60)
    later = explore(None, studio.session, model="flux.1-dev")
    card = later._history.children[0]
    assert card.children[1].description == "4 kept before"
    card.children[1].click()
    assert repr(later._stage.children[0]) == "SheetView(4 frames, 0 picked)"


def test_the_bench_opens_with_a_scene_and_shows_a_table_where_no_kernel_runs(studio):
    data, _ = studio._repr_mimebundle_()
    assert data["text/plain"] == "Studio(flux.1-dev, 0 sheets)"
    assert "Prompt for flux.1-dev" in data["text/html"]
    assert explore(None, studio.session).scene == FIRST_SCENE


def wait(holds, seconds=20):
    """Wait until something holds that another thread does."""
    for _ in range(seconds * 50):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come to hold")


def test_seeds_are_numbers_and_ranges():
    assert seeds_of("0-2, 7, 1") == [0, 1, 2, 7]
    for wrong in ("a", "", "5-2", "0-100000"):
        with pytest.raises(InputError):
            seeds_of(wrong)
