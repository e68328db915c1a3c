"""Masks from Python's side of the painter."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from fluxkit.errors import InputError
from fluxkit.shots.inputs import Mask
from fluxkit.widgets import MaskPainter


@pytest.fixture
def painter():
    return MaskPainter(Image.new("RGB", (64, 48), "grey"))


def send(painter, image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    painter._answer(painter, {"kind": "mask"}, [memoryview(buffer.getvalue())])


def half(size=(64, 48)):
    made = Image.new("L", size)
    made.paste(255, (0, 0, size[0] // 2, size[1]))
    return made


def test_what_the_browser_sends_is_the_mask(painter):
    send(painter, half())
    assert isinstance(painter.mask, Mask)
    assert painter.mask.image.tobytes() == half().tobytes()
    assert painter.share == 0.5
    assert repr(painter) == "MaskPainter(64 x 48, 50% painted)"


def test_an_empty_mask_is_refused_with_what_to_do(painter):
    with pytest.raises(InputError, match="Paint over"):
        _ = painter.mask


def test_growing_and_shrinking_move_the_edge_by_that_many_pixels(painter):
    send(painter, half())
    edge = lambda: int((np.asarray(painter.mask.image)[20] > 127).sum())  # noqa: E731
    assert edge() == 32
    painter.grow = 5
    assert edge() == 37
    painter.grow = -5
    assert edge() == 27


def test_feathering_softens_the_edge_and_keeps_its_middle(painter):
    send(painter, half())
    painter.feather = 8
    row = np.asarray(painter.mask.image)[20].astype(int)
    assert row[0] == 255
    assert row[-1] == 0
    assert ((row > 0) & (row < 255)).sum() >= 6
    assert abs(int((row > 127).sum()) - 32) <= 1


def test_a_mask_may_be_given_to_start_from():
    painter = MaskPainter(Image.new("RGB", (64, 64)), mask=Mask.rectangle(64, 64, right=0.5))
    assert painter.share == 0.5
    with pytest.raises(InputError, match="picture's size"):
        painter.start_from(Mask.rectangle(32, 32))


def test_a_mask_of_another_size_is_refused(painter):
    with pytest.raises(InputError, match="but the picture is"):
        send(painter, half((32, 32)))


def test_the_picture_with_its_mask_is_shown_where_no_kernel_runs(painter):
    send(painter, half())
    shown = np.asarray(Image.open(io.BytesIO(painter.still())))
    assert shown.shape == (288, 384, 3)
    assert tuple(shown[120, 360]) == (128, 128, 128)
    assert shown[120, 30][0] > 180


def test_unknown_options_are_refused(painter):
    with pytest.raises(TypeError, match="Did you mean 'feather'"):
        MaskPainter(Image.new("RGB", (8, 8)), feathr=2)
