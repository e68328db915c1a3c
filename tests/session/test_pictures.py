"""The session's methods that start from a picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import fluxkit as fk
from fluxkit.engines import FunctionEngine
from fluxkit.errors import CapabilityError, FrameError, InputError
from fluxkit.frames.frame import Frame
from fluxkit.shots.shot import Shot

SCENE = fk.Scene(subject=fk.Subject(description="a pear"))


def _picture(width=256, height=256, seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def _grey(shot):
    return Image.new("RGB", (shot.width, shot.height), (shot.seed % 256,) * 3)


@pytest.fixture
def session(tmp_path):
    with fk.Session(tmp_path / "catalogue", engine=FunctionEngine(_grey)) as opened:
        yield opened


@pytest.fixture
def frame(session) -> Frame:
    return session.shoot(SCENE, model="flux.1-dev", seed=7, size=(256, 256))


def test_vary_keeps_the_frames_model_scene_and_size(session, frame):
    varied = session.vary(frame, strength=0.4, seed=8)
    assert varied.shot.model == "flux.1-dev"
    assert varied.shot.scene == SCENE
    assert (varied.shot.width, varied.shot.height) == (256, 256)
    assert varied.shot.inputs.strength == 0.4
    assert varied.shot.inputs.image == fk.ReferenceImage.of(frame)


def test_what_a_frame_came_from_is_in_the_catalogue(session, frame):
    varied = session.vary(frame, seed=8)
    assert [parent.id for parent in session.catalogue.parents(varied)] == [frame.id]


def test_fill_takes_a_mask_as_large_as_the_picture(session, frame):
    filled = session.fill(frame, mask=fk.Mask.rectangle(256, 256, right=0.5), prompt="a red scarf")
    assert filled.shot.model == "flux.1-fill-dev"
    assert str(filled.shot.prompt) == "a red scarf"
    assert filled.shot.guidance == 30
    with pytest.raises(InputError, match="128 x 128 was given for a picture of 256 x 256"):
        session.fill(frame, mask=fk.Mask.rectangle(128, 128), prompt="a red scarf")


def test_outpaint_grows_the_canvas_and_keeps_the_picture(session, frame):
    wider = session.outpaint(frame, left=64, right=32, prompt="a garden")
    assert (wider.shot.width, wider.shot.height) == (352, 256)
    mask = np.asarray(wider.shot.inputs.mask.image)
    assert mask[:, :64].min() == 255
    assert mask[:, 64:320].max() == 0
    kept = wider.shot.inputs.image.image.crop((64, 0, 320, 256))
    assert (np.asarray(kept) == np.asarray(frame.image)).all()
    with pytest.raises(InputError, match="on which side"):
        session.outpaint(frame, prompt="a garden")


def test_edit_words_a_change_and_takes_one_picture_on_kontext(session, frame):
    change = fk.Edit(change="turn the key light to the right", keep=["her face"])
    edited = session.edit(frame, change)
    assert "key light to the right" in str(edited.shot.prompt)
    assert edited.shot.inputs.references == (fk.ReferenceImage.of(frame),)
    with pytest.raises(CapabilityError, match="2 reference pictures were given"):
        session.edit(frame, "swap the hats", references=[_picture()])
    assert (
        len(session.edit(frame, "swap the hats", references=[_picture()], model="flux.2-dev").shot.inputs.references)
        == 2
    )


def test_control_follows_the_kind_of_its_map(session, frame):
    assert session.control("a statue", fk.ControlMap.canny(frame)).shot.model == "flux.1-canny-dev"
    by_shoot = session.shoot(SCENE, model="flux.1-depth-dev", control=fk.ControlMap.depth(frame), size=(256, 256))
    assert by_shoot.shot.inputs.control.kind == "depth"
    with pytest.raises(CapabilityError, match="follows depth"):
        session.shoot(SCENE, model="flux.1-depth-dev", control=fk.ControlMap.canny(frame))


def test_blend_shares_equally_unless_told(session, frame):
    assert [p.weight for p in session.blend([frame, _picture()]).shot.inputs.references] == [None, None]
    weighed = session.blend([frame, _picture()], weights=[0.8, 0.2])
    assert [p.weight for p in weighed.shot.inputs.references] == [0.8, 0.2]


def test_a_model_that_does_not_do_the_task_is_refused_with_those_that_do(session, frame):
    with pytest.raises(CapabilityError, match=r"flux\.2-dev was asked to fill.*flux\.1-fill-dev"):
        session.fill(frame, mask=fk.Mask.rectangle(256, 256), prompt="a scarf", model="flux.2-dev")
    with pytest.raises(CapabilityError, match=r"Use session\.fill"):
        session.shoot(SCENE, model="flux.1-fill-dev")


def test_strength_is_refused_where_it_would_be_ignored(session, frame):
    with pytest.raises(CapabilityError, match=r"strength=0\.5"):
        inputs = fk.Inputs(references=(fk.ReferenceImage.of(frame),), strength=0.5)
        session.shoot(SCENE, model="flux.2-klein-4b", size=(256, 256), inputs=inputs)


def test_a_picture_of_an_impossible_size_is_refused_with_the_nearest(session):
    with pytest.raises(CapabilityError, match="nearest size it makes is 304 x 304"):
        session.vary(_picture(300, 300), prompt="a pear", model="flux.1-dev")


def test_equal_pictures_make_equal_shots_and_others_do_not(session):
    first, again, other = (session.vary(_picture(seed=s), prompt="a pear", model="flux.1-dev") for s in (0, 0, 1))
    assert first.id == again.id != other.id


def test_a_shot_from_a_file_finds_its_pictures_in_the_catalogue(session, tmp_path):
    shot = session.vary(_picture(seed=5), prompt="a pear", model="flux.1-dev").shot
    text = shot.model_dump_json()
    content = np.asarray(shot.inputs.image.image)
    del shot
    again = Shot.model_validate_json(text)
    assert (np.asarray(again.inputs.image.image) == content).all()
    unknown = again.inputs.image.with_(content="picture1-" + "0" * 32)
    with pytest.raises(FrameError, match="Open that catalogue"):
        _ = unknown.image


def test_a_text_shots_id_does_not_know_of_inputs():
    shot = Shot(model="flux.1-dev", prompt="a pear", width=256, height=256)
    assert "inputs" not in shot.request()


def test_a_model_that_expands_is_told_the_sides_and_given_the_picture_alone(session, frame):
    grown = session.outpaint(frame, left=64, bottom=32, prompt="a field", model="flux-pro-1.0-expand")
    assert grown.shot.inputs == fk.Inputs(image=fk.ReferenceImage.of(frame))
    assert grown.shot.options == {"left": 64, "right": 0, "top": 0, "bottom": 32}
    with pytest.raises(CapabilityError, match="asked to fill"):
        session.fill(frame, mask=fk.Mask.rectangle(256, 256), prompt="a field", model="flux-pro-1.0-expand")
    with pytest.raises(CapabilityError, match="map"):
        session.outpaint(frame, left=64, control=fk.ControlMap.canny(frame), model="flux-pro-1.0-expand")


def test_maps_go_beside_a_picture_and_several_to_a_union(session, frame):
    depth, edges = fk.ControlMap.given(frame, kind="depth"), fk.ControlMap.given(frame, kind="canny", strength=0.5)
    varied = session.vary(frame, control=depth, model="flux.1-depth-dev", strength=0.5)
    assert varied.shot.inputs.controls == (depth,)
    both = session.control("a pear", [edges, depth])
    assert both.shot.model == "flux.1-dev-controlnet-union"
    assert both.shot.inputs.controls == (edges, depth)
    with pytest.raises(CapabilityError, match=r"follows none.*flux\.1-depth-dev"):
        session.vary(frame, control=depth)
    with pytest.raises(CapabilityError, match="follows a map"):
        session.vary(frame, model="flux.1-depth-dev")
    with pytest.raises(CapabilityError, match=r"strength=0\.5.*fully all the way"):
        session.control("a pear", edges)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda s, f: s.blend([]), "list of one or more pictures"),
        (lambda s, f: s.blend(f), "list of one or more pictures"),
        (lambda s, f: s.control("a pear", None), "ControlMap, or a list"),
        (lambda s, f: s.vary(f, strength=0), "strength"),
        (lambda s, f: s.vary(f, strength=2), "strength"),
        (lambda s, f: s.outpaint(f, left=1.5), "whole pixels"),
        (lambda s, f: s.fill(f, mask=fk.Mask.of(Image.new("L", (256, 256))), prompt="x"), "black all over"),
        (lambda s, f: s.vary(_picture().convert("RGBA").resize((256, 256)).rotate(20), prompt="x", model="flux.1-dev"),
         "transparent parts"),
        (lambda s, f: s.vary(np.zeros((8, 8)), prompt="x", model="flux.1-dev"), "array of float64"),
        (lambda s, f: s.vary("nowhere.png", prompt="x", model="flux.1-dev"), "cannot be read"),
        (lambda s, f: s.vary(f, prompt="x", colour="red"), "no field 'colour'"),
        (lambda s, f: s.vary(f, prompt="x", template="flux.1/default"), "words a Scene"),
    ],
)  # fmt: skip
def test_bad_pictures_and_settings_are_refused_in_words(session, frame, ask, said):
    with pytest.raises((InputError, CapabilityError), match=said):
        ask(session, frame)


def test_pictures_are_turned_as_the_camera_noted(session, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter to the right
    _picture(300, 256).save(tmp_path / "phone.jpg", exif=exif)
    assert (
        fk.ReferenceImage.of(tmp_path / "phone.jpg").width,
        fk.ReferenceImage.of(tmp_path / "phone.jpg").height,
    ) == (
        256,
        300,
    )
