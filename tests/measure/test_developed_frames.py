import numpy as np
import pytest
from PIL import Image

from fluxkit.errors import InputError
from fluxkit.frames import Frame, Provenance
from fluxkit.measure import grain, monochrome, saturation, tone
from fluxkit.scene import PORTRA_400, TRI_X_400, VELVIA_50, FilmStock, Scene, Subject
from fluxkit.shots import Shot
from tests.measure.pictures import before_a_blurred_wall, hills, picture


def framed(values):
    scene = Scene(subject=Subject(description="hills"))
    shot = Shot(model="nano", scene=scene, prompt="hills", seed=3, steps=4, width=128, height=128)
    return Frame(shot, Image.fromarray(values), provenance=Provenance(engine="test"))


FRAME = framed(hills(0.3))


def test_a_developed_frame_is_a_new_one_that_names_its_source():
    new = FRAME.develop(PORTRA_400)
    assert new.id != FRAME.id and new.fingerprint != FRAME.fingerprint
    assert new.provenance.sources[-1].of == FRAME.id and new.provenance.sources[-1].role == "develop"
    assert new.shot.scene.film == PORTRA_400 and FRAME.shot.scene.film is None
    assert new.shot.options["developed"] == "Kodak Portra 400, push 0, seed 3"


def test_the_same_seed_gives_the_same_grain():
    assert FRAME.develop(TRI_X_400).fingerprint == FRAME.develop(TRI_X_400).fingerprint
    assert FRAME.develop(TRI_X_400).fingerprint != FRAME.develop(TRI_X_400, seed=4).fingerprint


def test_the_meter_reads_the_grain_that_the_film_has():
    clean = framed(picture(np.linspace(0.15, 0.75, 192)[None] * np.ones((192, 1))))
    sigma = [grain(clean.develop(film).image).value["sigma"] for film in (VELVIA_50, PORTRA_400, TRI_X_400)]
    assert sigma == sorted(sigma) and sigma[2] > 1.8 * sigma[0]
    assert clean.develop(TRI_X_400).measure()["grain"].verdict == "shown"


def test_slide_film_is_more_saturated_and_contrasty_than_negative():
    tinted = Image.fromarray(before_a_blurred_wall(2)[0])
    tinted = Image.merge(
        "RGB", [band.point(lambda v, k=k: int(v * k)) for band, k in zip(tinted.split(), (1, 0.85, 0.7), strict=True)]
    )
    slide, negative = (framed_image(tinted).develop(film).image for film in (VELVIA_50, PORTRA_400))
    assert saturation(slide).value["mean"] > saturation(negative).value["mean"]
    assert tone(slide).value["rms_contrast"] > tone(negative).value["rms_contrast"]


def framed_image(image):
    return Frame(FRAME.shot, image, provenance=FRAME.provenance)


def test_black_and_white_film_leaves_no_colour():
    assert monochrome(FRAME.develop(TRI_X_400).image).words == "black and white"


def test_a_film_of_no_kind_is_refused():
    with pytest.raises(InputError, match="kind is unset"):
        FRAME.develop(FilmStock(name="mystery film"))
