"""The process is killed in the middle of a plan of twelve: after resume there are twelve pictures, twelve submits."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import fluxkit as fk
from fluxkit.engines.hosted import FakeHost, HostedEngine
from tests.hosted.kill_zygote import TRAINING, pictures, plan

MOMENTS = 20
TRAININGS = 8


@pytest.fixture(scope="module")
def zygote():
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.hosted.kill_zygote"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    yield process
    process.stdin.close()
    process.wait(10)


def start_and_kill(zygote, what, folder, fake, after_s):
    """Start it in a process of its own and kill that some time after its first request arrived, or earlier."""
    url = fake.url("bfl" if what == "shoot" else "replicate")
    zygote.stdin.write(json.dumps([what, str(folder), url, fake.key]) + "\n")
    zygote.stdin.flush()
    child = int(zygote.stdout.readline())
    if after_s > 0:
        deadline = time.monotonic() + 20
        while not fake.seen and time.monotonic() < deadline:
            time.sleep(0.002)
    time.sleep(abs(after_s))
    with contextlib.suppress(ProcessLookupError):  # a quick machine may have finished
        os.kill(child, signal.SIGKILL)
    assert zygote.stdout.readline() == "ended\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_plan_killed_at_a_random_moment_ends_with_every_picture_paid_once(zygote, tmp_path, moment):
    # A quarter of the kills come before the first request, the rest while twelve are sent, made, fetched and stored.
    after_s = random.Random(moment).uniform(-0.25, 0.75)
    with FakeHost(seconds=0.5) as fake:
        start_and_kill(zygote, "shoot", tmp_path, fake, after_s)
        with fk.Session(tmp_path, engine=HostedEngine(server=fake, budget_usd=5.0)) as session:
            resumed = session.resume()
            frames = session.shoot(plan())
            assert len({frame.id for frame in frames}) == len(frames) == 12
            assert fake.billed == fake.posts == 12, f"{len(resumed)} resumed"
            assert list((tmp_path / "hosted").glob("*")) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
@pytest.mark.parametrize("moment", range(TRAININGS))
def test_a_training_killed_at_a_random_moment_ends_with_its_lora_paid_once(zygote, tmp_path, moment):
    # From the first free request (the model of the account) over upload, submit and polls to the download.
    after_s = random.Random(100 + moment).uniform(-0.1, 0.6)
    with FakeHost(seconds=0.3) as fake:
        start_and_kill(zygote, "train", tmp_path, fake, after_s)
        engine = HostedEngine(tmp_path, server=fake, budget_usd=5.0)
        resumed = engine.resume_trainings()
        made = engine.train_lora(pictures(), **TRAINING)
        engine.close()
        assert resumed in ([], [made])
        assert engine.trainings() == [made]
        assert fake.billed == fake.posts == 1
        assert [path.name for path in made.file.parent.iterdir()] == [made.file.name]
