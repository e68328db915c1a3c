"""The hosted engine keeps the contract of every engine, with a journal underneath."""

from __future__ import annotations

import threading
import time

import pytest
from PIL import Image

from fluxkit import models
from fluxkit.engines import Progress, silent
from fluxkit.engines.base import PaidEngine
from fluxkit.engines.hosted import HostedEngine, import_picture
from fluxkit.engines.hosted.hosts import host
from fluxkit.engines.hosted.journal import Journal
from fluxkit.errors import Cancelled, FrameError, InputError, JobError, NoPublicAPI, OutcomeUnknown, UnsupportedField
from fluxkit.shots.shot import Shot
from tests.engines.contract import EngineContract


class TestHostedEngine(EngineContract):
    @pytest.fixture
    def engine(self, hosted):
        return hosted("delayed")[1]

    @pytest.fixture(name="shots")
    def asked(self, shots):
        return shots(2)

    def test_progress_is_told_for_every_step_of_every_shot(self, engine, shots):
        seen = []
        list(engine.shoot(shots, seen.append))
        assert {p.shot for p in seen if p.shot} == set(shots)
        assert all(0 <= p.done < p.shots == len(shots) for p in seen)

    def test_frames_come_as_soon_as_they_are_made(self, hosted, shots):
        fake, engine = hosted("ok", "never ready")
        frames = engine.shoot(shots, silent)
        next(frames)
        assert fake.billed <= 2
        frames.close()

    @pytest.mark.parametrize("stop", [Cancelled("Stopped."), KeyboardInterrupt()])
    def test_it_stops_within_a_step_and_stays_usable(self, engine, shots, stop):
        seen = []

        def cancel(progress: Progress):
            seen.append(progress)
            raise stop

        with pytest.raises(type(stop)):
            list(engine.shoot(shots, cancel))
        assert len(seen) == 1
        assert len(list(engine.shoot(shots, silent))) == 2


def test_a_job_that_another_run_gave_up_unsent_is_made_anew(hosted, shots, monkeypatch):
    """As right after a Ctrl-C: the run before it is still winding down, and its intent comes to nothing."""
    fake, engine = hosted()
    real, given_up = Journal.intend, []

    def intend(self, **values):
        job = real(self, **values)
        if not given_up:
            given_up.append(job)
            self.move(job, "intent", "withdrawn")
            return None
        return job

    monkeypatch.setattr(Journal, "intend", intend)
    assert len(list(engine.shoot(shots(2), silent))) == 2
    assert fake.billed == 2


def test_it_is_a_paid_engine(hosted):
    assert isinstance(hosted()[1], PaidEngine)
    assert hosted()[1].name == "hosted"


def test_it_runs_hosted_models_and_no_local_ones(hosted):
    _, engine = hosted()
    assert engine.runs(models.get("flux-kontext-max"))
    assert not engine.runs(models.get("flux.1-dev"))


def test_the_session_does_not_override_what_the_engine_was_given(tmp_path):
    engine = HostedEngine(tmp_path / "own", budget_usd=1.0)
    engine.keep_in(tmp_path / "other")
    engine.budget(9.0)
    assert engine._opened().path.parent == tmp_path / "own"
    assert engine._ledger.budget_usd == 1.0
    plain = HostedEngine()
    plain.keep_in(tmp_path / "other")
    plain.budget(9.0)
    assert plain._opened().path.parent == tmp_path / "other"
    assert plain._ledger.budget_usd == 9.0


def test_a_picture_is_sent_through_a_process_of_its_own(hosted, shots):
    fake, engine = hosted(detached=True)
    assert len(list(engine.shoot(shots(3)))) == 3
    assert fake.billed == 3


def test_two_processes_that_ask_for_the_same_shots_at_once_pay_once(hosted, shots, tmp_path):
    fake, first = hosted(seconds=60)
    second = HostedEngine(tmp_path / "catalogue", budget_usd=5.0, server=fake, detached=False)
    asked, got, told, looked = shots(6), [], [], threading.Semaphore(0)
    for engine in (first, second):
        look = engine._run
        engine._run = lambda *orders, look=look, **settings: (look(*orders, **settings), looked.release())[0]

    def shoot(engine):
        try:
            got.extend(engine.shoot(asked))
        except JobError as error:
            told.append(str(error))

    both = [threading.Thread(target=shoot, args=(engine,)) for engine in (first, second)]
    for thread in both:
        thread.start()
    for _ in both:  # both have looked before the first picture is there
        looked.acquire()
    while len(fake.jobs) < 6:
        time.sleep(0.01)
    for job in fake.jobs.values():
        job.seconds = 0
    for thread in both:
        thread.join()
    assert fake.billed == fake.posts == 6
    assert {frame.shot.id for frame in got} == {shot.id for shot in asked}
    assert all("fetched by another process" in text for text in told)


