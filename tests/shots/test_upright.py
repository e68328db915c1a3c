"""Pictures from cameras and phones are taken as they are meant to be seen."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from fluxkit.engines.hosted import dataset
from fluxkit.shots import Mask, ReferenceImage
from fluxkit.shots.upright import in_srgb
from fluxkit.train import TrainingSet


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def wide_gamut() -> bytes:
    """An ICC profile with the primaries and the gamma of Adobe RGB (1998)."""
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    named = b"Wide test\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(named)) + named + b"\0" * 78,
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": b"XYZ \0\0\0\0" + _fixed(0.9642, 1.0, 0.8249),
        b"rXYZ": b"XYZ \0\0\0\0" + _fixed(0.60974, 0.31111, 0.01947),
        b"gXYZ": b"XYZ \0\0\0\0" + _fixed(0.20528, 0.62567, 0.06087),
        b"bXYZ": b"XYZ \0\0\0\0" + _fixed(0.14919, 0.06322, 0.74457),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    table, data, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        padded = tag + b"\0" * (-len(tag) % 4)
        table += name + struct.pack(">II", at + len(data), len(tag))
        data += padded
    body = struct.pack(">I", len(tags)) + table + data
    head = struct.pack(">I4sI4s4s4s", 128 + len(body), b"\0" * 4, 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + _fixed(0.9642, 1.0, 0.8249)
    return head.ljust(128, b"\0") + body


@pytest.fixture
def photograph(tmp_path):
    path = tmp_path / "leaf.png"
    Image.new("RGB", (256, 256), (100, 200, 100)).save(path, icc_profile=wide_gamut())
    return path


def test_a_reference_has_the_colours_that_its_profile_means(photograph):
    red, green, blue = ReferenceImage.of(photograph).image.getpixel((0, 0))
    assert red < 60 and abs(green - 201) < 6 and blue < 100


def test_every_way_in_takes_the_same_colours(photograph):
    meant = ReferenceImage.of(photograph).image.getpixel((0, 0))
    assert TrainingSet.from_folder(photograph.parent, trigger="ohw")[0].image.getpixel((0, 0)) == meant
    data, _suffix = dataset._plain(photograph)
    with Image.open(io.BytesIO(data)) as sent:
        assert sent.getpixel((0, 0)) == meant and "icc_profile" not in sent.info


def test_pictures_in_srgb_and_masks_keep_their_numbers(tmp_path):
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    noise.save(tmp_path / "srgb.png", icc_profile=plain)
    assert ReferenceImage.of(tmp_path / "srgb.png") == ReferenceImage.of(noise)
    noise.convert("L").save(tmp_path / "mask.png", icc_profile=wide_gamut())
    assert Mask.of(tmp_path / "mask.png") == Mask.of(noise.convert("L"))


def test_opacity_stays_where_colours_are_converted():
    seen = Image.new("RGBA", (8, 8), (100, 200, 100, 40))
    seen.info["icc_profile"] = wide_gamut()
    made = in_srgb(seen)
    assert made.mode == "RGBA" and made.getpixel((0, 0))[3] == 40 and made.getpixel((0, 0))[0] < 60


def test_sixteen_bits_of_grey_are_learned_as_grey(tmp_path):
    Image.fromarray(np.full((600, 600), 128 * 257, np.uint16)).save(tmp_path / "scan.tiff")
    assert TrainingSet.from_folder(tmp_path, trigger="ohw")[0].image.getpixel((0, 0)) == (128, 128, 128)
    data, _suffix = dataset._plain(tmp_path / "scan.tiff")
    with Image.open(io.BytesIO(data)) as sent:
        assert sent.getpixel((0, 0)) == (128, 128, 128)
