"""The doctor says what is there and what is not, and never shows a key."""

from __future__ import annotations

import pytest

from fluxkit.engines.hosted import FakeHost, trainers
from fluxkit.engines.hosted.schema import bfl_inputs, differences, replicate_inputs
from fluxkit.engines.hosted.tables import table
from fluxkit.session.health import doctor, examine

KEY = "bfl_a-key-that-must-not-show"


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr("fluxkit.engines.hosted.keys._from_keyring", lambda host: None)
    for variable in ("BFL_API_KEY", "REPLICATE_API_TOKEN", "FAL_KEY"):
        monkeypatch.delenv(variable, raising=False)
    with FakeHost() as fake:
        yield fake


def told(report, section, name):
    return [found.told for found in report if (found.section, found.name) == (section, name)]


def test_it_prints_what_is_installed_and_which_hosts_answer(fake, capsys, monkeypatch):
    monkeypatch.setenv("BFL_API_KEY", KEY)
    assert doctor(server=fake) is None
    printed = capsys.readouterr().out
    assert "+ fluxkit" in printed
    assert "present (environment)" in printed
    assert "python -m keyring set fluxkit replicate" in printed
    assert "answers" in printed
    assert "PicassoIA" in printed or "picassoia" in printed
    assert KEY not in printed


def test_without_live_no_key_leaves_the_machine(fake, monkeypatch):
    monkeypatch.setenv("BFL_API_KEY", KEY)
    examine(server=fake)
    assert not any(request.key for request in fake.seen)
    assert fake.posts == 0


def test_live_tries_each_key_with_a_request_that_costs_nothing(fake):
    report = examine(live=True, server=fake)
    assert "the key works" in told(report, "hosts", "bfl")
    assert "the key works" in told(report, "hosts", "replicate")
    assert "the host has no free request to try a key with" in told(report, "hosts", "fal")
    assert fake.billed == fake.posts == 0


def test_live_tells_a_key_that_is_refused(fake):
    report = examine(live=True, server=fake, keys={"bfl": KEY})
    assert "the key was refused (HTTP 403)" in told(report, "hosts", "bfl")
    assert KEY not in repr(report)


def test_a_host_that_does_not_answer_is_told(fake):
    url = fake.url()
    fake.stop()
    report = examine(server={"bfl": url, "replicate": url, "fal": url})
    assert told(report, "hosts", "bfl")[0].startswith("does not answer")


def test_schema_agrees_with_a_host_that_publishes_the_table(fake):
    report = examine(schema=True, server=fake)
    assert told(report, "schema", "bfl") == ["the table agrees with what the host publishes"]
    assert told(report, "schema", "replicate") == ["the table agrees with what the host publishes"]
    assert told(report, "schema", "fal") == ["the table agrees with what the host publishes"]
    assert fake.billed == fake.posts == 0
    assert not any(request.key for request in fake.seen if request.path.startswith("/openapi"))


def test_schema_reads_the_trainers_too(fake, monkeypatch):
    changed = {}
    for name, trainer in trainers().items():
        steps = trainer.rule("steps").with_(high=123)
        fields = {field: steps if rule.source_name == "steps" else rule for field, rule in trainer.fields.items()}
        changed[name] = trainer.with_(fields=fields)
    monkeypatch.setattr("fluxkit.engines.hosted.probe.trainers", lambda: changed)
    report = examine(schema=True, server=fake)
    assert "ostris/flux-dev-lora-trainer: steps has maximum 6000 at the host and 123 in the table" in told(
        report, "schema", "replicate"
    )
    assert "fal-ai/flux-lora-fast-training: steps has maximum 10000 at the host and 123 in the table" in told(
        report, "schema", "fal"
    )


def test_schema_names_each_difference():
    fields = {name: {} for name in table("bfl").models["flux-pro-1.1"].fields}
    published = fields | {
        "width": {"anyOf": [{"type": "integer", "minimum": 256, "maximum": 2048}, {"type": "null"}]},
        "magic": {},
        "webhook_url": {},
    }
    del published["image_prompt"]
    assert differences("bfl", {"flux-pro-1.1": published, "flux-pro": None}) == [
        "flux-pro: not listed by the host any more",
        "flux-pro-1.1: the host does not list our field 'image_prompt'",
        "flux-pro-1.1: the host lists a field 'magic' that the table does not have; it can go into options['extra']",
        "flux-pro-1.1: width has maximum 2048 at the host and 1440 in the table",
    ]


def test_schemas_are_found_where_each_host_keeps_them():
    document = {
        "paths": {"/v1/flux-pro-1.1": {"post": {"requestBody": {"content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/FluxPro11Inputs"}}}}}}},
        "components": {"schemas": {"FluxPro11Inputs": {"properties": {"prompt": {}}}}},
    }  # fmt: skip
    inputs = bfl_inputs(document)
    assert inputs["flux-pro-1.1"] == {"prompt": {}}
    assert inputs["flux-2-pro"] is None
    assert replicate_inputs({"latest_version": None}) is None


def test_the_switch_is_told(fake, monkeypatch):
    monkeypatch.setenv("FLUXKIT_HOSTED", "0")
    assert "forbidden" in told(examine(server=fake), "keys", "FLUXKIT_HOSTED")[0]
