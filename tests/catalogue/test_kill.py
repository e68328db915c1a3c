"""A kernel killed at any moment loses no frame and repeats at most the one it was at."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import fluxkit as fk
from fluxkit.catalogue import Catalogue
from fluxkit.frames import Frame
from tests.catalogue import forty_shots

KILLS = 50


def is_sound(folder):
    """How many frames there are; every one has its whole file, and nothing unfinished counts as a picture."""
    with Catalogue(folder) as catalogue:
        frames, files = catalogue.frames(), list(catalogue.store.files())
        assert all(catalogue.store.is_whole(file) for file in files)
        assert len({frame.id for frame in frames}) == len(frames) == len(files)
        assert all(Frame.open(catalogue.store.path(file)).image.size == (256, 256) for file in files[-2:])
        return len(frames)


def size_of(calls):
    """How many model calls were made."""
    return calls.stat().st_size if calls.exists() else 0


def wait_for(calls, count):
    """Until so many calls were made, or half a second went by: the plan may be done."""
    end = time.monotonic() + 0.5
    while size_of(calls) < count and time.monotonic() < end:
        time.sleep(0.0005)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_sigkill_at_fifty_random_moments_loses_nothing_and_repeats_at_most_one_each(tmp_path):
    folder, calls = tmp_path / "shoot", tmp_path / "calls"
    root = str(Path(fk.__file__).parents[1])
    kennel = subprocess.Popen(
        [sys.executable, forty_shots.__file__, str(folder), str(calls)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    moments = random.Random(20261123)
    kept = killed = 0
    for _ in range(KILLS):
        kennel.stdin.write("go\n")
        kennel.stdin.flush()
        child = int(kennel.stdout.readline())
        wait_for(calls, size_of(calls) + moments.randrange(3))
        time.sleep(moments.uniform(0, 0.04))
        os.kill(child, signal.SIGKILL)
        killed += int(kennel.stdout.readline()) == -signal.SIGKILL
        now = is_sound(folder)
        assert now >= kept, "a frame was lost"
        kept = now
    kennel.communicate()
    assert killed >= 10, "the kills came too late to mean anything"
    assert kept >= 10, "the kills came too early to mean anything"
    forty_shots.shoot(folder, calls)
    assert is_sound(folder) == forty_shots.SHOTS
    before = size_of(calls)
    assert before <= forty_shots.SHOTS + killed
    frames = forty_shots.shoot(folder, calls)
    assert [frame.shot.seed for frame in frames] == list(range(forty_shots.SHOTS))
    assert size_of(calls) == before, "a frame that was kept was made again"
