"""LoRA training at hosts: paid once, within the budget, never lost; what comes back is a checked safetensors file."""

from __future__ import annotations

import contextlib
import io
import json
import struct
import tarfile
import zipfile

import pytest
from PIL import Image

from fluxkit import errors
from fluxkit.engines.hosted import FakeHost, HostedEngine, trainers
from fluxkit.engines.hosted.dataset import pack
from fluxkit.engines.hosted.fake_storage import lora_file
from fluxkit.engines.hosted.lora_file import NotALoRA, facts, unpacked
from fluxkit.shots.shot import LoRA
from tests.hosted.test_faults import LOST, PAID, REFUSED, UNKNOWN

FAL = {"trainer": "fal-ai/flux-lora-fast-training"}
REPLICATE = {"trainer": "ostris/flux-dev-lora-trainer", "destination": "me/mareike"}
AT = {"fal": FAL, "replicate": REPLICATE}


def pictures(count=4):
    return [(Image.new("RGB", (256, 256), (50 * number, 90, 90)), f"picture {number}") for number in range(count)]


def train(engine, at=FAL, **settings):
    return engine.train_lora(pictures(), trigger="MAREIKE", **(at | settings))


def only(fake):
    return next(iter(fake.jobs.values()))


@pytest.mark.parametrize("host", AT)
def test_a_trained_lora_is_on_disk_by_its_content_and_knows_what_was_asked(hosted, host):
    fake, engine = hosted()
    made = train(engine, AT[host], steps=500)
    assert made.file.read_bytes() == lora_file("MAREIKE")
    assert made.file.name == f"{made.content}.safetensors"
    assert (made.rank, made.trigger, made.request.steps, made.request.host) == (4, "MAREIKE", 500, host)
    assert made.lora(0.8) == LoRA(weights=str(made.file), strength=0.8, name="MAREIKE")
    assert bool(made.reference) == (host == "replicate")
    assert fake.billed == fake.posts == 1
    assert str(made.file.parent) not in repr(made)
    assert engine.spent_usd == pytest.approx(1.0)
    assert engine.trainings() == [made]
    assert list((made.file.parent.parent / "hosted").glob("*")) == []


@pytest.mark.parametrize("host", AT)
def test_the_pictures_go_to_the_hosts_storage_without_names_and_metadata(hosted, tmp_path, host):
    fake, engine = hosted()
    exif = Image.Exif()
    exif[0x010F] = "my own camera"
    Image.new("RGB", (300, 200), "navy").save(tmp_path / "anna at home.jpg", exif=exif)
    engine.train_lora([(tmp_path / "anna at home.jpg", "by the sea"), (pictures()[0][0], "MAREIKE reads")],
                      trigger="MAREIKE", **AT[host])  # fmt: skip
    (name, data), *rest = fake.storage.files.items()
    assert rest == []
    assert "anna" not in name
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["0001.jpg", "0001.txt", "0002.png", "0002.txt"]
        assert archive.read("0001.txt") == b"MAREIKE, by the sea"
        assert archive.read("0002.txt") == b"MAREIKE reads"
        assert b"my own camera" not in archive.read("0001.jpg")
    sent = only(fake).body
    assert any(str(value).endswith(name) for value in sent.values()), "the request names the file where it now lies"


def test_replicate_gets_its_fields_its_latest_version_and_a_private_model(hosted):
    fake, engine = hosted()
    train(engine, REPLICATE, rank=32, steps=800, learning_rate=2e-4)
    sent = only(fake).body
    assert (sent["lora_rank"], sent["steps"], sent["trigger_word"], sent["autocaption"]) == (32, 800, "MAREIKE", False)
    assert sent["learning_rate"] == 2e-4
    path = next(request.path for request in fake.seen if request.paid)
    assert path == f"/v1/models/ostris/flux-dev-lora-trainer/versions/{'f' * 64}/trainings"
    assert fake.storage.models == {"me/mareike"}


