"""Bad input of any kind gets an error of ours that says what to do, and the catalogue stays readable."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

import fluxkit as fk
from fluxkit.engines import FunctionEngine
from fluxkit.errors import CatalogueError, FluxkitError, WeightsError
from tests.tiny.folders import tiny  # noqa: F401

SCENE = fk.Scene(subject=fk.Subject(description="a pear"), lens=fk.Lens(focal_length_mm=85, f_number=1.8))


def _grey(shot):
    return Image.new("RGB", (shot.width, shot.height), (shot.seed % 256,) * 3)


@pytest.fixture
def session(tmp_path):
    with fk.Session(tmp_path / "catalogue", engine=FunctionEngine(_grey)) as session:
        session.shoot(SCENE, model="flux.1-schnell", size=(256, 256), seed=1)
        yield session
        assert len(session.catalogue.frames()) == 1
        assert session.catalogue.frames()[0].image.size == (256, 256)


BAD = {
    "an unknown field": (lambda s: fk.Lens(focal_lenght_mm=85), "focal_length_mm"),
    "an f-number of 0": (lambda s: fk.Lens(focal_length_mm=85, f_number=0), "f_number.*0"),
    "an unknown model": (lambda s: s.shoot(SCENE, model="flux.1-deb"), r"flux\.1-dev"),
    "an axis that names no field": (lambda s: s.plan(fk.Sweep(SCENE).over(**{"lens.fnumber": [2]})), "f_number"),
    "a template that reaches for classes": (
        lambda s: s.plan(SCENE, model="flux.1-dev", template="{{ ''.__class__ }}"),
        "template",
    ),
    "a size that is no multiple": (lambda s: s.plan(SCENE, model="flux.1-dev", size=(100, 70)), "368 x 256"),
    "ten thousand shots by accident": (
        lambda s: s.plan(fk.Sweep(SCENE, model="flux.1-dev").over(seed=range(10_000))),
        "confirm=True",
    ),
    "a negative seed": (lambda s: s.plan(SCENE, model="flux.1-dev", seed=-1), "seed"),
    "text for a seed": (lambda s: s.plan(SCENE, model="flux.1-dev", seed="seven"), "seed"),
    "a size of one number": (lambda s: s.plan(SCENE, model="flux.1-dev", size=512), "size"),
    "no scene at all": (lambda s: s.plan("a photo of a pear"), "Scene"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_in_words(name, session):
    act, said = BAD[name]
    with pytest.raises(FluxkitError, match=said):
        act(session)


def test_braces_in_a_description_come_out_as_those_characters():
    scene = SCENE.with_("subject.description", "a sign that reads {{ 7*7 }}")
    assert "{{ 7*7 }}" in str(scene.prompt("flux.1-dev"))


def test_a_catalogue_that_cannot_be_written_is_told_before_the_frame_is_shown(tmp_path):
    (tmp_path / "taken").write_text("not a folder")
    with (
        fk.Session(tmp_path / "taken", engine=FunctionEngine(_grey)) as session,
        pytest.raises(CatalogueError, match="taken"),
    ):
        session.shoot(SCENE, model="flux.1-schnell", size=(256, 256))


def test_corrupt_weights_are_named_and_the_catalogue_stays_readable(tmp_path, tiny):  # noqa: F811
    broken = Path(shutil.copytree(tiny("flux1"), tmp_path / "broken"))
    weights = next((broken / "transformer").glob("*.safetensors"))
    weights.write_bytes(b"\x00" * 64)
    spec = fk.models.get("flux.1-dev").with_(weights=str(broken))
    with fk.Session(tmp_path / "catalogue") as session:
        with pytest.raises(WeightsError, match="transformer"):
            session.shoot(SCENE, model=spec, size=(256, 256), steps=1)
        assert len(session.catalogue.frames()) == 0
