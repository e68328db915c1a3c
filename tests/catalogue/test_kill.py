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


class Kennel:
    """A process that forks the children which are killed."""

    def __init__(self):
        root = str(Path(fk.__file__).parents[1])
        self._process = subprocess.Popen(
            [sys.executable, forty_shots.__file__],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": root},
        )  # fmt: skip

    def kill_one(self, folder, calls, moments):
        """Start a child and kill it at a random moment; whether it was still running."""
        child = int(self._say(f"{folder}\t{calls}"))
        wait_for(calls, size_of(calls) + moments.randrange(3))
        time.sleep(moments.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        return int(self._say("wait")) == -signal.SIGKILL

    def close(self):
        self._process.communicate()

    def _say(self, line):
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_sigkill_at_fifty_random_moments_loses_nothing_and_repeats_at_most_one_each(tmp_path):
    moments, kennel = random.Random(20261123), Kennel()
    killed = plans = 0
    while killed < KILLS:
        plans += 1
        folder, calls = tmp_path / f"shoot-{plans}", tmp_path / f"calls-{plans}"
        kept = here = 0
        while kept < forty_shots.SHOTS and killed + here < KILLS:
            here += kennel.kill_one(folder, calls, moments)
            now = is_sound(folder)
            assert now >= kept, "a frame was lost"
            kept = now
        finish(folder, calls, here)
        killed += here
    kennel.close()


def finish(folder, calls, kills):
    """The plan shot to its end has every frame, and no more calls than one for each and one for each kill."""
    forty_shots.shoot(folder, calls)
    assert is_sound(folder) == forty_shots.SHOTS
    before = size_of(calls)
    assert before <= forty_shots.SHOTS + kills
    frames = forty_shots.shoot(folder, calls)
    assert [frame.shot.seed for frame in frames] == list(range(forty_shots.SHOTS))
    assert size_of(calls) == before, "a frame that was kept was made again"
