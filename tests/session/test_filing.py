"""Frames are written on a thread of their own: in order, before they are shown, and none is lost."""

from __future__ import annotations

import threading
import time

import pytest
from PIL import Image

import fluxkit as fk
from fluxkit.engines import FunctionEngine, Progress
from fluxkit.errors import Cancelled, CatalogueError
from fluxkit.frames import Frame
from fluxkit.frames.provenance import Provenance
from fluxkit.session.spool import Spool
from fluxkit.shots import Shot


def grey(shot):
    return Image.new("RGB", (shot.width, shot.height), (shot.seed % 256,) * 3)


def shots(count, **changes):
    return [
        Shot(model="flux.1-schnell", prompt="a pear", seed=seed, width=256, height=256, steps=4, **changes)
        for seed in range(count)
    ]


class SlowDisk(fk.Catalogue):
    """Takes its time over each frame, and says on which thread it was called."""

    def __init__(self, path, seconds=0.02, fail_at=None):
        super().__init__(path)
        self.seconds, self.fail_at, self.threads = seconds, fail_at, set()

    def add(self, frame, *, receipt=None):
        self.threads.add(threading.current_thread().name)
        time.sleep(self.seconds)
        if frame.shot.seed == self.fail_at:
            raise CatalogueError("the disk is full")
        return super().add(frame, receipt=receipt)


def test_writing_goes_on_beside_making_and_a_frame_is_on_disk_before_it_is_told(tmp_path):
    disk, on_disk = SlowDisk(tmp_path / "c"), []

    def told(job):
        on_disk.extend(frame.id for frame in job.since(len(on_disk)) if disk.find(frame.id) is not None)

    with fk.Session(disk, engine=FunctionEngine(grey)) as session:
        job = session.submit(shots(8))
        job.watch(told)
        frames = job.result(20)
        assert disk.threads == {"fluxkit-filing"}
        assert [frame.id for frame in job.since(0)] == on_disk == [frame.id for frame in frames]
        assert [frame.shot.seed for frame in job.since(6)] == [6, 7]


def test_a_cancelled_job_has_written_every_frame_that_was_made(tmp_path):
    made, running = [], []
    submitted = threading.Event()

    def function(shot):
        submitted.wait(5)
        made.append(shot.seed)
        if shot.seed == 3:
            running[0].cancel()
        return grey(shot)

    with fk.Session(SlowDisk(tmp_path / "c"), engine=FunctionEngine(function)) as session:
        running.append(session.submit(shots(8)))
        submitted.set()
        with pytest.raises(Cancelled):
            running[0].result(20)
        assert len(session.catalogue) >= 3
        assert {frame.shot.seed for frame in session.catalogue} >= set(made[:-1])


def test_a_full_disk_stops_the_making(tmp_path):
    made = []

    def function(shot):
        made.append(shot.seed)
        return grey(shot)

    with (
        fk.Session(SlowDisk(tmp_path / "c", fail_at=2), engine=FunctionEngine(function)) as session,
        pytest.raises(CatalogueError, match="full"),
    ):
        session.shoot(shots(30))
    assert len(made) < 12
    with fk.Session(tmp_path / "c") as session:
        kept = [frame.shot.seed for frame in session.catalogue.frames()]
        assert kept[:2] == [0, 1] and len(made) - 1 <= len(kept) <= len(made)


def test_what_was_made_before_the_disk_was_full_is_not_made_again_once_there_is_room(tmp_path):
    made = []

    def function(shot):
        made.append(shot.seed)
        return grey(shot)

    disk = SlowDisk(tmp_path / "c", fail_at=2)
    with fk.Session(disk, engine=FunctionEngine(function)) as session:
        with pytest.raises(CatalogueError, match="full"):
            session.shoot(shots(8))
        disk.fail_at = None
        frames = session.shoot(shots(8))
    assert [frame.shot.seed for frame in frames] == list(range(8))
    assert len(made) <= 9, "one picture at most is made twice"
    assert not list((tmp_path / "c" / "spool").glob("*"))


def test_an_engines_receipt_is_filed_and_stays_out_of_the_picture(tmp_path):
    class Counting(FunctionEngine):
        def shoot(self, shots, progress):
            for frame in super().shoot(shots, progress):
                yield Frame(frame.shot, frame.image, provenance=frame.provenance, receipt={"seconds": 1.5})

    with fk.Session(tmp_path / "c", engine=Counting(grey)) as session:
        frame = session.shoot(shots(1))[0]
        assert session.catalogue.receipt(frame) == frame.receipt == {"seconds": 1.5}
        frame.save(tmp_path / "x.png")
    assert fk.Frame.open(tmp_path / "x.png").receipt == {}


def test_the_time_left_counts_steps_and_pixels_and_not_what_was_there_before(tmp_path, monkeypatch):
    from fluxkit.session import job as jobs

    clock, estimates = [100.0], []
    monkeypatch.setattr(jobs.time, "monotonic", lambda: clock[0])
    plan = shots(3)
    job = jobs.Job(fk.ShotPlan([*plan[:2], plan[2].with_(width=512, height=512)]), lambda _job: None)
    job.add(Frame(plan[0], grey(plan[0]), provenance=Provenance(engine="function")))
    for stage, shot, step in (("load", plan[1], 0), ("denoise", plan[1], 0), ("denoise", plan[1], 2)):
        job.report(Progress(stage=stage, done=1, shots=3, step=step, steps=4, shot=shot))
        estimates.append(job.seconds_left)
        clock[0] += 1.0
    # A second for half of one small shot; half of it and one four times as large are left after the two seconds.
    assert estimates[:2] == [None, None]
    assert estimates[2] == pytest.approx(1.0 * (0.5 + 4) / 0.5)


def test_what_a_killed_process_had_put_down_is_taken_in_by_the_next_session(tmp_path):
    frame = Frame(shots(1)[0], grey(shots(1)[0]), provenance=Provenance(engine="function"))
    catalogue = fk.Catalogue(tmp_path / "c")
    put = Spool(catalogue).put(frame)
    assert Spool(catalogue).recover() == 0, "this process still looks after it"
    gone = put.with_name(f"{2**22 + 1}-0.png")
    put.rename(gone)
    gone.with_name(f"{2**22 + 1}-1.part").write_bytes(b"half a pict")
    with fk.Session(tmp_path / "c", engine=FunctionEngine(grey)) as session:
        assert [kept.fingerprint for kept in session.catalogue.frames()] == [frame.fingerprint]
        assert session.shoot(shots(1))[0].id == frame.id
    assert not gone.parent.exists()


def test_a_disk_too_full_to_put_frames_down_keeps_them_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(Spool, "put", lambda self, frame: None)
    with fk.Session(tmp_path / "c", engine=FunctionEngine(grey)) as session:
        assert len(session.shoot(shots(3))) == 3