def test_a_zip_that_the_user_made_is_sent_as_it_is(hosted, tmp_path):
    fake, engine = hosted()
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        archive.writestr("a.png", png())
        archive.writestr("a.txt", "MAREIKE")
    engine.train_lora(tmp_path / "mine.zip", trigger="MAREIKE")
    assert list(fake.storage.files.values()) == [(tmp_path / "mine.zip").read_bytes()]
    assert (tmp_path / "mine.zip").is_file()


def png():
    buffer = io.BytesIO()
    Image.new("RGB", (256, 256)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(("given", "settings", "told"), [
    (pictures(), {"rank": 16}, "takes no rank, but rank=16 was asked for. Drop it or use one of: ostris"),
    (pictures(), {"steps": 20_000}, "steps=20000 was asked for; it takes a whole number from 1 to 10000"),
    (pictures(), {"destination": "me/lora"}, "takes no destination"),
    (pictures(), {"trainer": "ostris/flux-dev-lora-trainer"}, "needs the name of a model of your account"),
    (pictures(), {"trainer": "fal-ai/flux-lora-fast-trainin"}, "Did you mean 'fal-ai/flux-lora-fast-training'"),
    (pictures(), {"trigger": "  "}, "trigger"),
    (pictures(), {"stepz": 3}, "stepz"),
    ([], {}, "from no pictures"),
    ([pictures()[0], pictures()[1][0]], {}, "1 of them without a caption"),
    (["no such picture.png"], {}, "'no such picture.png' cannot be read"),
    ("no such.zip", {}, "'no such.zip'"),
])  # fmt: skip
def test_what_cannot_be_trained_is_refused_before_anything_is_sent(hosted, given, settings, told):
    fake, engine = hosted()
    with pytest.raises((errors.UnsupportedField, errors.InputError)) as refused:
        engine.train_lora(given, **({"trigger": "MAREIKE"} | settings))
    assert told in str(refused.value)
    assert fake.seen == []


def test_a_training_needs_a_budget_that_holds_it(hosted, monkeypatch):
    fake, engine = hosted(budget_usd=1.5)
    with pytest.raises(errors.BudgetExceeded, match=r"1 hosted LoRA training for about \$2.000 was asked for"):
        train(engine)
    with pytest.raises(errors.BudgetExceeded, match="no budget was given"):
        train(HostedEngine(engine._folder, server=fake, detached=False))
    cheap = HostedEngine(engine._folder, budget_usd=1.5, server=fake, detached=False,
                         prices={"fal-ai/flux-lora-fast-training": 1.0})  # fmt: skip
    assert fake.seen == []
    assert train(cheap).trigger == "MAREIKE"
    monkeypatch.setenv("FLUXKIT_HOSTED", "0")
    real = HostedEngine(engine._folder, budget_usd=9.0, server={"fal": fake.url("fal")}, keys={"fal": fake.key})
    with pytest.raises(errors.HostedForbidden, match="1 hosted LoRA training was asked for"):
        train(real, take=7)


def test_a_training_whose_file_is_gone_needs_permission_to_be_paid_again(hosted, monkeypatch):
    fake, engine = hosted()
    train(engine).file.unlink()
    monkeypatch.setenv("FLUXKIT_HOSTED", "0")
    real = HostedEngine(engine._folder, budget_usd=9.0, server={"fal": fake.url("fal")}, keys={"fal": fake.key})
    with pytest.raises(errors.HostedForbidden, match="1 hosted LoRA training was asked for"):
        train(real)
    assert fake.posts == 1
    monkeypatch.delenv("FLUXKIT_HOSTED")
    assert train(engine).file.is_file() and fake.posts == 2


def test_the_same_training_again_is_given_back_and_another_take_is_paid(hosted):
    fake, engine = hosted()
    first, again = train(engine), train(engine)
    assert first == again
    assert fake.posts == 1
    other = train(engine, take=1)
    assert other.request.id != first.request.id
    assert fake.posts == 2


TRAINED = {fault: error for fault, error in PAID.items() if fault != "delayed"}


@pytest.mark.parametrize("host", AT)
@pytest.mark.parametrize("fault", TRAINED)
def test_a_paid_lora_arrives_after_at_most_one_resume(hosted, host, fault):
    fake, engine = hosted(fault)
    try:
        made = [train(engine, AT[host])]
    except errors.RedirectRefused:
        assert TRAINED[fault] is errors.RedirectRefused
        made = engine.resume_trainings()
    assert [one.trigger for one in made] == ["MAREIKE"]
    assert fake.billed == 1
    assert not any(request.key for request in fake.seen if request.foreign)
    assert engine.jobs(waiting_only=True) == []


@pytest.mark.parametrize("host", AT)
@pytest.mark.parametrize("fault", [fault for fault in LOST if fault != "request moderated"])
def test_a_training_without_a_lora_says_why_and_is_not_sent_again_by_resume(hosted, host, fault):
    wanted = {**LOST, "truncated": errors.BadLoRA}[fault]
    if host == "fal" and fault == "content moderated":
        pytest.skip("fal's trainer has no moderation")
    fake, engine = hosted(fault)
    with pytest.raises(wanted) as failed:
        train(engine, AT[host])
    assert "session.resume()" not in str(failed.value)
    with pytest.raises(wanted) if wanted in (errors.ResultExpired, errors.BadLoRA) else contextlib.nullcontext():
        engine.resume_trainings()
    assert fake.posts == 1
    assert engine.jobs(waiting_only=True) == []
    assert list((engine._folder / "loras").glob("*")) == []


@pytest.mark.parametrize("host", AT)
@pytest.mark.parametrize("fault", UNKNOWN)
def test_a_lost_answer_is_never_paid_twice(hosted, host, fault):
    fake, engine = hosted(fault)
    for _ in range(2):
        with pytest.raises(errors.OutcomeUnknown, match="training1-"):
            train(engine, AT[host])
    assert engine.resume_trainings() == []
    assert fake.posts == 1


@pytest.mark.parametrize("host", AT)
@pytest.mark.parametrize("fault", REFUSED)
def test_a_refused_training_bills_nothing_and_can_be_asked_again(hosted, host, fault):
    fake, engine = hosted(fault)
    with pytest.raises(REFUSED[fault]):
        train(engine, AT[host])
    assert (fake.billed, engine.spent_usd) == (0, 0)
    assert train(engine, AT[host]).trigger == "MAREIKE"


@pytest.mark.parametrize("host", AT)
def test_a_stop_leaves_the_training_going_and_says_how_to_get_it_back(hosted, host):
    fake, engine = hosted(seconds=0.5)

    def stop(_):
        if fake.billed:
            raise errors.Cancelled("Stopped.")

    with pytest.raises(errors.Cancelled) as stopped:
        train(engine, AT[host], progress=stop)
    assert f"1 job at {host} goes on and is billed; engine.resume_trainings() fetches the training." in str(
        stopped.value
    )
    assert "engine.cancel(job) stops it" in str(stopped.value)
    assert [made.trigger for made in engine.resume_trainings()] == ["MAREIKE"]
    assert fake.posts == 1


def test_a_training_can_be_cancelled_and_asked_for_again(hosted):
    fake, engine = hosted(seconds=60)
    engine._pace = type(engine._pace)(first=0.02, deadline=0.1)
    with pytest.raises(errors.JobTimeout):
        train(engine, REPLICATE)
    assert engine.cancel(engine.jobs()[0]) == "cancelled"
    fake.seconds = 0
    assert engine.resume_trainings() == []
    assert train(engine, REPLICATE).trigger == "MAREIKE"
    assert fake.posts == 2


def test_a_destination_that_is_not_ones_own_is_told_before_anything_is_paid(hosted, monkeypatch):
    fake, engine = hosted()
    monkeypatch.setattr(
        "fluxkit.engines.hosted.fake._Handler._free", lambda self, *_: self._json(403, {"detail": "no"})
    )
    with pytest.raises(errors.BadRequest, match="'me/mareike' cannot be used"):
        train(engine, REPLICATE)
    assert fake.posts == 0


def test_an_upload_that_fails_costs_nothing_and_is_tried_again(hosted, monkeypatch):
    fake, engine = hosted()
    real, failed = FakeHost.key, []
    from fluxkit.engines.hosted import fake as module

    free = module._Handler._free

    def flaky(self, *arguments):
        if len(failed) < 2:
            failed.append(1)
            return self._json(503, {"detail": "busy"})
        return free(self, *arguments)

    monkeypatch.setattr(module._Handler, "_free", flaky)
    assert train(engine).trigger == "MAREIKE"
    assert len(failed) == 2
    failed[:] = []
    monkeypatch.setattr(module._Handler, "_free", lambda self, *_: self._json(503, {"detail": "busy"}))
    with pytest.raises(errors.ServerError, match="Nothing was made or billed"):
        train(engine, take=2)
    assert real == fake.key
    assert fake.posts == 1


def broken(change):
    data = lora_file("X")
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + length :]


