"""Keys and signed links reach nothing but the provider's own host: no repr, log, error, traceback, file or picture."""

from __future__ import annotations

import logging
import traceback

import pytest
from pydantic import SecretStr

from fluxkit.engines.hosted import FakeHost, HostedEngine
from fluxkit.engines.hosted.client import Call, Client, Unreached
from fluxkit.engines.hosted.fake import _SIGNATURE
from fluxkit.engines.hosted.hosts import BFL, HOSTS
from fluxkit.engines.hosted.keys import find_key, locate_key
from fluxkit.engines.hosted.origins import Server
from fluxkit.engines.hosted.submit import Ticket
from fluxkit.errors import FluxkitError, InputError, MissingKey

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
