"""A frame that was saved comes back whole, and the bytes of its pixels are nobody else's business."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from fluxkit.errors import FrameError
from fluxkit.frames import Frame, Provenance, metadata, png, png_chunks
from fluxkit.frames.record import FORMAT
from fluxkit.models import get
from fluxkit.scene import PORTRA_400, Environment, Lens, Light, Lighting, Scene, Subject
from fluxkit.shots.shot import LoRA, Shot


def noise(width=64, height=48, seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def scene():
    return Scene(
        subject=Subject(description="a 28-year-old woman, Zoë", wardrobe="a 羊毛 coat"),
        environment=Environment(place="near a north-facing window"),
        lighting=Lighting(key=Light(direction="left", quality="soft", temperature_k=6500)),
        lens=Lens(focal_length_mm=85, f_number=1.8),
        film=PORTRA_400,
    )


def frame(**request):
    asked = {"model": "flux.1-dev", "prompt": "a woman\nat a window – 羊", "width": 64, "height": 48, "seed": 7}
    shot = Shot(**{"scene": scene(), **asked, **request})
    made = Provenance(engine="local", device="cpu", dtype="float32", versions={"torch": "2.13.0"}, levers=("offload",))
    return Frame(shot, noise(), provenance=made, take=2)


def test_a_saved_frame_comes_back_with_its_scene_shot_provenance_and_pixels(tmp_path):
    was = frame(guidance=3.5, steps=28, options={"raw": True})
    now = Frame.open(was.save(tmp_path / "portrait.png"))
    assert (now.shot.id, now.id, now.take) == (was.shot.id, was.id, 2)
    assert now.shot.scene == was.shot.scene
    assert now.shot.request() == was.shot.request()
    assert now.provenance == was.provenance
    assert now.fingerprint == was.fingerprint


def test_unicode_file_names_are_file_names_like_any_other(tmp_path):
    path = frame().save(tmp_path / "Zoë – 写真 ☀.png")
    assert Frame.open(path).shot.seed == 7
    assert [entry.name for entry in tmp_path.iterdir()] == ["Zoë – 写真 ☀.png"]


def test_reading_the_record_does_not_decode_the_pixels(tmp_path):
    path = frame().save(tmp_path / "portrait.png")
    data = bytearray(path.read_bytes())
    data[data.index(b"IDAT") + 10] ^= 0xFF
    path.write_bytes(data)
    opened = Frame.open(path)
    assert opened.shot.seed == 7
    with pytest.raises(FrameError, match="damaged"):
        _ = opened.image


def test_a_frame_of_a_model_that_only_the_writer_knew_opens_all_the_same(tmp_path):
    spec = get("flux.1-dev").with_(id="my-tune", weights="owner/name")
    shot = Shot(model="my-tune", spec=spec, prompt="a hare", width=64, height=48)
    path = Frame(shot, noise(), provenance=Provenance(engine="local")).save(tmp_path / "a.png")
    assert Frame.open(path).shot.id == shot.id
    assert Frame.open(path).shot.spec.family == spec.family


def test_a_file_holds_no_folder_user_or_key(tmp_path):
    lora = LoRA(weights="/home/ann/loras/silk.safetensors")
    was = frame(loras=(lora,), options={"api_key": "sk-0123456789abcdef", "style": "C:\\Users\\ann\\look.cube"})
    made = was.provenance.with_(extra={"cache": "~/ann/cache", "token": "hf_abcdefghijklmnopqrst"})
    path = Frame(was.shot, noise(), provenance=made).save(tmp_path / "a.png")
    texts, _signed = png_chunks.read_texts(path)
    whole = " ".join(texts.values()) + path.read_bytes().decode("latin-1")
    for secret in ("ann", "home", "sk-0123", "hf_abc", str(tmp_path)):
        assert secret not in whole
    assert "silk.safetensors" in texts["fluxkit"]
    assert "look.cube" in texts["fluxkit"]


@pytest.mark.parametrize("cut", [5, 40, 300])
def test_a_cut_off_file_is_told_as_such(tmp_path, cut):
    path = frame().save(tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(FrameError, match=r"cut short|is no PNG"):
        Frame.open(path)


def test_a_picture_of_another_program_is_refused_with_a_reason(tmp_path):
    noise().save(tmp_path / "other.png")
    with pytest.raises(FrameError, match="holds no fluxkit record"):
        Frame.open(tmp_path / "other.png")
    (tmp_path / "words.png").write_text("no picture at all")
    with pytest.raises(FrameError):
        Frame.open(tmp_path / "words.png")


def test_a_record_of_a_newer_format_asks_for_a_newer_fluxkit(tmp_path):
    path = frame().save(tmp_path / "a.png")
    newer = json.dumps({"fluxkit": FORMAT + 1, "writer": "9.9", "request": {}})
    chunk = png_chunks.text_chunk("fluxkit", newer, compress=True)
    path.write_bytes(png_chunks.replace_texts(path.read_bytes(), {"fluxkit": chunk}))
    with pytest.raises(FrameError, match=r"newer fluxkit \(9.9"):
        Frame.open(path)


def test_replacing_a_text_leaves_every_other_byte(tmp_path):
    data = frame().save(tmp_path / "a.png").read_bytes()
    edited = png_chunks.replace_texts(data, {"Comment": png_chunks.text_chunk("Comment", "hello")})
    assert png_chunks.picture_bytes(edited) == png_chunks.picture_bytes(data)
    assert png_chunks.replace_texts(edited, {"Comment": b""}) == data


def test_pillow_reads_the_texts_that_we_write():
    texts = b"".join(png_chunks.text_chunk(key, "Füße 羊" * 9, compress=key == "zip") for key in ("plain", "zip"))
    picture = Image.open(io.BytesIO(png.encode(noise(), texts=texts)))
    assert picture.text == {"plain": "Füße 羊" * 9, "zip": "Füße 羊" * 9}


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_a_png_holds_the_same_pixels_packed_and_plain(mode):
    picture = noise().convert(mode)
    for packed in (True, False):
        data = png.encode(picture, packed=packed)
        assert Image.open(io.BytesIO(data)).tobytes() == picture.tobytes()
    assert len(data) > len(picture.tobytes())


def test_a_text_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(png_chunks, "_MAX_TEXT", 1000)
    bomb = png_chunks.text_chunk("bomb", "x" * 100_000, compress=True)
    (tmp_path / "a.png").write_bytes(png.encode(noise(), texts=bomb))
    with pytest.raises(FrameError, match="longer than"):
        png_chunks.read_texts(tmp_path / "a.png")


def test_a_failed_save_leaves_the_old_file_and_no_scraps(tmp_path, monkeypatch):
    path = frame().save(tmp_path / "a.png")
    before = path.read_bytes()

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fluxkit.frames.atomic.os.fsync", full)
    with pytest.raises(FrameError, match="No space left"):
        frame(seed=8).save(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]
    with pytest.raises(FrameError, match="Nothing was written"):
        frame().save(tmp_path / "no such folder" / "a.png")


@pytest.mark.parametrize("packer", ["isal", "zlib"])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "CMYK"])
@pytest.mark.parametrize("size", [(1, 1), (3, 1), (1, 5), (64, 48)])
def test_the_encoder_keeps_every_pixel(monkeypatch, packer, mode, size):
    if packer == "isal":
        pytest.importorskip("isal")
    else:
        monkeypatch.setattr(png.importlib.util, "find_spec", lambda _name: None)
    png._packer.cache_clear()
    picture = noise(*size).convert(mode)
    again = Image.open(io.BytesIO(png.encode(picture)))
    wanted = picture.convert("RGB") if mode == "CMYK" else picture
    assert again.tobytes() == wanted.tobytes()
    png._packer.cache_clear()


def test_metadata_loader_says_when_the_picture_is_gone(tmp_path):
    path = frame().save(tmp_path / "a.png")
    opened = Frame.open(path)
    path.unlink()
    with pytest.raises(FrameError, match="is gone"):
        _ = opened.image
    with pytest.raises(FrameError, match="no such file"):
        Frame.open(path)
    assert metadata.KEY == "fluxkit"
