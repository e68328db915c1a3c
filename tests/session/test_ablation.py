import numpy as np
import pytest
from PIL import Image

from fluxkit.engines import FunctionEngine
from fluxkit.errors import InputError, PlanError
from fluxkit.scene import Environment, Lens, Light, Lighting, Scene, Subject
from fluxkit.session import Session
from fluxkit.session.ablation import ablate, droppable

SCENE = Scene(
    subject=Subject(description="a pear"),
    environment=Environment(place="in a dark studio"),
    lighting=Lighting(key=Light(direction="left")),
)


def draw(shot):
    """A picture in which the light matters much, the place a little."""
    picture = np.full((shot.height, shot.width, 3), 90, np.uint8)
    if "left" in shot.prompt.text:
        picture[:, : shot.width // 2] = 220
    if "studio" in shot.prompt.text:
        picture[: shot.height // 8] = 60
    return Image.fromarray(picture)


@pytest.fixture
def session(tmp_path):
    with Session(tmp_path / "catalogue", engine=FunctionEngine(draw)) as opened:
        yield opened


def test_fields_are_ranked_by_how_much_they_change_the_picture(session):
    found = ablate(SCENE, session, "nano", seed=3)
    order = [effect.path for effect in found.effects]
    assert order.index("lighting.key.direction") < order.index("environment.place")
    assert found.effects[0].difference > 0.1 and "lighting.key.direction" in repr(found)


def test_the_map_shows_where_a_field_changed_the_picture(session):
    map_ = np.asarray(ablate(SCENE, session, "nano").map("lighting.key.direction"))
    assert map_[:, :40].mean() > 200 and map_[:, -40:].mean() < 20
    with pytest.raises(InputError, match="Frames were made without"):
        ablate(SCENE, session, "nano").without("film")


def test_a_field_that_makes_no_words_is_listed_and_not_shot(session):
    quiet = SCENE.with_("subject.yaw_deg", 4.0)
    found = {effect.path: effect for effect in ablate(quiet, session, "nano").effects}
    assert found["subject.yaw_deg"].worded is False and found["subject.yaw_deg"].difference == 0


def test_the_shape_of_the_picture_is_held_where_the_aspect_ratio_goes(session):
    found = ablate(SCENE.with_(aspect_ratio="3:2"), session, "flux.1-dev", size=(384, 256))
    assert {frame.image.size for frame in found.frames} == {(384, 256)}
    wide = ablate(SCENE.with_(aspect_ratio="2:1"), session, "nano")
    assert len({frame.image.size for frame in wide.frames}) == 1


def test_what_to_avoid_counts_where_the_model_reads_a_negative_prompt(session):
    without = SCENE.with_(avoid=("grain",))
    asked = {"true_cfg": 3.0, "size": (256, 256)}
    found = {effect.path: effect for effect in ablate(without, session, "flux.1-dev", **asked).effects}
    assert found["avoid"].worded


def test_words_are_those_of_the_template_that_is_asked_for(session):
    shot = {"template": "{{ subject.description }}", "size": (256, 256)}
    found = {effect.path: effect.worded for effect in ablate(SCENE, session, "flux.1-dev", **shot).effects}
    assert not any(found.values())


def test_a_part_is_told_in_words(session):
    values = {effect.path: effect.value for effect in ablate(SCENE, session, "nano").effects}
    assert values["lighting"] == "key (direction left)"


def test_a_scene_of_one_field_cannot_be_ablated(session):
    with pytest.raises(PlanError, match="at least two set fields"):
        ablate(Scene(subject=Subject(description="a pear")), session, "nano")


def test_a_part_is_kept_where_its_field_cannot_go_alone():
    assert "lens.focal_length_mm" not in droppable(SCENE.with_(lens=Lens(focal_length_mm=85)))
