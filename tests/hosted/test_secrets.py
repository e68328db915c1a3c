"""Keys and signed links reach nothing but the provider's own host: no repr, log, error, traceback, file or picture."""

from __future__ import annotations

import logging
import re
import traceback
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from pydantic import SecretStr

import fluxkit as fk
from fluxkit.engines.hosted import FakeHost, HostedEngine
from fluxkit.engines.hosted.client import Call, Client, Unreached
from fluxkit.engines.hosted.fake import _SIGNATURE
from fluxkit.engines.hosted.hosts import BFL, HOSTS
from fluxkit.engines.hosted.keys import find_key, locate_key
from fluxkit.engines.hosted.origins import Server
from fluxkit.engines.hosted.submit import Ticket
from fluxkit.errors import FluxkitError, InputError, MissingKey
from fluxkit.session.health import examine

KEY = "bfl_a-key-that-must-not-show"


def told(error):
    """Everything that a verbose traceback shows: each frame with its local values, causes, notes."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(shown.format()) + repr(error) + repr(vars(error)) + repr(error.__context__)


@pytest.mark.parametrize("fault", [
    "ok", "content moderated", "402", "403", "422", "429 long", "reset", "500 after submit", "foreign polling",
    "redirected submit", "redirected poll", "redirected picture", "expired", "truncated",
])  # fmt: skip
@pytest.mark.parametrize("host", ["bfl", "replicate", "fal"])
def test_no_key_and_no_signed_link_is_left_anywhere(tmp_path, monkeypatch, caplog, shots, fault, host):
    monkeypatch.setenv("FLUXKIT_HOSTED", "1")
    caplog.set_level(logging.DEBUG)
    seen = []
    with FakeHost([fault]) as fake:
        fake.key = KEY
        engine = HostedEngine(tmp_path, budget_usd=1.0, keys={host: KEY}, server={host: fake.url(host)}, pace=fake.pace,
                              detached=False)  # fmt: skip
        asked = shots(host=host)
        try:
            for frame in engine.shoot(asked):
                seen += [repr(frame), repr(frame.provenance), frame.provenance.canonical_json()]
                frame.save(tmp_path / "frame.png")
        except FluxkitError as error:
            seen.append(told(error))
        seen += [repr(engine), repr(vars(engine)), repr(engine.jobs()), repr(asked), caplog.text]
        assert any(KEY in request.key for request in fake.seen), "the key was used"
        assert not any(request.key for request in fake.seen if request.foreign)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    for text in (*seen, *(path.read_bytes().decode("latin-1") for path in written)):
        assert KEY not in text
        assert _SIGNATURE not in text
    assert any(path.name == "hosted.sqlite" for path in written)


def everything_written(folder):
    return {path.name: path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()}


def test_a_whole_working_day_leaves_no_key_in_catalogue_journal_log_report_or_frame(tmp_path, monkeypatch, caplog):
    """A session with its sending process: pictures, an upload, a training, a failure, a resume, the doctor."""
    for variable, value in (("BFL_API_KEY", KEY), ("REPLICATE_API_TOKEN", KEY), ("FAL_KEY", KEY),
                            ("FLUXKIT_HOSTED", "1")):  # fmt: skip
        monkeypatch.setenv(variable, value)
    caplog.set_level(logging.DEBUG)
    shown = []
    with FakeHost(["ok", "ok", "never ready", "ok", "content moderated"]) as fake:
        fake.key = KEY
        servers = {name: fake.url(name) for name in ("bfl", "replicate", "fal")}
        engine = HostedEngine(server=servers, pace=replace(fake.pace, deadline=1.0))
        with fk.Session(tmp_path / "shoot", engine=engine, budget_usd=9.0) as session:
            scene = fk.Scene(subject=fk.Subject(description="a pear"))
            shown.append(session.shoot(scene, model="flux-pro-1.1", size=(256, 256), seed=1))
            noise = Image.effect_noise((512, 512), 90).convert("RGB")
            shown.append(session.vary(noise, prompt="a pear", model="flux-pro-1.1", options={"host": "replicate"}))
            for seed in (2, 3, 4):
                try:
                    shown.append(session.shoot(scene, model="flux-pro-1.1", size=(256, 256), seed=seed))
                except FluxkitError as error:
                    shown += [error, told(error)]
            next(job for job in fake.jobs.values() if job.fault == "never ready").fault = "ok"
            shown += [session.resume(), session.plan(scene, model="flux-pro-1.1"), session.catalogue.receipts()]
            shown.append(engine.train_lora([noise], trigger="TOK", trainer="ostris/flux-dev-lora-trainer",
                                           destination="me/tok"))  # fmt: skip
            shown += [session, engine, vars(engine), engine.jobs(), engine.trainings(), session.catalogue]
            frames = session.catalogue.frames()
            sheet = fk.ContactSheet(frames)
            shown += [frames, frames.table()._repr_html_(), *(frame.provenance for frame in frames), sheet]
            for kind in ("png", "html"):
                sheet.save(tmp_path / f"sheet.{kind}")
            frames[0].save(tmp_path / "frame.jpg")
        shown.append(examine(live=True, schema=True, server=servers))
        keyed = [request for request in fake.seen if request.key]
        assert len(keyed) > 20
        assert all(request.key in (KEY, f"Bearer {KEY}", f"Key {KEY}") for request in keyed)
        assert not any(request.key for request in fake.seen if request.foreign)
    texts = {**everything_written(tmp_path), "log": caplog.text, "shown": "\n".join(map(repr, shown))}
    assert {"hosted.sqlite", "index.sqlite", "journal.jsonl", "sheet.html"} <= set(texts)
    assert len(caplog.text) > 1000
    for name, text in texts.items():
        assert KEY not in text, name
        assert _SIGNATURE not in text, name


def test_a_notebooks_verbose_traceback_shows_no_key(tmp_path, monkeypatch, shots):
    from IPython.core.ultratb import VerboseTB

    monkeypatch.setenv("FLUXKIT_HOSTED", "1")
    with FakeHost(["402"]) as fake:
        fake.key = KEY
        engine = HostedEngine(tmp_path, budget_usd=1.0, keys={"bfl": KEY}, server={"bfl": fake.url()}, pace=fake.pace,
                              detached=False)  # fmt: skip
        try:
            list(engine.shoot(shots()))
        except FluxkitError as error:
            text = VerboseTB().text(type(error), error, error.__traceback__, context=9)
    assert "InsufficientCredits" in text
    assert "wanted" in text, "local values are shown"
    assert KEY not in text


@pytest.mark.parametrize(
    "notebook", sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem
)
def test_no_notebook_holds_a_key_or_a_signed_link(notebook):
    text = notebook.read_text(encoding="utf-8")
    for secret in (FakeHost.key, _SIGNATURE, "x-key", "Bearer r8_"):
        assert secret not in text
    assert not re.search(r"\b(bfl|r8)_[A-Za-z0-9]{16,}|\bse=20\d\d-", text)


def test_the_courier_gets_the_key_by_its_input_alone(tmp_path, monkeypatch, shots):
    monkeypatch.setenv("FLUXKIT_HOSTED", "1")
    started = []
    import subprocess

    real = subprocess.Popen

    def popen(*arguments, **settings):
        started.append(repr(arguments) + repr(settings))
        return real(*arguments, **settings)

    monkeypatch.setattr("fluxkit.engines.hosted.courier.subprocess.Popen", popen)
    with FakeHost() as fake:
        fake.key = KEY
        engine = HostedEngine(tmp_path, budget_usd=1.0, keys={"bfl": KEY}, server={"bfl": fake.url()}, pace=fake.pace)
        assert len(list(engine.shoot(shots()))) == 1
        engine.close()
    assert len(started) == 1
    assert KEY not in started[0]


def test_what_holds_a_key_shows_none():
    key = SecretStr(KEY)
    server = "https://api.bfl.ai"
    ticket = Ticket(job=1, host="bfl", server=server, path="/", fields={"image": "A" * 999}, key=key, what="")
    credential = BFL().credential(key)
    client = Client(Server("https://api.bfl.ai", ("bfl.ai",)), credential)
    shown = repr(ticket) + repr(credential) + repr(client) + str(ticket)
    assert KEY not in shown
    assert "AAAA" not in shown


OWN = Server("https://api.bfl.ai", ("bfl.ai",))


@pytest.mark.parametrize(("url", "may"), [
    ("https://api.bfl.ai/v1/x", True), ("https://api.eu4.bfl.ai/v1/get_result?id=1", True), ("https://bfl.ai/", True),
    ("http://api.bfl.ai/v1/x", False), ("https://api.bfl.ai.evil.org/", False), ("https://evilbfl.ai/", False),
    ("https://user@api.bfl.ai/", False), ("https://api.bfl.ai@evil.org/", False), ("https://api.bfl.ai:8443/", False),
    ("https://127.0.0.1/", False), ("ftp://api.bfl.ai/", False), ("", False),
])  # fmt: skip
def test_a_key_goes_only_to_the_providers_own_https_hosts(url, may):
    assert OWN.may_see_key(url) is may


@pytest.mark.parametrize(("url", "may"), [
    ("https://delivery-eu1.example.org/sample.png?sig=1", True), ("http://delivery.example.org/sample.png", False),
    ("https://127.0.0.1/", False), ("https://10.0.0.8/", False), ("https://169.254.169.254/latest", False),
    ("https://[::1]/", False), ("https://localhost/", False), ("https://router.local/", False),
    ("file:///etc/hosts", False),
])  # fmt: skip
def test_other_addresses_are_asked_only_when_public_and_https(url, may):
    assert OWN.may_be_asked(url) is may


def test_a_loopback_key_stays_at_its_exact_origin():
    server = Server("http://127.0.0.1:9001/bfl", ("bfl.ai",))
    assert server.may_see_key("http://127.0.0.1:9001/other")
    assert not server.may_see_key("http://127.0.0.1:9002/bfl")
    assert not server.may_see_key("http://localhost:9001/bfl")
    assert not server.may_see_key("https://api.bfl.ai/v1/x")


@pytest.mark.parametrize("base", ["https://gateway.example.org", "http://api.bfl.ai", "http://10.0.0.8"])
def test_a_server_that_is_not_the_providers_is_refused(base):
    with pytest.raises(InputError, match="only to the provider's own hosts"):
        Server(base, ("bfl.ai",))


def test_a_forbidden_address_is_not_asked_at_all():
    client = Client(OWN, None)
    with pytest.raises(Unreached) as refused:
        client.send(Call("GET", "https://169.254.169.254/latest"))
    assert not refused.value.delivered


def test_every_region_of_every_host_is_its_own():
    for adapter in HOSTS.values():
        for base in adapter.servers.values():
            assert Server(base, adapter.domains).may_see_key(base + "/v1/x")


def test_keys_come_from_argument_then_environment_then_keyring(monkeypatch):
    monkeypatch.setattr("fluxkit.engines.hosted.keys._from_keyring", lambda host: SecretStr("from-keyring"))
    monkeypatch.delenv("FAL_KEY", raising=False)
    assert locate_key("fal")[1] == "keyring"
    monkeypatch.setenv("FAL_KEY", "from-environment")
    assert locate_key("fal")[1] == "environment"
    assert find_key("fal", {"fal": "from-argument"}).get_secret_value() == "from-argument"


def test_a_system_without_a_keyring_is_no_error(monkeypatch):
    import keyring
    from keyring.errors import NoKeyringError

    def fail(*_):
        raise NoKeyringError

    monkeypatch.setattr(keyring, "get_password", fail)
    monkeypatch.delenv("FAL_KEY", raising=False)
    with pytest.raises(MissingKey, match="python -m keyring set fluxkit fal"):
        find_key("fal")
