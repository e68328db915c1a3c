"""Imports everything once, then forks a process for each plan or training that the kill tests want made.

Reads lines of JSON (what, catalogue folder, address of the fake host, its key); answers each with the number of the new
process, and with `ended` when that is gone.
"""

from __future__ import annotations

import json
import os
import sys

import PIL.Image
import PIL.PngImagePlugin  # imported before the first fork

import fluxkit as fk
from fluxkit.engines.hosted import FakeHost, HostedEngine
from fluxkit.shots.shot import Shot

assert PIL.PngImagePlugin
PACE = FakeHost().pace


def plan():
    return [Shot(model="flux-pro-1.1", prompt="A pear.", seed=seed, width=256, height=256) for seed in range(12)]


def shoot(folder, url, key):
    """Shoot the plan of twelve into the catalogue of a folder."""
    engine = HostedEngine(budget_usd=5.0, server={"bfl": url}, keys={"bfl": key}, pace=PACE)
    with fk.Session(folder, engine=engine) as session:
        session.shoot(plan())


TRAINING = {"trigger": "MAREIKE", "trainer": "ostris/flux-dev-lora-trainer", "destination": "me/mareike"}


def pictures():
    return [PIL.Image.new("RGB", (256, 256), (40 * number, 90, 90)) for number in range(4)]


def train(folder, url, key):
    """Train a LoRA into the catalogue of a folder."""
    engine = HostedEngine(folder, budget_usd=5.0, server={"replicate": url}, keys={"replicate": key}, pace=PACE)
    engine.train_lora(pictures(), **TRAINING)
    engine.close()


def say(what):
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    assert fk.Session  # names load when they are first used; this one before the first fork
    say("ready")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.environ["FLUXKIT_HOSTED"] = "1"  # the host is a fake one in the test's process
            what, *where = json.loads(line)
            {"shoot": shoot, "train": train}[what](*where)
            os._exit(0)
        say(child)
        os.waitpid(child, 0)
        say("ended")
