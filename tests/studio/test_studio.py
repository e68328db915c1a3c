"""The interactive bench."""

from __future__ import annotations

import pytest
from PIL import Image

from fluxkit.engines import FunctionEngine
from fluxkit.errors import InputError
from fluxkit.scene import Light, Lighting, Scene, Subject
from fluxkit.session import Session
from fluxkit.studio import explore, seeds_of


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
    studio._history.children[0].click()
    assert studio._stage.children == (first.view,)
    assert repr(studio) == "Studio(flux.1-dev, 2 sheets)"


def test_seeds_are_numbers_and_ranges():
    assert seeds_of("0-2, 7, 1") == [0, 1, 2, 7]
    for wrong in ("a", "", "5-2", "0-100000"):
        with pytest.raises(InputError):
            seeds_of(wrong)