def test_a_shot_that_another_process_made_since_we_looked_is_not_paid_again(hosted, shots, tmp_path):
    fake, first = hosted()
    second = HostedEngine(tmp_path / "catalogue", budget_usd=5.0, server=fake, detached=False)
    asked = shots()
    looked = second._order(asked[0])
    assert len(list(first.shoot(asked))) == 1
    run = second._run([looked])
    assert list(run.frames(silent)) == []
    assert "fetched by another process" in str(run.errors[asked[0].id])
    assert fake.posts == 1
    assert len(list(second.shoot(asked))) == 1, "asked again on purpose, it is made again"


def test_a_frame_that_the_caller_did_not_keep_is_still_there(hosted, shots):
    fake, engine = hosted()
    frames = engine.shoot(shots(1))
    next(frames)
    frames.close()
    assert engine.jobs()[0].state == "stored"
    assert len(list(engine.resume())) == 1
    assert engine.jobs()[0].state == "done"
    assert fake.billed == 1


def test_copies_that_a_killed_process_could_not_delete_any_more_are_swept(hosted, shots, tmp_path):
    fake, engine = hosted()
    list(engine.shoot(shots(2)))
    waiting = engine.shoot(shots(1))
    next(waiting)
    waiting.close()
    journal = engine._opened()
    kept = [entry.picture for entry in journal.entries(("done",))]
    for name in (kept[0], f"{kept[1]}.17-4.part"):  # killed after the journal said so
        (journal.folder / name).write_bytes(b"left")
    again = HostedEngine(tmp_path / "catalogue", budget_usd=5.0, server=fake, detached=False)
    assert [job.state for job in again.jobs()] == ["done", "done", "stored"]
    assert [path.name for path in journal.folder.iterdir()] == [journal.entries(("stored",))[0].picture]
    assert len(list(again.resume())) == 1
    assert list(journal.folder.iterdir()) == []


def test_a_sender_that_is_gone_leaves_an_unknown_outcome(hosted, shots):
    _, engine = hosted()
    shot = shots()[0]
    journal = engine._opened()
    job = journal.intend(shot_id=shot.id, shot=shot.model_dump_json(), host="bfl", server=engine._server("bfl"),
                         model=shot.model, request="request1-0", forecast_usd=0.04, recorded={})  # fmt: skip
    assert journal.claim(job, seconds=-1)
    with pytest.raises(OutcomeUnknown, match="request1-0"):
        list(engine.resume())
    assert journal.entry(job).state == "unknown"


def test_an_intent_of_a_dead_process_is_sent_again_by_the_next_one(hosted, shots):
    fake, engine = hosted()
    shot = shots()[0]
    journal = engine._opened()
    old = journal.intend(shot_id=shot.id, shot=shot.model_dump_json(), host="bfl", server="", model=shot.model,
                         request="request1-0", forecast_usd=0.04, recorded={})  # fmt: skip
    assert list(engine.resume()) == []
    assert len(list(engine.shoot([shot]))) == 1
    assert journal.entry(old).state == "withdrawn"
    assert not journal.claim(old, seconds=9)
    assert fake.posts == 1


def test_what_the_host_returned_is_recorded(hosted, shots):
    _, engine = hosted()
    shot = shots(options={"safety_tolerance": 4})[0]
    frame = next(iter(engine.shoot([shot])))
    extra = frame.provenance.extra
    assert (extra["seed_returned"], extra["prompt_upsampling"], extra["output_format"]) == (
        str(shot.seed),
        "off",
        "png",
    )
    assert frame.provenance.host == "bfl"


def test_jpeg_can_be_asked_for(hosted, shots):
    fake, engine = hosted()
    next(iter(engine.shoot(shots(options={"output_format": "jpeg"}))))
    assert next(iter(fake.jobs.values())).body["output_format"] == "jpeg"


