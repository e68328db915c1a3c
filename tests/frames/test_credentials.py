"""Content credentials: validated by C2PA's own reader, broken by one pixel, never rewritten in place."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from PIL import Image

import fluxkit as fk
from fluxkit.errors import FrameError, MissingExtraError
from fluxkit.frames import Frame, SigningKey, credentials, disclosure, metadata
from fluxkit.frames.credentials import check, sign
from fluxkit.frames.ingredients import Ingredient
from fluxkit.frames.signing import DEVELOPMENT
from tests.frames.test_outside_readers import FORMATS, frame, pixels_of

c2pa = pytest.importorskip("c2pa")
pytest.importorskip("cryptography")


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return SigningKey.development(tmp_path_factory.mktemp("signing"))


def outside(path):
    """What C2PA's own reader says, without us in between."""
    data = path.read_bytes()
    return json.loads(c2pa.Reader(credentials.mime_of(data), io.BytesIO(data)).json())


@pytest.mark.parametrize("kind", FORMATS)
def test_a_signed_frame_is_validated_by_c2pas_own_reader(tmp_path, key, kind):
    path = frame().save(tmp_path / f"a.{kind}", key=key)
    found = outside(path)
    assert found["validation_state"] == "Valid"
    manifest = found["manifests"][found["active_manifest"]]
    (action,) = manifest["assertions"][0]["data"]["actions"]
    assert action["action"] == "c2pa.created"
    assert action["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert manifest["signature_info"]["common_name"] == DEVELOPMENT
    now = Frame.open(path)
    assert (now.shot.id, now.shot.scene) == (frame().shot.id, frame().shot.scene)


@pytest.mark.parametrize("kind", FORMATS)
def test_signing_leaves_the_pixels_and_costs_little(tmp_path, key, kind):
    plain = frame().save(tmp_path / f"plain.{kind}")
    signed = sign(plain, tmp_path / f"signed.{kind}", key)
    assert Image.open(plain).tobytes() == Image.open(signed).tobytes()
    assert signed.stat().st_size - plain.stat().st_size < 20_000


@pytest.mark.parametrize("kind", FORMATS)
def test_one_changed_pixel_is_told(tmp_path, key, kind):
    path = frame().save(tmp_path / f"a.{kind}", key=key)
    data = bytearray(path.read_bytes())
    place = data.index(pixels_of(path)[-40:-20]) + 5 if kind != "jpg" else len(data) - 40
    data[place] ^= 1
    path.write_bytes(data)
    assert outside(path)["validation_state"] == "Invalid"
    told = check(path)
    assert (told.state, told.problems) == ("invalid", ("assertion.dataHash.mismatch",))
    assert "changed since it was signed" in str(told)


def test_a_changed_caption_is_told_too(tmp_path, key):
    path = frame().save(tmp_path / "a.png", key=key)
    data = path.read_bytes().replace(b"trainedAlgorithmicMedia</Ipt", b"trainedAlgorithmicMediX</Ipt")
    path.write_bytes(data)
    assert check(path).state == "invalid"


def test_a_signer_is_trusted_where_its_root_is(tmp_path, key):
    path = frame().save(tmp_path / "a.png", key=key)
    told = check(path)
    assert (told.state, told.development, told.signer) == ("valid", True, DEVELOPMENT)
    assert check(path, anchors=key.root).state == "trusted"
    other = SigningKey.development(tmp_path / "other")
    assert check(path, anchors=other.root).state == "valid"


def test_a_file_with_a_credential_is_never_rewritten_in_place(tmp_path, key):
    path = frame().save(tmp_path / "a.png", key=key)
    before = path.read_bytes()
    for attempt in (
        lambda: frame().save(path),
        lambda: Frame.open(path).save(path),
        lambda: sign(path, path, key),
        lambda: metadata.edit(path, rating=5),
    ):
        with pytest.raises(FrameError, match="content credential"):
            attempt()
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", FORMATS)
def test_a_credential_that_was_there_lives_on_as_the_parent(tmp_path, key, kind):
    first = frame().save(tmp_path / f"first.{kind}", key=key)
    second = sign(first, tmp_path / f"second.{kind}", SigningKey.development(tmp_path / "mine"))
    told = check(second)
    assert told.ingredients == ("parent, with a credential of its own",)
    assert told.actions == ("c2pa.opened", "c2pa.edited")
    assert len(outside(second)["manifests"]) == 2
    assert outside(second)["validation_state"] == "Valid"


def test_ingredients_of_an_edit_are_named(tmp_path, key):
    base = frame().save(tmp_path / "base.png", key=key)
    reference = tmp_path / "photo.jpg"
    Image.new("RGB", (32, 32), "grey").save(reference)
    plain = frame(request={"seed": 9}).save(tmp_path / "edit.png")
    told = check(sign(plain, tmp_path / "edit-signed.png", key, ingredients=[base, reference]))
    assert told.ingredients == ("parent, with a credential of its own", "component, without a credential of its own")
    assert told.actions == ("c2pa.opened", "c2pa.edited", "c2pa.placed")
    assert told.state == "valid"
    alone = sign(plain, tmp_path / "b.png", key, ingredients=[Ingredient(reference.read_bytes(), "control")])
    assert check(alone).actions == ("c2pa.created", "c2pa.placed")


@pytest.fixture
def shooting(tmp_path):
    with fk.Session(tmp_path / "shoot", engine=fk.FunctionEngine(drawn)) as session:
        yield session


def drawn(shot):
    return Image.new("RGB", (shot.width, shot.height), (shot.seed % 255, 90, 90))


def test_a_filled_and_an_edited_picture_name_what_they_were_made_from_by_themselves(tmp_path, key, shooting):
    base = shooting.shoot(fk.Scene(), model="flux.1-schnell", seed=3, size=(256, 256))
    photograph = Image.new("RGB", (256, 256), "teal")
    half = fk.Mask.rectangle(256, 256, right=0.5)
    made = {
        "fill of a frame": shooting.fill(base, mask=half, prompt="a scarf", model="flux.1-fill-dev"),
        "fill of a photograph": shooting.fill(photograph, mask=half, prompt="a hat", model="flux.1-fill-dev"),
        "edit": shooting.edit(base, "make it dusk", model="flux.1-kontext-dev"),
    }
    for name, picture in made.items():
        told = check(picture.save(tmp_path / f"{name}.png", key=key))
        assert (told.state, told.actions) == ("valid", ("c2pa.opened", "c2pa.edited")), name
        assert told.ingredients == ("parent, without a credential of its own",), name
    assert check(made["fill of a photograph"].save(tmp_path / "b.jpg", key=key)).source_type.startswith("composite")
    guided = shooting.control("a hare", fk.ControlMap.depth(base), model="flux.1-depth-dev")
    assert check(guided.save(tmp_path / "c.webp", key=key)).actions == ("c2pa.created", "c2pa.placed")
    assert check(base.save(tmp_path / "d.png", key=key)).ingredients == ()
    developed = shooting.catalogue.add(base.develop(fk.TRI_X_400))
    assert check(developed.save(tmp_path / "e.png", key=key)).ingredients == (
        "parent, without a credential of its own",
    )


def test_an_original_with_a_credential_of_its_own_can_be_named(tmp_path, key, shooting):
    original = frame().save(tmp_path / "camera.jpg", key=key)
    filled = shooting.fill(Image.open(original).resize((256, 256)), mask=fk.Mask.rectangle(256, 256, right=0.5),
                           prompt="a hat", model="flux.1-fill-dev")  # fmt: skip
    told = check(filled.save(tmp_path / "a.png", key=key, ingredients=[original]))
    assert told.ingredients == ("parent, with a credential of its own",)
    assert check(filled.save(tmp_path / "b.png", key=key, ingredients=[])).ingredients == ()
    with pytest.raises(FrameError, match=r"'gone.jpg' as what the picture was made from"):
        filled.save(tmp_path / "c.png", key=key, ingredients=[tmp_path / "gone.jpg"])
    assert not (tmp_path / "c.png").exists()


def test_a_credential_without_prompt_is_possible_and_holds_no_path_or_user(tmp_path, key):
    path = frame().save(tmp_path / "a.png", key=key, privacy="minimal")
    text = json.dumps(outside(path)) + path.read_bytes().decode("latin-1")
    for private in ("window", "woman", str(tmp_path), Path.home().name + "/"):
        assert private not in text
    assert check(path).source_type == "trainedAlgorithmicMedia"


def test_a_development_key_is_made_once_is_private_and_shows_in_no_repr(tmp_path):
    first = SigningKey.development(tmp_path / "keys")
    assert SigningKey.development(tmp_path / "keys") == first
    assert (tmp_path / "keys" / "key.pem").stat().st_mode & 0o077 == 0
    assert "PRIVATE" not in repr(first)
    assert "BEGIN" not in repr(first)
    again = SigningKey.open(tmp_path / "keys" / "chain.pem", tmp_path / "keys" / "key.pem")
    assert again == first
    with pytest.raises(FrameError, match="cannot be read"):
        SigningKey.open(tmp_path / "none.pem", tmp_path / "none.pem")


def test_a_certificate_that_c2pa_does_not_take_is_refused_in_words(tmp_path, key):
    leaf_only = key.chain[: key.chain.index(b"-----END CERTIFICATE-----") + 26]
    bad = SigningKey(leaf_only, b"no key")
    with pytest.raises(FrameError, match="could not be signed"):
        frame().save(tmp_path / "a.png", key=bad)
    assert not (tmp_path / "a.png").exists()


def test_disclosure_names_every_layer_and_never_says_real(tmp_path, key):
    full = disclosure(frame().save(tmp_path / "full.png", key=key))
    assert full.is_marked
    assert (full.record, full.mark, full.parameters) == ("present", "trainedAlgorithmicMedia", True)
    assert "nobody vouches for" in repr(full)
    minimal = disclosure(frame().save(tmp_path / "minimal.jpg", privacy="minimal"))
    assert (minimal.is_marked, minimal.record, minimal.parameters) == (True, "minimal", False)
    nothing = disclosure(frame().save(tmp_path / "none.webp", privacy="none"))
    assert (nothing.is_marked, nothing.record, nothing.credential.state) == (False, "absent", "absent")
    assert "proves nothing" in repr(nothing)
    assert " real" not in repr(full) + repr(minimal) + repr(nothing)


def test_without_the_extra_the_command_that_installs_it_is_named(tmp_path, key, monkeypatch):
    path = frame().save(tmp_path / "a.png", key=key)
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(MissingExtraError, match="provenance"):
        frame().save(tmp_path / "b.png", key=key)
    assert disclosure(path).credential is None
    assert "not installed" in repr(disclosure(path))
