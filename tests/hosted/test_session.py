"""Hosted models in a session: the same plan, catalogue and tasks as local ones."""

from __future__ import annotations

import pytest
from PIL import Image

import fluxkit as fk
from fluxkit.engines import FunctionEngine
from fluxkit.engines.hosted import FakeHost, HostedEngine
from fluxkit.errors import BudgetExceeded, CapabilityError, JobTimeout, Moderated, NoPublicAPI

SCENE = fk.Scene(subject=fk.Subject(description="a pear"))


@pytest.fixture
def open_session(tmp_path):
    """Opens a session on a fake host with a script; nano is played by a function."""
    fakes, sessions = [], []

    def start(*script, budget_usd=5.0, folder=tmp_path / "catalogue", fake=None, **settings):
        fake = fake or FakeHost(script, **settings).start()
        grey = FunctionEngine(lambda shot: Image.new("RGB", (shot.width, shot.height), "grey"))
        grey.runs = lambda spec: spec.where == "local"
        session = fk.Session(folder, engine=[HostedEngine(server=fake, detached=False), grey], budget_usd=budget_usd)
        fakes.append(fake)
        sessions.append(session)
        return fake, session

    yield start
    for session in sessions:
        session.close()
    for fake in fakes:
        fake.stop()


def test_a_plan_that_mixes_local_and_hosted_models_fills_one_contact_sheet(open_session):
    fake, session = open_session()
    sweep = fk.Sweep(SCENE, model="nano").over(model=["nano", "flux-pro-1.1"], seed=[1, 2])
    plan = session.plan(sweep)
    assert plan.cost().usd == pytest.approx(0.08)
    frames = session.shoot(plan)
    assert [frame.shot.model for frame in frames] == ["nano", "nano", "flux-pro-1.1", "flux-pro-1.1"]
    assert [frame.provenance.engine for frame in frames] == ["function", "function", "hosted", "hosted"]
    assert fake.billed == 2
    sheet = fk.ContactSheet(frames, rows="model", columns="seed")
    assert sheet._repr_png_().startswith(b"\x89PNG")


def test_a_plan_that_was_made_already_costs_nothing(open_session):
    fake, session = open_session()
    sweep = fk.Sweep(SCENE, model="flux-pro-1.1", size=(256, 256)).over(seed=range(3))
    first, second = session.shoot(sweep), session.shoot(sweep)
    assert [frame.id for frame in first] == [frame.id for frame in second]
    assert fake.billed == 3


def test_a_session_without_a_budget_sends_nothing(open_session):
    fake, session = open_session(budget_usd=None)
    with pytest.raises(BudgetExceeded, match="budget_usd"):
        session.shoot(SCENE, model="flux-pro-1.1")
    assert fake.seen == []


@pytest.mark.parametrize(("model", "settings", "told"), [
    ("flux-pro-1.1-ultra", {"size": (1024, 768)}, "takes no size in pixels"),
    ("flux-pro-1.1-ultra", {"steps": 20}, "steps"),
    ("flux-pro-1.1-ultra", {"guidance": 3.0}, "takes no guidance"),
    ("flux-pro-1.1", {"options": {"raw": True}}, "has none of that name"),
    ("flux-pro-1.1", {"options": {"safety_tolerance": 7}}, "from 0 to 6"),
    ("flux-2-max", {"options": {"safety_tolerance": 6}}, "from 0 to 5"),
    ("flux-pro-1.1", {"size": (1000, 1000)}, "multiples of 32"),
    ("flux-2-flex", {"options": {"host": "fal"}}, "not known to run there"),
    ("flux-pro-1.1-ultra", {"options": {"aspect_ratio": "5:1"}}, "from 9:21 to 21:9"),
])  # fmt: skip
def test_the_plan_refuses_what_a_hosted_model_would_drop(open_session, model, settings, told):
    fake, session = open_session()
    with pytest.raises(CapabilityError) as refused:
        session.plan(SCENE, model=model, **settings)
    assert told in str(refused.value)
    assert fake.seen == []


def test_picassoia_is_answered_at_plan_time(open_session):
    _, session = open_session()
    with pytest.raises(NoPublicAPI, match="bfl, replicate and fal"):
        session.plan(SCENE, model="flux-pro-1.1", options={"host": "picassoia"})


