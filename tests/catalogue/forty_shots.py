"""Shoots a forty-shot plan in children of its own, which a test kills. Run as a script.

Everything is imported once. A line on standard input names a catalogue and a file of calls: a child is forked and its
process id printed. After one more line the child's exit status is printed.
"""

from __future__ import annotations

import os
import sys

import numpy as np
from PIL import Image

import fluxkit as fk
from fluxkit.session import Session

SHOTS = 40


def plan(session):
    sweep = fk.Sweep(fk.Scene(subject=fk.Subject(description="a hare")), model="flux.1-schnell", size=(256, 256))
    return session.plan(sweep.over(seed=range(SHOTS)))


def shoot(folder, calls):
    """Shoot what is missing, noting down each model call where a kill cannot undo it."""

    def picture(shot):
        handle = os.open(calls, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, b".")
        os.close(handle)
        noise = np.random.default_rng(shot.seed).integers(0, 256, (shot.height, shot.width, 3), np.uint8)
        return Image.fromarray(noise)

    with Session(folder, engine=fk.FunctionEngine(picture)) as session:
        return session.shoot(plan(session))


def say(number):
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def main():
    plan(Session("warm-up"))  # so that a child finds everything imported and rendered once; creates nothing
    while line := sys.stdin.readline():
        child = os.fork()
        if child == 0:
            shoot(*line.rstrip("\n").split("\t"))
            os._exit(0)
        say(child)
        sys.stdin.readline()  # the child is not waited for before the test has killed it, so its id stays its own
        say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main()
