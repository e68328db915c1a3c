import numpy as np
import pytest

from fluxkit.errors import InputError
from fluxkit.measure import cast, haze, monochrome, saturation, tone, zones
from tests.measure.pictures import hills, picture, texture


def coloured(red, green, blue):
    return picture(texture(96)[..., None] * np.array([red, green, blue], np.float32))


def test_a_warm_light_reads_warmer_than_a_cool_one():
    patches = np.random.default_rng(0).uniform(0.2, 0.8, (12, 12, 3)).repeat(8, 0).repeat(8, 1)
    warm, plain, cool = (
        cast(picture(patches * np.array(tint))) for tint in ([1, 0.85, 0.55], [0.9, 0.9, 0.9], [0.55, 0.8, 1])
    )
    assert warm.value > plain.value > cool.value
    assert warm.words.startswith("warm") and cool.words.startswith("cool")


def test_black_and_white_has_no_cast():
    assert cast(picture(texture(96))).abstained


@pytest.mark.parametrize(("tint", "words"), [((1, 1, 1), "black and white"), ((1, 0.92, 0.8), "black and white")])
def test_greys_and_even_tints_are_black_and_white(tint, words):
    assert monochrome(coloured(*tint)).words == words


def test_two_hues_are_colour():
    image = coloured(1, 0.8, 0.6)
    image[:48] = coloured(0.6, 0.8, 1)[:48]
    assert monochrome(image).words == "colour"


def test_saturation_is_nought_for_grey_and_grows_with_colour():
    values = [saturation(coloured(1, g, g)).value["mean"] for g in (1.0, 0.8, 0.4)]
    assert values[0] == pytest.approx(0, abs=2e-3) and values == sorted(values)


def test_tone_tells_key_clipping_and_contrast():
    dark, light = tone(picture(np.full((32, 32), 0.1))), tone(picture(np.full((32, 32), 0.9)))
    assert "low key" in dark.words and "high key" in light.words
    half = np.zeros((32, 32))
    half[:16] = 1.0
    ends = tone(picture(half))
    assert ends.value["black"] == ends.value["white"] == 0.5 and ends.value["contrast_stops"] > 9


def test_zones_share_out_the_whole_picture():
    shares = zones(picture(np.linspace(0, 1, 64)[None] * np.ones((64, 1))))
    assert sum(shares) == pytest.approx(1) and shares[10] == 0 and shares[5] > 0


def test_more_air_reads_hazier():
    values = [haze(hills(veil)).value for veil in (0.0, 0.35, 0.7)]
    assert values == sorted(values) and values[2] - values[0] > 0.2


def test_a_picture_without_a_sky_has_no_haze():
    assert haze(picture(texture(96))).abstained


@pytest.mark.parametrize("bad", [np.zeros((32, 32, 3)), np.zeros((4, 4, 3), np.uint8), "picture.png"])
def test_what_is_no_8_bit_picture_is_refused(bad):
    with pytest.raises(InputError, match="Measures take"):
        tone(bad)
