import dataclasses

import pytest
from PIL import Image

from fluxkit.engines import FunctionEngine
from fluxkit.errors import PlanError
from fluxkit.nano.render import render
from fluxkit.nano.scenes import scene_of
from fluxkit.nano.worlds import sample
from fluxkit.scene import TRI_X_400, VELVIA_50
from fluxkit.session import Session
from fluxkit.session.studies import aperture_study, film_study, light_study

WORLD = dataclasses.replace(sample(9_000_000, 4, kind="portrait"), film="digital", place="library", who="woman")
SCENE = scene_of(WORLD).with_(film=None)


def draw(shot):
    """What the scene of a shot asks for, as fluxkit's own renderer draws it."""
    azimuth, elevation = shot.scene.key_angles
    world = dataclasses.replace(
        WORLD,
        direction=shot.scene.lighting.key.direction,
        azimuth_deg=azimuth,
        elevation_deg=elevation,
        f_number=shot.scene.lens.f_number,
        film="Tri-X 400" if shot.scene.film == TRI_X_400 else "digital",
    )
    return Image.fromarray(render(world, size=128))


@pytest.fixture
def session(tmp_path):
    with Session(tmp_path / "catalogue", engine=FunctionEngine(draw)) as opened:
        yield opened


def test_the_light_study_reads_each_side_where_it_was_asked(session):
    study = light_study(SCENE, session, directions=("left", "right"))
    shown = {reading.setting: reading.shown for reading in study.readings}
    assert shown["left"] < -40 and shown["right"] > 40
    assert study.answered == 1 and "left" in repr(study) and study.figure().axes[-1].get_xlabel() == "asked (degrees)"


def test_the_aperture_study_sees_the_background_soften(session):
    study = aperture_study(SCENE, session, f_numbers=(1.4, 16.0))
    wide, shut = study.readings
    assert wide.asked > shut.asked and wide.shown > shut.shown
    with pytest.raises(PlanError, match="no lens"):
        aperture_study(SCENE.with_(lens=None), session)


def test_the_film_study_sees_the_coarser_grain(session):
    smooth, coarse = film_study(SCENE, session, films=(VELVIA_50, TRI_X_400)).readings
    assert coarse.shown > 2 * smooth.shown
