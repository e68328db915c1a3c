"""The session shoots what is missing, keeps every frame, and survives cancelled and failing jobs."""

from __future__ import annotations

import threading

import pytest
from PIL import Image

import fluxkit as fk
from fluxkit.engines import FunctionEngine
from fluxkit.errors import Cancelled, EngineError

SCENE = fk.Scene(subject=fk.Subject(description="a pear"))


def _grey(shot):
    return Image.new("RGB", (shot.width, shot.height), (shot.seed % 256,) * 3)


class Counting:
    """A function that makes grey pictures and counts how often it was asked."""

    def __init__(self, fail_at=None, wait_at=None):
        self.calls = []
        self.fail_at = fail_at
        self.reached, self.release = threading.Event(), threading.Event()
        self.wait_at = wait_at

    def __call__(self, shot):
        self.calls.append(shot.seed)
        if shot.seed == self.wait_at:
            self.reached.set()
            self.release.wait(5)
        if shot.seed == self.fail_at:
            raise EngineError("planted", shot=shot)
        return _grey(shot)


def _session(path, function):
    return fk.Session(path / "catalogue", engine=FunctionEngine(function))


def _sweep(seeds, **settings):
    return fk.Sweep(SCENE, model="flux.1-schnell", size=(256, 256), **settings).over(seed=seeds)


def test_a_scene_gives_one_frame_and_a_sweep_gives_frames_in_plan_order(tmp_path):
    with _session(tmp_path, _grey) as session:
        frame = session.shoot(SCENE, model="flux.1-schnell", seed=7, size=(256, 256))
        frames = session.shoot(_sweep([3, 1, 2]))
    assert isinstance(frame, fk.Frame)
    assert frame.image.getpixel((0, 0)) == (7, 7, 7)
    assert [f.shot.seed for f in frames] == [3, 1, 2]


def test_a_repeated_plan_makes_no_model_call(tmp_path):
    counting = Counting()
    with _session(tmp_path, counting) as session:
        first = session.shoot(_sweep(range(4)))
    with _session(tmp_path, counting) as session:
        again = session.shoot(_sweep(range(6)))
    assert counting.calls == [0, 1, 2, 3, 4, 5]
    assert [f.fingerprint for f in again[:4]] == [f.fingerprint for f in first]


def test_planning_leaves_nothing_on_disk(tmp_path):
    with _session(tmp_path, _grey) as session:
        session.plan(_sweep([1]))
    assert not (tmp_path / "catalogue").exists()


def test_a_cancelled_job_keeps_its_frames_and_the_session_goes_on(tmp_path):
    counting = Counting(wait_at=1)
    with _session(tmp_path, counting) as session:
        job = session.submit(_sweep(range(4)))
        assert counting.reached.wait(5)
        job.cancel()
        counting.release.set()
        with pytest.raises(Cancelled, match="catalogue"):
            job.result(5)
        assert job.status == "cancelled"
        made = len(job.frames)
        assert 1 <= made < 4
        assert len(session.shoot(_sweep(range(4)))) == 4
    assert sorted(counting.calls)[:made] == list(range(made))


def test_a_failing_shot_stops_the_job_unless_told_to_go_on(tmp_path):
    counting = Counting(fail_at=1)
    with _session(tmp_path, counting) as session:
        with pytest.raises(EngineError, match="planted"):
            session.shoot(_sweep(range(4)))
        job = session.submit(_sweep(range(4)), on_error="continue")
        frames = job.result(5)
    assert [f.shot.seed for f in frames] == [0, 2, 3]
    assert [error.shot.seed for error in job.errors.values()] == [1]


def test_ctrl_c_cancels_the_job_and_leaves_the_session_usable(tmp_path, monkeypatch):
    counting = Counting(wait_at=0)
    with _session(tmp_path, counting) as session:
        job = session.submit(_sweep(range(3)))
        assert counting.reached.wait(5)
        waits = iter([KeyboardInterrupt])
        finished = job._finished.wait

        def interrupted(timeout=None):
            counting.release.set()
            for raised in waits:
                raise raised
            return finished(timeout)

        monkeypatch.setattr(job._finished, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            job.result()
        assert job.done
        assert len(session.shoot(_sweep([8, 9]))) == 2


def test_a_listener_that_fails_is_named_once_and_the_session_goes_on(tmp_path, caplog):
    told = []

    def broken(job):
        told.append(job.status)
        raise ZeroDivisionError("in a listener")

    with _session(tmp_path, _grey) as session:
        job = session.submit(_sweep(range(3)), on_progress=broken)
        assert len(job.result(5)) == 3
        assert len(session.shoot(_sweep([7]))) == 1, "the session's thread is alive"
    assert job.status == told[-1] == "done"
    (record,) = caplog.records
    assert "test_a_listener_that_fails_is_named_once_and_the_session_goes_on.<locals>.broken" in record.message
    assert record.exc_info[0] is ZeroDivisionError


def test_a_listener_that_raises_cancelled_cancels(tmp_path, caplog):
    def enough(job):
        if job.made == 2:
            raise Cancelled("enough")

    with _session(tmp_path, _grey) as session:
        job = session.submit(_sweep(range(9)), on_progress=enough)
        with pytest.raises(Cancelled, match="catalogue"):
            job.result(5)
        assert 2 <= len(job.frames) < 9
    assert not caplog.records


def test_jobs_run_one_after_the_other_and_report(tmp_path):
    stages = []
    with _session(tmp_path, _grey) as session:
        first, second = session.submit(_sweep([1])), session.submit(_sweep([2, 3]))
        second.watch(lambda job: stages.append((job.status, job.progress.done)))
        assert len(second.result(5)) == 2
        assert first.done
    assert stages[-1] == ("done", 2) or stages[-1][0] == "done"
    assert repr(second) == "Job(done, 2 of 2 frames)"


def test_two_cells_with_one_request_are_made_once(tmp_path):
    counting = Counting()
    sweep = fk.Sweep(SCENE, model="flux.1-schnell", size=(256, 256)).over(guidance=[2.0, 3.0])
    with _session(tmp_path, counting) as session:
        frames = session.shoot(session.plan(sweep, strict=False))
    assert len(frames) == 2
    assert len(counting.calls) == 1


def test_a_model_that_the_given_engine_does_not_run_goes_to_the_next(tmp_path):
    class Narrow(FunctionEngine):
        def runs(self, spec):
            return spec.id == "nano"

    counting = Counting()
    with fk.Session(tmp_path / "c", engine=[Narrow(_grey), FunctionEngine(counting)]) as session:
        session.shoot(SCENE, model="flux.1-dev", size=(256, 256), seed=3)
    assert counting.calls == [3]


def test_the_repr_of_a_session_and_a_job_holds_no_path_or_address(tmp_path):
    with _session(tmp_path, _grey) as session:
        job = session.submit(_sweep([1]))
        job.result(5)
        for text in (repr(session), repr(job), repr(job.frames), repr(job.frames[0])):
            assert str(tmp_path) not in text
            assert "0x" not in text