def rename(header):
    for name in [name for name in header if name != "__metadata__"]:
        header[name.replace("lora_", "")] = header.pop(name)


@pytest.mark.parametrize(("data", "told"), [
    (b"", "no safetensors file"), (b"<!doctype html><p>Sign in", "a web page"),
    (b"PK\x03\x04 a pickle in a zip" * 9, "no safetensors file"), (b"\x80\x04\x95pickle" * 9, "no safetensors file"),
    (lora_file("X")[:-10], "cut short"), (lora_file("X") + b"more", "more than its header says"),
    (broken(rename), "without LoRA matrices"),
    (broken(lambda header: [tensor.update(shape=[9, 9]) for name, tensor in header.items() if "lora" in name]),
     "do not fit their places"),
    (broken(lambda header: header.update({"lora": {"dtype": "F32"}})), "broken header"),
    (struct.pack("<Q", 5) + b"{oops" + b"0" * 50, "broken header"),
])  # fmt: skip
def test_only_whole_safetensors_of_a_lora_are_taken(tmp_path, data, told):
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(NotALoRA, match=told):
        facts(tmp_path / "x")


@pytest.mark.parametrize(("damage", "told"), [
    (lambda data: data[:-10], "it is a safetensors file cut short"),
    (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "not what came from the host"),
])  # fmt: skip
def test_a_file_that_was_damaged_here_is_told_hides_no_other_and_is_not_paid_again(hosted, caplog, damage, told):
    fake, engine = hosted()
    first = engine.train_lora(pictures(), trigger="ZWIRL", **FAL)
    second = train(engine)
    second.file.write_bytes(damage(second.file.read_bytes()))
    assert engine.trainings() == [first]
    assert told in caplog.records[0].message
    with pytest.raises(errors.BadLoRA, match="delete it and ask again, which trains, and costs, anew"):
        train(engine)
    assert fake.posts == 2
    second.file.unlink()
    assert train(engine).content == second.content
    assert fake.posts == 3


