import numpy as np
import pytest

from fluxkit.measure import SubjectRegion, defocus, grain, grain_curve, texture
from fluxkit.measure.edges import edge_blur, region_blur
from fluxkit.measure.pixels import blurred
from tests.measure.pictures import before_a_blurred_wall, picture
from tests.measure.pictures import texture as detail


def grained(sigma, size=0.0, tone=0.45, side=256, seed=0):
    field = blurred(np.random.default_rng(seed).standard_normal((side, side)).astype(np.float32), size)
    ramp = tone + 0.15 * np.linspace(-1, 1, side)[None]
    return picture(ramp + sigma * field / field.std())


@pytest.mark.parametrize("sigma", [0.01, 0.03, 0.08])
@pytest.mark.parametrize("size", [0.0, 0.6, 1.0])
def test_grain_on_a_ramp_is_read_within_a_tenth(sigma, size):
    curve = grain_curve(grained(sigma, size))
    assert np.average(curve.sigma, weights=curve.weight) * 1.08 == pytest.approx(sigma, rel=0.12)
    assert curve.size_px == pytest.approx(size, abs=0.3)


def test_a_clean_ramp_has_no_grain():
    assert grain(grained(0.0015)).words == "none detected"


def test_grain_of_a_picture_with_no_flat_place_is_not_told():
    assert grain(picture(np.indices((64, 64)).sum(0) % 2 * 1.0)).abstained


def test_an_edge_blurred_by_a_known_amount_reads_so():
    step = np.where(np.arange(128)[None] < 64, 0.25, 0.75) * np.ones((128, 1))
    for sigma in (1.5, 2.5, 4.0):
        blur, count = region_blur(
            edge_blur(picture(blurred(step.astype(np.float32), sigma)) / np.float32(255)), step > 0
        )
        assert count > 50 and blur == pytest.approx(sigma, rel=0.2)


def test_a_softer_background_reads_softer_and_from_deep_to_shallow():
    found = [defocus(image, region=SubjectRegion(mask, 1.0)) for image, mask in map(before_a_blurred_wall, (0, 2, 5))]
    ratios = [item.value["ratio"] for item in found]
    assert ratios == sorted(ratios) and ratios[-1] > 3 * ratios[0]
    assert found[0].words.startswith("deep") and found[2].words.startswith("shallow")


def test_a_smooth_background_is_unknown_rather_than_blurred():
    image, mask = before_a_blurred_wall(0)
    found = defocus(np.where(mask[..., None], image, 128).astype(np.uint8), region=SubjectRegion(mask, 1.0))
    assert found.abstained and "smooth" in found.reason


def test_smoothed_detail_has_the_lower_texture_index():
    rough = detail(192) + np.random.default_rng(0).normal(0, 0.02, (192, 192))
    index = [texture(picture(image)).value["index"] for image in (rough, blurred(rough.astype(np.float32), 1.5))]
    assert index[1] < index[0] - 0.5


def test_a_small_subject_has_no_texture_index():
    assert texture(picture(detail(64))).abstained
