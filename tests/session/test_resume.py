"""Fetching what was paid for happens on the session's thread, beside nothing else that uses the engine."""

from __future__ import annotations

import threading

import pytest
from PIL import Image

import fluxkit as fk
from fluxkit.engines import FunctionEngine, Progress
from fluxkit.errors import Cancelled
from fluxkit.frames import Frame, Provenance
from fluxkit.shots import Shot

SHOT = Shot(model="flux-pro-1.1", prompt="a pear", width=256, height=256)


class Paid(FunctionEngine):
    """Has one picture waiting; says which thread fetched it."""

    def __init__(self):
        super().__init__(lambda shot: Image.new("RGB", (shot.width, shot.height)))
        self.threads = []

    def keep_in(self, folder):
        pass

    def budget(self, usd):
        pass

    def check(self, shots):
        pass

    def resume(self, progress):
        self.threads.append(threading.current_thread().name)
        progress(Progress(stage="wait", done=0, shots=1))
        yield Frame(SHOT, Image.new("RGB", (256, 256), "teal"), provenance=Provenance(engine="hosted"))


def test_pictures_are_fetched_on_the_sessions_thread(tmp_path):
    engine = Paid()
    with fk.Session(tmp_path, engine=engine) as session:
        frames = session.resume()
        assert [frame.id for frame in frames] == [frame.id for frame in session.catalogue.frames()]
        session.resume()
    assert engine.threads == ["fluxkit-session"] * 2


def test_fetching_can_be_stopped(tmp_path, monkeypatch):
    from fluxkit.session import session as sessions

    class Stopped(sessions.Job):
        def report(self, progress):
            self.cancel()
            super().report(progress)

    monkeypatch.setattr(sessions, "Job", Stopped)
    with fk.Session(tmp_path, engine=Paid()) as session, pytest.raises(Cancelled):
        session.resume()