def test_the_ground_of_a_cut_out_goes_to_the_host_as_grey(tmp_path):
    cut_out = Image.new("RGBA", (64, 64), (255, 0, 255, 0))
    cut_out.paste((200, 20, 20, 255), (16, 16, 48, 48))
    packed = pack([(cut_out, "a")], "MAREIKE", tmp_path)
    with zipfile.ZipFile(packed.path) as archive:
        sent = Image.open(io.BytesIO(archive.read("0001.png")))
    assert (sent.getpixel((0, 0)), sent.getpixel((32, 32))) == ((119, 119, 119), (200, 20, 20))


def test_a_tars_names_decide_nothing(tmp_path):
    with tarfile.open(tmp_path / "x.part", "w") as archive:
        for name, data in (("../../elsewhere.safetensors", lora_file("X")), ("/etc/passwd", b"root")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("link.safetensors")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert unpacked(tmp_path / "x.part").parent == tmp_path
    assert facts(unpacked(tmp_path / "x.part")).rank == 4
    assert {path.name for path in tmp_path.iterdir()} == {"x.part", "x.unpacked"}


def test_every_trainer_says_where_its_fields_and_its_price_come_from():
    for trainer in trainers().values():
        assert trainer.source
        assert trainer.price_source
        assert trainer.rule("pictures")
        assert trainer.rule("trigger")
        assert trainer.forecast_usd(1000) > 0
