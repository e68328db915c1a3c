"""The line that a blocking call rewrites: it tells, and when the call is over it is gone."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from fluxkit.engines.base import Progress
from fluxkit.session.job import Job
from fluxkit.session.progress_line import ProgressLine
from fluxkit.shots import Shot, make_plan


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def screen(monkeypatch):
    monkeypatch.setattr("fluxkit.session.progress_line._EVERY_SECONDS", 0)
    monkeypatch.delenv("FLUXKIT_QUIET", raising=False)
    shown = Screen()
    monkeypatch.setattr("fluxkit.session.progress_line.sys", SimpleNamespace(stderr=shown, modules={}))
    return shown


@pytest.fixture
def job():
    return Job(
        make_plan([Shot(model="nano", prompt="a pear", seed=seed, width=128, height=128) for seed in range(2)]),
        lambda _job: None,
    )


def test_it_tells_the_stage_and_the_step(screen, job):
    with ProgressLine() as line:
        job.watch(line.show)
        job.report(Progress(stage="denoise", done=1, shots=2, step=3, steps=28))
    assert "1 of 2 frames (denoise, step 3 of 28" in screen.getvalue()


def test_what_is_told_after_it_was_cleared_is_not_written(screen, job):
    """The worker tells of the end of a job after who waits for it was woken, and so maybe after the line is gone."""
    with ProgressLine() as line:
        job.watch(line.show)
        job.report(Progress(stage="denoise", done=1, shots=2, step=3, steps=28))
    cleared = screen.getvalue()
    assert cleared.endswith("\r")
    job.run()
    assert screen.getvalue() == cleared


def test_it_is_silent_where_it_is_asked_to_be(screen, job, monkeypatch):
    monkeypatch.setenv("FLUXKIT_QUIET", "1")
    with ProgressLine() as line:
        job.watch(line.show)
        job.report(Progress(stage="load", done=0, shots=2))
    assert screen.getvalue() == ""
