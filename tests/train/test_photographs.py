"""The photographs: read as they are meant to be seen, looked at, captioned, and nobody's likeness without consent."""

from __future__ import annotations

import io
import weakref

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFilter

import fluxkit as fk
from fluxkit.errors import InputError
from fluxkit.train import Consent, Photograph, TrainingSet, likeness
from fluxkit.train.looks import look, sharpness


def test_a_folder_is_read_in_the_order_of_names(photographs):
    found = TrainingSet.from_folder(photographs, trigger="zwirl")
    assert [photograph.name for photograph in found] == [f"{number}.png" for number in range(6)]
    assert found[0].caption == "a zwirl on a blue cloth"
    assert found.content == TrainingSet.from_folder(photographs, trigger="zwirl").content
    assert found.content != TrainingSet.from_folder(photographs, trigger="zwack").content


def test_captions_hold_the_trigger_once(photographs):
    found = TrainingSet.from_folder(photographs, trigger="zwirl")
    words = [found.words(photograph, str) for photograph in found]
    assert words[:3] == ["a zwirl on a blue cloth", "zwirl, on grass, at noon", "zwirl."]


def test_a_scene_beside_a_picture_is_its_caption(tmp_path):
    Image.new("RGB", (600, 600), "teal").save(tmp_path / "a.jpg")
    scene = fk.Scene(subject=fk.Subject(description="a vase"), environment=fk.Environment(place="oak table"))
    (tmp_path / "a.yaml").write_text(scene.to_yaml(), encoding="utf-8")
    found = TrainingSet.from_folder(tmp_path, trigger="zwirl")
    assert found[0].caption == scene
    words = found.words(found[0], lambda told: told.prompt("flux.1-dev"))
    assert "zwirl" in words
    assert "oak table" in words


def test_a_captioner_speaks_where_nothing_lies_beside(photographs):
    found = TrainingSet.from_folder(photographs, trigger="zwirl", captioner=lambda image: f"{image.width} wide")
    assert found[0].caption == "a zwirl on a blue cloth"
    assert found[4].caption == "640 wide"
    assert found.with_captions({"4.png": "by hand"})[4].caption == "by hand"
    for asked in (lambda: found.with_captions({"9.png": "x"}), lambda: found.without("9.png")):
        with pytest.raises(InputError, match=r"'9\.png', which is not in the set.*It holds: 0\.png"):
            asked()


def test_a_caption_in_another_encoding_is_named_and_the_rest_is_read(tmp_path):
    for name in ("a.png", "b.png"):
        Image.new("RGB", (600, 600)).save(tmp_path / name)
    (tmp_path / "a.txt").write_bytes("Großes Glas".encode("latin-1"))
    found = TrainingSet.from_folder(tmp_path, trigger="zwirl")
    assert [photograph.name for photograph in found] == ["b.png"]
    assert "'a.txt'" in found.unreadable[0].message
    assert "UTF-8" in found.unreadable[0].message


def test_a_caption_by_hand_takes_away_that_there_was_none_and_keeps_the_rest(photographs):
    found = TrainingSet.from_folder(photographs, trigger="zwirl")
    assert "no caption" in {finding.rule for finding in found[4].findings}
    told = found.with_captions({"4.png": fk.Scene(environment=fk.Environment(place="a beach"))})
    assert "no caption" not in {finding.rule for finding in told[4].findings}
    words = told.words(told[4], lambda scene: scene.prompt("flux.1-dev"))
    assert words.startswith("A photograph of zwirl, "), "a caption need not name the subject"


