"""Masks drawn from numbers and pictures, and their edges."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fluxkit.errors import InputError
from fluxkit.shots import Mask


def grey(mask):
    return np.asarray(mask.image)


def test_a_box_is_white_inside_its_edges_and_takes_the_size_from_a_picture():
    made = Mask.from_box(Image.new("RGB", (40, 20)), (10, 5, 30, 15))
    assert (made.width, made.height) == (40, 20)
    assert grey(made)[5:15, 10:30].min() == 255
    assert grey(made).astype(int).sum() == 255 * 20 * 10
    assert (
        Mask.from_box(np.zeros((20, 40, 3), np.uint8), (10, 5, 30, 15)) == made == Mask.from_box(made, (10, 5, 30, 15))
    )


def test_a_polygon_has_its_area_and_soft_edges_and_may_leave_the_picture():
    triangle = Mask.from_polygon((100, 100), [(0, 0), (100, 0), (0, 100)])
    assert triangle.share == pytest.approx(0.5, abs=0.01)
    values = set(np.unique(grey(triangle)))
    assert {0, 255} < values
    outside = Mask.from_polygon((100, 100), [(-100, -100), (50, -100), (50, 200), (-100, 200)])
    assert outside.share == pytest.approx(0.5, abs=0.01)


def test_a_picture_gives_its_brightness_or_where_it_has_some_its_opacity(tmp_path):
    ramp = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (16, 1)))
    assert (grey(Mask.from_image(ramp)) == np.asarray(ramp)).all()
    assert Mask.from_image(ramp, threshold=128).share == 0.5
    assert Mask.from_image(ramp, invert=True).image.getpixel((0, 0)) == 255
    cut = Image.new("RGBA", (32, 32), (255, 255, 255, 0))
    cut.paste((0, 0, 0, 255), (0, 0, 16, 32))
    cut.save(tmp_path / "cut.png")
    assert Mask.from_image(tmp_path / "cut.png").share == 0.5
    larger = Mask.from_image(cut, size=Image.new("RGB", (64, 128)))
    assert (larger.width, larger.height) == (64, 128)
    assert Mask.from_image(np.eye(8, dtype=bool)).share == 0.125


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Mask.from_box((64, 64), (10, 10, 80, 20)), "right=80.*inside the picture.*Correct"),
        (lambda: Mask.from_box((64, 64), (0.1, 0.1, 0.6, 0.6)), "look like fractions.*Mask.rectangle"),
        (lambda: Mask.from_box((64, 64), (20, 0, 10, 9)), "left below right"),
        (lambda: Mask.from_box((64, 64), (0, 0, 1)), "given as .0, 0, 1.*Give 4 numbers"),
        (lambda: Mask.from_box((64, 64), (0, 0, float("nan"), 9)), "Give 4 numbers"),
        (lambda: Mask.from_box("large", (0, 0, 9, 9)), "size of 'large'.*such as .1024, 768"),
        (lambda: Mask.from_polygon((64, 64), [(0, 0), (9, 9)]), "2 points.*at least three"),
        (lambda: Mask.from_polygon((64, 64), [(0, 0), (9, 9), (1,)]), r"The point \(1,\).*Give 2 numbers"),
        (lambda: Mask.from_polygon((64, 64), 7), "at least three"),
        (lambda: Mask.from_polygon((64, 64), [(99, 99), (90, 90), (99, 90)]), "nothing white.*where it lies"),
        (lambda: Mask.from_image(Image.new("L", (8, 8))), "nothing white"),
        (lambda: Mask.from_image(Image.new("L", (8, 8), 9), threshold=0), "from 1 to 255"),
        (lambda: Mask.from_image("nowhere.png"), "nowhere.png.*PNG, JPEG and WebP"),
        (lambda: Mask.rectangle(8, 8).grow(0.5), r"grow\(0.5\).*whole pixels"),
        (lambda: Mask.rectangle(8, 8).feather(-1), r"feather\(-1\).*from 0"),
        (lambda: Mask.rectangle(8, 8) | Mask.rectangle(9, 9), "of one size"),
    ],
)
def test_what_makes_no_mask_is_refused_with_what_to_do(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_growing_makes_a_round_edge_of_that_many_pixels_and_shrinking_undoes_it_on_straight_ones():
    dot = Image.new("L", (41, 41))
    dot.putpixel((20, 20), 255)
    y, x = np.mgrid[-20:21, -20:21]
    disc = grey(Mask.of(dot).grow(9)) > 0
    assert (disc == (np.abs(x) <= np.sqrt(np.clip(81 - y**2, 0, None)).round()) & (np.abs(y) <= 9)).all()
    box = Mask.from_box((64, 64), (20, 20, 44, 44))
    assert box.grow(-6) == Mask.from_box((64, 64), (26, 26, 38, 38))
    assert box.grow(0) == box
    assert Mask.from_box((64, 64), (0, 0, 32, 64)).grow(-4) == Mask.from_box((64, 64), (0, 0, 28, 64)), (
        "kept at borders"
    )
    assert Mask.from_box((8, 8), (0, 0, 1, 1)).grow(256).share == 1


def test_feathering_softens_and_masks_are_joined_as_sets():
    left, top = Mask.rectangle(64, 64, right=0.5), Mask.rectangle(64, 64, bottom=0.5)
    assert (left | top).share == 0.75
    assert (left & top).share == 0.25
    assert (left - top).share == 0.25
    assert (~left) == Mask.rectangle(64, 64, left=0.5)
    row = grey(left.feather(8))[30].astype(int)
    assert (np.diff(row) <= 0).all()
    assert 8 <= ((row > 2) & (row < 253)).sum() <= 20


def test_a_mask_over_its_picture_tints_only_what_changes():
    shown = np.asarray(Mask.rectangle(64, 64, right=0.5).over(Image.new("RGB", (64, 64), "grey"), "#ff0000"))
    assert tuple(shown[0, 63]) == (128, 128, 128)
    assert shown[0, 0, 0] > 190 > shown[0, 0, 1]
