"""Two machines, one taken away in the middle; and a driver that is killed and starts again. Each in a fresh process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from fluxkit.catalogue import Catalogue

_COMMON = """
import os, sys, time
from PIL import Image
import ray
import fluxkit as fk
from fluxkit.shots import Shot

def picture(shot):
    time.sleep(0.1)
    return Image.new("RGB", (shot.width, shot.height), (shot.seed, 100, 50))

def make():
    return fk.FunctionEngine(picture)

plan = [Shot(model="flux.1-schnell", prompt="A cat.", width=256, height=256, steps=2, seed=n) for n in range(40)]
"""

_TWO_HOSTS = (
    _COMMON
    + """
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
other = cluster.add_node(num_cpus=1)
cluster.wait_for_nodes()
engine = fk.RayEngine(cluster.address, actors=2, engine=make)
with fk.Session(sys.argv[1], engine=engine) as session:
    job = session.submit(plan)
    while job.made < 10 or len(engine.ready) < 2:
        assert not job.done, job.status
        time.sleep(0.02)
    cluster.remove_node(other, allow_graceful=False)
    frames = job.result(timeout=120)
    print("frames", len(frames), "actors", len(engine.ready))
ray.shutdown()
cluster.shutdown()
"""
)

_DRIVER = (
    _COMMON
    + """
with fk.Session(sys.argv[1], engine=fk.RayEngine(actors=1, engine=make)) as session:
    job = session.submit(plan, on_progress=lambda job: print("made", job.made, flush=True))
    print("frames", len(job.result()), flush=True)
"""
)


def started(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "FLUXKIT_QUIET": "1"},
        start_new_session=True,
    )


def test_a_machine_that_goes_away_loses_nothing(tmp_path):
    told, errors = started(_TWO_HOSTS, str(tmp_path)).communicate(timeout=220)
    assert "frames 40" in told, errors[-3000:]
    with Catalogue(tmp_path) as kept:
        assert len({frame.shot.id for frame in kept.frames()}) == len(kept.frames()) == 40


def test_a_driver_that_is_killed_goes_on_where_it_was(tmp_path):
    first = started(_DRIVER, str(tmp_path))
    for line in first.stdout:
        if int(line.split()[-1]) >= 12:
            break
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    time.sleep(0.5)
    with Catalogue(tmp_path) as kept:
        before = {frame.id: frame.fingerprint for frame in kept.frames()}
    assert 12 <= len(before) < 40
    told, errors = started(_DRIVER, str(tmp_path)).communicate(timeout=200)
    assert "frames 40" in told, errors[-3000:]
    with Catalogue(tmp_path) as kept:
        after = {frame.id: frame.fingerprint for frame in kept.frames()}
        assert len(kept.frames()) == 40, "nothing was shot twice"
    assert before.items() <= after.items()
