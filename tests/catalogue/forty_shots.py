"""Shoots a forty-shot plan in children of its own, which a test kills. Run as a script: folder, file of calls.

Everything is imported once; for each line on standard input a child is forked, its process id printed, and, after it
ended, its exit status.
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


def main(folder, calls):
    plan(Session(folder))  # so that a child finds everything imported and rendered once
    for _line in sys.stdin:
        child = os.fork()
        if child == 0:
            shoot(folder, calls)
            os._exit(0)
        say(child)
        say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