def test_pictures_are_upright_and_in_srgb(tmp_path):
    turned = Image.new("RGB", (64, 32), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    with io.BytesIO() as other:
        Image.new("RGB", (32, 32), (10, 200, 30)).save(other, "PNG", icc_profile=profile.tobytes())
        (tmp_path / "broken_profile.png").write_bytes(other.getvalue())
    Image.fromarray(np.zeros((40, 40, 4), "uint8")).save(tmp_path / "rgba.png")
    found = TrainingSet.from_folder(tmp_path, trigger="zwirl")
    sizes = {photograph.name: photograph.image.size for photograph in found}
    assert sizes["turned.jpg"] == (32, 64)
    assert all(photograph.image.mode == "RGB" for photograph in found)


CUT_OUTS = {
    "rgba.png": lambda cut: cut,
    "la.png": lambda cut: cut.convert("LA"),
    "palette.png": lambda cut: cut.convert("RGB").quantize(8),
    "one_colour.png": lambda cut: cut.convert("RGB"),
    "rgba.webp": lambda cut: cut,
}


@pytest.mark.parametrize("name", CUT_OUTS)
def test_a_cut_out_is_learned_on_grey_whatever_lies_behind_and_is_told(tmp_path, name):
    cut = Image.new("RGBA", (600, 600), (255, 0, 255, 0))
    cut.paste((30, 30, 30, 255), (150, 150, 450, 450))
    kept = CUT_OUTS[name](cut)
    clear = {"palette.png": kept.getpixel((0, 0)), "one_colour.png": (255, 0, 255)}.get(name)
    kept.save(tmp_path / name, **({"lossless": True} if name.endswith("webp") else {}),
              **({} if clear is None else {"transparency": clear}))  # fmt: skip
    found = TrainingSet.from_folder(tmp_path, trigger="zwirl")
    assert found[0].image.getpixel((5, 5)) == (119, 119, 119)
    assert max(abs(value - 30) for value in found[0].image.getpixel((300, 300))) <= 2
    (told,) = [finding for finding in found.check() if finding.rule == "transparent"]
    assert "75%" in told.message
    assert "transparent" in {finding.rule for finding in found.with_captions({name: "a zwirl"})[0].findings}


def test_an_alpha_channel_that_hides_nothing_changes_nothing(tmp_path, photographs):
    Image.open(photographs / "0.png").convert("RGBA").save(tmp_path / "0.png")
    found = TrainingSet.from_folder(tmp_path, trigger="zwirl")
    assert found[0].content == TrainingSet.from_folder(photographs, trigger="zwirl")[0].content
    assert "transparent" not in {finding.rule for finding in found[0].findings}


def test_bad_files_are_named_and_the_rest_is_read(tmp_path, photographs):
    Image.new("RGB", (600, 600)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    (tmp_path / "half.png").write_bytes((photographs / "0.png").read_bytes()[:900])
    (tmp_path / "notes.md").write_text("not a picture")
    found = TrainingSet.from_folder(tmp_path, trigger="zwirl")
    assert len(found) == 1
    assert ["bad.png" in finding.message or "half.png" in finding.message for finding in found.unreadable] == [True] * 2
    assert found.check()[0].severity == "error"


def test_small_soft_alike_and_double_pictures_are_told(tmp_path):
    rng = np.random.default_rng(3)
    coarse = Image.fromarray(rng.integers(0, 256, (24, 32, 3)).astype("uint8"))
    sharp = coarse.resize((800, 600), Image.Resampling.NEAREST)
    sharp.save(tmp_path / "a.png")
    sharp.resize((640, 480)).save(tmp_path / "b.jpg", quality=92)
    sharp.filter(ImageFilter.GaussianBlur(6)).save(tmp_path / "c.png")
    Image.fromarray(rng.integers(0, 256, (200, 200, 3)).astype("uint8")).save(tmp_path / "d.png")
    told = TrainingSet.from_folder(tmp_path, trigger="zwirl").check()
    rules = {(finding.rule, finding.message[:5]) for finding in told}
    assert ("duplicate", "b.jpg") in rules
    assert ("soft", "c.png") in rules
    assert ("small", "d.png") in rules
    assert any(finding.rule == "few" for finding in told)
    assert not any(finding.rule == "soft" and finding.message.startswith("a.png") for finding in told)
    left = TrainingSet.from_folder(tmp_path, trigger="zwirl").without("a.png", "c.png")
    assert not any(finding.rule == "duplicate" for finding in left.check())


def test_sharpness_falls_with_blur_on_real_photographs():
    data = pytest.importorskip("skimage.data")
    for name in ("astronaut", "chelsea", "coffee"):
        photograph = Image.fromarray(getattr(data, name)())
        blurred = [sharpness(photograph.filter(ImageFilter.GaussianBlur(radius))) for radius in (0, 2, 5)]
        assert blurred[0] > blurred[1] > blurred[2]
        assert blurred[0] > 0.12 > blurred[1]
        assert look(photograph).is_twin_of(look(photograph.resize((300, 300))))


def test_a_likeness_asks_for_consent(photographs):
    with pytest.raises(InputError, match="consent"):
        TrainingSet.from_folder(photographs, trigger="zwirl", kind="person")
    given = Consent(by="A. Sitter", scope="portraits for one catalogue", on="2026-11-23")
    assert TrainingSet.from_folder(photographs, trigger="zwirl", kind="person", consent=given).consent == given
    with pytest.raises(InputError, match="on"):
        Consent(by="A", scope="b", on="yesterday")


@pytest.mark.parametrize("trigger", ["", "two words", "  "])
def test_a_trigger_is_one_word(photographs, trigger):
    with pytest.raises(InputError, match="One word"):
        TrainingSet.from_folder(photographs, trigger=trigger)


def test_no_folder_and_no_pictures_are_refused(tmp_path):
    with pytest.raises(InputError, match="no folder"):
        TrainingSet.from_folder(tmp_path / "nowhere", trigger="zwirl")
    with pytest.raises(InputError, match="without a photograph"):
        TrainingSet.from_folder(tmp_path, trigger="zwirl")


def test_a_file_that_changed_is_not_learned_from(tmp_path):
    Image.new("RGB", (600, 600), "red").save(tmp_path / "a.png")
    found = TrainingSet.from_folder(tmp_path, trigger="zwirl")
    Image.new("RGB", (600, 600), "blue").save(tmp_path / "a.png")
    with pytest.raises(InputError, match="other pixels now"):
        _ = found[0].image


def test_the_preview_shows_every_photograph(photographs):
    found = TrainingSet.from_folder(photographs, trigger="zwirl")
    sheet = found.preview()
    assert sheet.size == (12 + 5 * 212, 12 + 2 * 270)
    assert found._repr_png_().startswith(b"\x89PNG")
    assert "6 photographs of 'zwirl'" in repr(found)


def test_photographs_are_looked_at_one_at_a_time(photographs, monkeypatch):
    seen, most, plain = [], [], Photograph.image.fget

    def counted(photograph):
        image = plain(photograph)
        seen.append(weakref.ref(image))
        most.append(sum(one() is not None for one in seen))
        return image

    monkeypatch.setattr(Photograph, "image", property(counted))
    likeness([], TrainingSet.from_folder(photographs, trigger="zwirl"))
    assert len(most) == 6 and max(most) <= 2