def test_sizes_are_snapped_only_when_told_to(open_session):
    _, session = open_session()
    plan = session.plan(SCENE, model="flux-pro-1.1", size=(1000, 1000), strict=False)
    assert (plan[0].width, plan[0].height) == (992, 992)
    assert any(found.rule == "size" for found in plan.diagnostics)


def test_ultra_follows_the_scenes_aspect_ratio_and_raw_is_an_axis(open_session):
    fake, session = open_session()
    scene = SCENE.with_(aspect_ratio="3:2")
    sweep = fk.Sweep(scene, model="flux-pro-1.1-ultra").over(**{"options.raw": [False, True]})
    frames = session.shoot(sweep)
    assert [job.body["aspect_ratio"] for job in fake.jobs.values()] == ["3:2", "3:2"]
    assert {job.body["raw"] for job in fake.jobs.values()} == {False, True}
    assert [frame.value("options.raw") for frame in frames] == [False, True]


def test_the_catalogue_knows_what_was_spent(open_session):
    fake, session = open_session()
    fake.credits = 5.0
    session.shoot(fk.Sweep(SCENE, model="nano").over(model=["nano", "flux-pro-1.1"], seed=[1, 2]))
    found = session.catalogue.receipts()
    assert found.usd == pytest.approx(0.10)
    assert (found["flux-pro-1.1"].frames, found["flux-pro-1.1"].told, found["nano"].usd) == (2, 2, None)
    assert found["flux-pro-1.1"].seconds > 0
    assert session.catalogue.receipts(model="nano").usd == 0
    session.shoot(fk.Sweep(SCENE, model="flux-pro-1.1").over(seed=[1, 2]))
    assert session.catalogue.receipts().usd == pytest.approx(0.10), "nothing was paid again"


def test_a_resumed_picture_brings_its_price(open_session):
    fake, session = open_session("never ready")
    engine = next(engine for engine in session._engines if isinstance(engine, HostedEngine))
    engine._pace = type(engine._pace)(first=0.02, deadline=0.3)
    with pytest.raises(JobTimeout):
        session.shoot(SCENE, model="flux-pro-1.1", size=(256, 256))
    next(iter(fake.jobs.values())).fault = "ok"
    assert len(session.resume()) == 1
    assert session.catalogue.receipts().usd == pytest.approx(0.04)


def test_a_killed_sessions_pictures_come_back(open_session):
    fake, session = open_session("never ready", "ok")
    engine = next(engine for engine in session._engines if isinstance(engine, HostedEngine))
    engine._pace = type(engine._pace)(first=0.02, deadline=0.3)
    sweep = fk.Sweep(SCENE, model="flux-pro-1.1", size=(256, 256)).over(seed=range(2))
    with pytest.raises(Exception, match="not ready"):
        session.shoot(sweep)
    session.close()
    next(job for job in fake.jobs.values() if job.fault == "never ready").fault = "ok"
    _, later = open_session(fake=fake)
    assert len(later.resume()) == 1
    assert len(later.shoot(sweep)) == 2
    assert fake.billed == 2


def test_a_failure_can_be_passed_over(open_session):
    fake, session = open_session("content moderated", "ok", "ok")
    sweep = fk.Sweep(SCENE, model="flux-pro-1.1", size=(256, 256)).over(seed=range(3))
    job = session.submit(sweep, on_error="continue")
    assert len(job.result()) == 2
    assert [type(error) for error in job.errors.values()] == [Moderated]
    assert fake.posts == 3


def test_the_other_tasks_run_at_hosts_too(open_session):
    fake, session = open_session()
    picture = Image.new("RGB", (512, 512), "grey")
    mask = fk.Mask.rectangle(512, 512, right=0.5)
    frames = [
        session.fill(picture, mask=mask, prompt="a red scarf", model="flux-pro-1.0-fill"),
        session.edit(picture, fk.Edit(change="turn the key light to the right"), model="flux-kontext-pro"),
        session.control("a pear", fk.ControlMap.depth(picture), model="flux-pro-1.0-depth"),
        session.edit(picture, "make it dusk", model="flux-2-pro"),
    ]
    assert [frame.provenance.host for frame in frames] == ["bfl", "bfl", "replicate", "bfl"]
    sent = [job.body for job in fake.jobs.values()]
    assert [sorted(name for name in body if "image" in name or name == "mask") for body in sent] == [
        ["image", "mask"], ["input_image"], ["control_image"], ["input_image"],
    ]  # fmt: skip
    assert session.catalogue.get(frames[0].shot.id).fingerprint == frames[0].fingerprint