@pytest.mark.parametrize("name", ["bfl", "replicate", "fal"])
def test_the_host_is_the_users_choice(hosted, shots, name):
    fake, engine = hosted()
    frame = next(iter(engine.shoot(shots(host=name))))
    assert frame.provenance.host == name
    assert next(iter(fake.jobs.values())).host == name


def test_the_engines_own_host_is_used_where_the_shot_names_none(shots, tmp_path, hosted):
    fake, _ = hosted()
    engine = HostedEngine(tmp_path, budget_usd=1.0, host="fal", server=fake, detached=False)
    assert next(iter(engine.shoot(shots()))).provenance.host == "fal"


def test_delisted_models_go_to_replicate_by_default():
    for model in ("flux-pro", "flux-pro-1.0-depth", "flux-pro-1.0-canny", "flux-dev-lora"):
        assert models.get(model).hosts[0] == "replicate"


def test_a_host_that_does_not_run_the_model_is_refused(hosted, shots):
    _, engine = hosted()
    with pytest.raises(UnsupportedField, match="flux-2-flex was asked of fal"):
        engine.check(shots(model="flux-2-flex", host="fal"))


def test_picassoia_answers_that_it_has_no_public_interface(hosted, shots):
    _, engine = hosted()
    with pytest.raises(NoPublicAPI, match="bfl, replicate and fal"):
        engine.check(shots(host="picassoia"))


def test_an_unknown_host_gets_a_close_match():
    with pytest.raises(InputError, match="Did you mean 'replicate'"):
        host("replicat")


def test_a_picture_made_elsewhere_can_be_imported(tmp_path):
    Image.new("RGB", (640, 480), "navy").save(tmp_path / "one.jpg")
    frame = import_picture(tmp_path / "one.jpg", model="flux-pro-1.1", prompt="A pear.", seed=3)
    assert (frame.shot.width, frame.shot.height, str(frame.shot.prompt)) == (640, 480, "A pear.")
    assert (frame.provenance.engine, frame.provenance.host) == ("imported", "picassoia")
    (tmp_path / "page.png").write_text("<html>")
    with pytest.raises(FrameError, match="a web page"):
        import_picture(tmp_path / "page.png", model="flux-pro-1.1", prompt="A pear.")


def test_a_region_is_named_not_written_out(tmp_path):
    engine = HostedEngine(tmp_path, server={"bfl": "eu"})
    assert engine._server("bfl") == "https://api.eu.bfl.ai"
    assert HostedEngine(tmp_path)._server("bfl") == "https://api.bfl.ai"
    with pytest.raises(InputError, match="provider's own hosts"):
        HostedEngine(tmp_path, server={"bfl": "https://evil.example"})._server("bfl")


def test_a_shot_survives_the_journal(hosted, shots):
    _, engine = hosted("never ready")
    engine._pace = type(engine._pace)(first=0.02, deadline=0.05)
    shot = shots(options={"safety_tolerance": 3})[0]
    with pytest.raises(Exception, match="not ready"):
        list(engine.shoot([shot]))
    assert Shot.model_validate_json(engine.jobs()[0].shot).id == shot.id


@pytest.mark.parametrize(("settings", "told"), [
    ({"budget_usd": -1}, "budget_usd=-1 was given. It is US dollars, 0 or more"),
    ({"budget_usd": float("nan")}, "budget_usd=nan"), ({"budget_usd": "5"}, "budget_usd='5'"),
    ({"keys": {"blf": "x"}}, "Did you mean 'bfl'"), ({"server": {"replicat": "global"}}, "Did you mean 'replicate'"),
    ({"prices": {"flux-pro-1.1": -4}}, "A price of -4 was given for flux-pro-1.1"),
    ({"host": "fall"}, "Did you mean 'fal'"),
])  # fmt: skip
def test_settings_of_the_engine_that_make_no_sense_are_refused_at_once(settings, told):
    with pytest.raises(InputError) as refused:
        HostedEngine(**settings)
    assert told in str(refused.value)


def test_a_region_that_is_none_is_refused_with_those_that_are(shots):
    with pytest.raises(InputError, match="Its regions are: global, eu, us"):
        HostedEngine(server={"bfl": "mars"}, budget_usd=1.0, keys={"bfl": "x"}).check(shots())
