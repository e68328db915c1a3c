"""What a frame's file says is what other people's programs read in it."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime

import pytest
from PIL import Image

from fluxkit.errors import FrameError, InputError
from fluxkit.frames import (
    Frame,
    Provenance,
    a1111,
    disclosure,
    exif,
    jpeg_segments,
    metadata,
    png_chunks,
    webp_chunks,
    xmp,
)
from fluxkit.frames.marks import Marks
from fluxkit.frames.provenance import Source
from fluxkit.shots.shot import Shot
from tests.frames.test_frame_files import noise, scene

FORMATS = ("png", "jpg", "webp")
PROMPT = "a woman at a window, “soft” light: Zoë\nsecond line"


def frame(**changes):
    asked = {"model": "flux.1-dev", "prompt": PROMPT, "width": 64, "height": 48, "seed": 7, "steps": 28}
    shot = Shot(**{**asked, "guidance": 3.5, "scene": scene(), **changes.pop("request", {})})
    made = Provenance(engine="local", dtype="bfloat16", **changes.pop("provenance", {}))
    return Frame(shot, noise(), provenance=made, made=datetime(2026, 11, 23, 12, tzinfo=UTC), **changes)


def written(tmp_path, kind, of=None, **options):
    path = tmp_path / f"a.{kind}"
    metadata.write(of or frame(), path, **options)
    return path


def pixels_of(path):
    data = path.read_bytes()
    parts = {"png": png_chunks.picture_bytes, "jpg": jpeg_segments.picture_bytes, "webp": webp_chunks.picture_bytes}
    return parts[path.suffix[1:]](data)


def exiftool(path):
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed (Debian: libimage-exiftool-perl)")
    run = subprocess.run(["exiftool", "-j", "-G1", str(path)], capture_output=True, check=True)
    return json.loads(run.stdout)[0]


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_brings_scene_shot_and_provenance_back(tmp_path, kind):
    was = frame(take=1)
    now = Frame.open(was.save(tmp_path / f"a.{kind}"))
    assert (now.id, now.shot.scene, now.provenance, now.made) == (was.id, was.shot.scene, was.provenance, was.made)
    assert now.image.size == was.image.size
    assert (now.fingerprint == was.fingerprint) == (kind == "png")


@pytest.mark.parametrize("kind", FORMATS)
def test_exiftool_reads_what_photo_software_shows(tmp_path, kind):
    marks = Marks(rating=4, tags=("häuser", "window light"), note="the keeper & <best>")
    found = exiftool(written(tmp_path, kind, marks=marks))
    assert found["XMP-iptcExt:DigitalSourceType"] == xmp.TRAINED
    assert found["XMP-xmp:Rating"] == 4
    assert found["XMP-dc:Description"] == "the keeper & <best>"
    assert found["XMP-dc:Subject"] == ["häuser", "window light"]
    assert found["XMP-xmp:CreatorTool"].startswith("fluxkit ")
    assert found["XMP-xmp:CreateDate"].startswith("2026:11:23 12:00:00")
    assert "flux.1-dev" in next(value for name, value in found.items() if name.lower().endswith(":aisystemused"))
    assert "ExifTool:Warning" not in found
    if kind == "png":
        assert found["PNG:Parameters"].startswith("a woman at a window")
    else:
        assert "Seed: 7" in found["ExifIFD:UserComment"]
        assert found["IFD0:Software"].startswith("fluxkit ")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("negative", [None, "plastic skin, blur"])
def test_an_independent_a1111_parser_reads_the_request(tmp_path, kind, negative):
    sd_parsers = pytest.importorskip("sd_parsers")
    asked = frame(request={"negative": negative, "true_cfg": 2.0 if negative else None})
    info = sd_parsers.ParserManager().parse(str(written(tmp_path, kind, asked)))
    assert info is not None
    assert info.generator.value == "AUTOMATIC1111"
    assert [prompt.value for prompt in info.prompts] == [PROMPT]
    assert [prompt.value for prompt in info.negative_prompts] == ([negative] if negative else [])
    (sampler,) = info.samplers
    assert {name: sampler.parameters[name] for name in ("seed", "steps")} == {"seed": "7", "steps": "28"}
    assert (sampler.model.name, info.metadata["Size"]) == ("flux.1-dev", "64x48")
    assert info.metadata["Distilled CFG Scale"] == "3.5"


@pytest.mark.parametrize("kind", FORMATS)
def test_pillow_shows_the_same_pixels_whatever_is_written_beside_them(tmp_path, kind):
    plain, full = written(tmp_path, kind, privacy="none"), (tmp_path / "full")
    full.mkdir()
    dressed = written(full, kind)
    assert Image.open(plain).tobytes() == Image.open(dressed).tobytes()
    assert pixels_of(plain) == pixels_of(dressed)


@pytest.mark.parametrize("kind", FORMATS)
def test_an_edit_changes_words_and_no_pixel(tmp_path, kind):
    path = written(tmp_path, kind, marks=Marks(rating=2, tags=("old",)))
    before = pixels_of(path)
    metadata.edit(path, rating=5, caption="Zoë, cropped", keywords=["new", "写真"])
    assert pixels_of(path) == before
    packet = xmp.read(metadata.read_notes(path).xmp)
    assert (packet.rating, packet.caption, packet.keywords) == (5, "Zoë, cropped", ("new", "写真"))
    assert packet.source_type == xmp.TRAINED
    assert Frame.open(path).shot.seed == 7
    metadata.edit(path, rating=0, keywords=[])
    packet = xmp.read(metadata.read_notes(path).xmp)
    assert (packet.rating, packet.caption, packet.keywords) == (0, "Zoë, cropped", ())
    with pytest.raises(InputError, match="rating=9"):
        metadata.edit(path, rating=9)


@pytest.mark.parametrize("kind", FORMATS)
def test_what_exiftool_wrote_survives_our_edit_and_the_record_survives_exiftool(tmp_path, kind):
    path = written(tmp_path, kind)
    exiftool(path)
    subprocess.run(
        ["exiftool", "-q", "-overwrite_original", "-XMP-dc:Creator=Ann", "-XMP-xmp:Rating=3", str(path)], check=True
    )
    assert Frame.open(path).shot.id == frame().shot.id
    assert xmp.read(metadata.read_notes(path).xmp).rating == 3
    metadata.edit(path, caption="by Ann")
    found = exiftool(path)
    assert (found["XMP-dc:Creator"], found["XMP-xmp:Rating"], found["XMP-dc:Description"]) == ("Ann", 3, "by Ann")


@pytest.mark.parametrize("kind", FORMATS)
def test_minimal_says_that_it_is_synthetic_and_keeps_the_request_to_itself(tmp_path, kind):
    path = written(tmp_path, kind, privacy="minimal", marks=Marks(note="for Ann", tags=("client",), rating=3))
    whole = path.read_bytes() + json.dumps(vars_of(path)).encode()
    for private in (b"woman", b"window", b"Ann", b"client", b"28-year", b"bfloat16", b"2026-11"):
        assert private not in whole
    packet = xmp.read(metadata.read_notes(path).xmp)
    assert (packet.source_type, packet.rating) == (xmp.TRAINED, 0)
    assert "flux.1-dev" in packet.system
    with pytest.raises(FrameError, match="privacy='minimal'"):
        Frame.open(path)


def vars_of(path):
    notes = metadata.read_notes(path)
    return [notes.record, notes.parameters, notes.xmp, notes.texts]


@pytest.mark.parametrize("kind", FORMATS)
def test_none_writes_nothing_at_all(tmp_path, kind):
    path = written(tmp_path, kind, privacy="none")
    assert vars_of(path) == ["", "", "", {}]
    with pytest.raises(InputError, match="secret"):
        frame().save(tmp_path / "b.png", privacy="secret")


def test_a_fill_of_a_photograph_is_a_composite(tmp_path):
    photo = Source(role="fill", of="0123456789ab", photograph=True)
    ours = Source(role="fill", of="frame1-0123456789abcdef-0")
    for source, kind in ((photo, xmp.COMPOSITE), (ours, xmp.TRAINED)):
        path = written(tmp_path, "jpg", frame(provenance={"sources": (source,)}))
        assert xmp.read(metadata.read_notes(path).xmp).source_type == kind
        assert Frame.open(path).provenance.sources == (source,)


def test_a_rejected_frame_has_the_rating_that_means_rejected(tmp_path):
    path = written(tmp_path, "png", marks=Marks(rating=3, pick="reject"))
    assert xmp.read(metadata.read_notes(path).xmp).rating == -1


def test_a_record_too_long_for_jpeg_is_refused_with_a_way_out(tmp_path):
    with pytest.raises(FrameError, match=r"Save as \.png"):
        frame(request={"prompt": "words " * 20_000}).save(tmp_path / "a.jpg")
    assert not (tmp_path / "a.jpg").exists()
    frame(request={"prompt": "words " * 20_000}).save(tmp_path / "a.png")
    with pytest.raises(FrameError, match=r"\.png \(exact"):
        frame().save(tmp_path / "a.tiff")


def test_a_prompt_cannot_pass_itself_off_as_settings():
    shot = frame(request={"prompt": "a hare\nSteps: 99, Seed: 99, Size: 1x1\nNegative prompt: none"}).shot
    prompt, negative, settings = a1111.read(a1111.write(metadata.FrameRecord(shot, Provenance(engine="x"))))
    assert (prompt, negative) == ("a hare Steps: 99, Seed: 99, Size: 1x1 Negative prompt: none", "")
    assert (settings["Seed"], settings["Steps"], settings["Size"]) == ("7", "28", "64x48")


@pytest.mark.parametrize("text", ["<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "no xml", "<open>", ""])
def test_xmp_that_is_none_or_does_harm_reads_as_empty(text):
    assert xmp.read(text) == xmp.Packet()
    assert xmp.read(xmp.changed(text, rating=3)).rating == 3


@pytest.mark.parametrize("comment", ["", "abc", "Zoë 写真 ☀", "x" * 70_000])
def test_exif_comments_come_back(comment):
    assert exif.read_comment(exif.write("fluxkit", comment)) == comment
    assert exif.read_comment(b"garbage") == ""


@pytest.mark.parametrize("kind", ["jpg", "webp"])
@pytest.mark.parametrize("keep", [3, 30, 300])
def test_cut_off_files_are_told_as_such(tmp_path, kind, keep):
    path = written(tmp_path, kind)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FrameError, match=r"cut short|is no PNG|is none"):
        Frame.open(path)


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_a_quality_out_of_range_is_refused(tmp_path, quality):
    with pytest.raises(InputError, match=f"quality={quality}"):
        frame().save(tmp_path / "a.jpg", quality=quality)


def test_a_picture_that_is_not_there_cannot_be_looked_at(tmp_path):
    with pytest.raises(FrameError, match=r"'gone\.jpg' was to be looked at"):
        disclosure(tmp_path / "gone.jpg")
