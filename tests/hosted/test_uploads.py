"""Files that are too big for a request, or must be an address, are handed to the host's storage first, for nothing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fluxkit.engines.hosted.body import build_body
from fluxkit.engines.hosted.client import Parcel
from fluxkit.engines.hosted.fake_storage import lora_file
from fluxkit.engines.hosted.hosts import HOSTS
from fluxkit.engines.hosted.origins import Server
from fluxkit.engines.hosted.pictures import inputs_of
from fluxkit.errors import UnsupportedField
from fluxkit.shots import Inputs, ReferenceImage
from fluxkit.shots.shot import LoRA, Shot


def noise(side, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def vary(side, *, host, seed=0, model="flux-pro-1.1"):
    return Shot(model=model, prompt="A pear.", seed=seed, width=512, height=512, options={"host": host},
                inputs=Inputs(image=ReferenceImage.of(noise(side))))  # fmt: skip


def test_a_big_picture_goes_to_replicates_files_and_a_small_one_inside_the_request(hosted):
    fake, engine = hosted()
    list(engine.shoot([vary(256, host="replicate"), vary(512, host="replicate")]))
    assert len(fake.storage.files) == 1
    ((name, data),) = fake.storage.files.items()
    assert data[:4] == b"\x89PNG"
    assert len(data) > 262_144
    sent = sorted(job.body["image_prompt"] for job in fake.jobs.values())
    assert sent[0].startswith("data:image/png;base64,")
    assert sent[1] == f"{fake.url('replicate')}/v1/files/{name}"


def test_a_picture_that_many_shots_share_is_handed_over_once(hosted):
    fake, engine = hosted()
    assert len(list(engine.shoot([vary(512, host="replicate", seed=seed) for seed in range(6)]))) == 6
    uploads = [request for request in fake.seen if request.path == "/v1/files"]
    assert len(uploads) == 1
    assert fake.posts == fake.billed == 6


def test_bfl_takes_every_picture_inside_the_request(hosted):
    fake, engine = hosted()
    list(engine.shoot([vary(512, host="bfl")]))
    assert fake.storage.files == {}


def test_fals_storage_gets_the_bytes_without_the_key(hosted, tmp_path):
    (tmp_path / "mine.safetensors").write_bytes(lora_file("X"))
    fake, engine = hosted()
    shot = Shot(model="flux-dev-lora", prompt="A pear.", width=512, height=512, options={"host": "fal"}, steps=28,
                loras=(LoRA(weights=str(tmp_path / "mine.safetensors"), strength=0.7),))  # fmt: skip
    assert len(list(engine.shoot([shot]))) == 1
    ((name, data),) = fake.storage.files.items()
    assert data == lora_file("X")
    assert "mine" not in name
    assert str(tmp_path) not in "".join(entry.shot for entry in engine.jobs())
    assert [Shot.model_validate_json(entry.shot).id for entry in engine.jobs()] == [shot.id]
    put = next(request for request in fake.seen if request.method == "PUT")
    assert (put.foreign, put.key) == (True, "")
    assert next(iter(fake.jobs.values())).body["loras"] == [
        {"path": f"{fake.foreign_url('fal')}/files/{name}", "scale": 0.7}
    ]


def test_a_lora_file_is_refused_where_the_host_cannot_read_it(tmp_path):
    (tmp_path / "mine.safetensors").write_bytes(lora_file("X"))
    shot = Shot(model="flux-dev-lora", prompt="A pear.", width=1024, height=1024, steps=28,
                loras=(LoRA(weights=str(tmp_path / "mine.safetensors")),))  # fmt: skip
    with pytest.raises(UnsupportedField, match=r"options=\{'host': 'fal'\}") as refused:
        build_body(shot, "replicate")
    assert str(tmp_path) not in str(refused.value)
    gone = shot.with_(loras=(LoRA(weights=str(tmp_path / "gone.safetensors")),))
    with pytest.raises(UnsupportedField, match=r"'gone.safetensors' was asked for, which is no file"):
        build_body(gone, "fal")


def test_the_hash_of_a_request_follows_the_files_content_not_their_address():
    one, same, other = (
        build_body(shot, "replicate", inputs_of(shot))
        for shot in (vary(512, host="replicate"), vary(512, host="replicate"), vary(520, host="replicate"))
    )
    assert one.hash == same.hash != other.hash
    assert len(one.parcels) == 1


def test_fals_storage_is_its_own_https_host():
    adapter = HOSTS["fal"]
    server = Server(adapter.servers["global"], adapter.domains)
    assert server.may_see_key("https://rest.fal.ai/storage/upload/initiate")
    assert not server.may_see_key("https://storage.googleapis.com/x")
    call = adapter.deposit(server, Parcel("a.png", "image/png", b""))
    assert call.url.startswith("https://rest.fal.ai/storage/upload/initiate")


def test_an_upload_that_is_refused_sends_no_paid_request(hosted, monkeypatch):
    from fluxkit.engines.hosted import fake as module
    from fluxkit.errors import BadRequest

    fake, engine = hosted()
    monkeypatch.setattr(module._Handler, "_free", lambda self, *_: self._json(413, {"detail": "too large"}))
    with pytest.raises(BadRequest, match="'too large'"):
        list(engine.shoot([vary(512, host="replicate")]))
    assert (fake.posts, engine.spent_usd) == (0, 0)
    assert engine.jobs() == []
