"""Renders the training pictures once, into a memory-mapped file that training reads at random.

Run as a program: `python -m fluxkit.nano.data --work nano-work --count 28000`. A stopped run goes on where it was.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fluxkit.nano.render import render
from fluxkit.nano.worlds import sample

SEED = 1
"""The stream of worlds that the shipped weights were trained on."""
BLOCK = 250
"""Pictures that are rendered and flushed together."""


def pictures(work: Path, count: int, size: int, *, write: bool = False) -> NDArray[np.uint8]:
    """The memory map (count, size, size, 3) of all training pictures; made sparse when it does not exist."""
    path = work / f"pictures-{count}x{size}.u8"
    if not path.exists():
        work.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(count * size * size * 3)
    return np.memmap(path, np.uint8, "r+" if write else "r", shape=(count, size, size, 3))


def render_all(work: Path, *, count: int, size: int, processes: int = 2) -> None:
    """Renders every block that has no mark yet."""
    pictures(work, count, size)
    marks = work / "rendered"
    marks.mkdir(exist_ok=True)
    jobs = [(work, count, size, start) for start in range(0, count, BLOCK) if not (marks / f"{size}-{start}").exists()]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for _ in pool.imap_unordered(_render_block, jobs):
            pass


def _render_block(job: tuple[Path, int, int, int]) -> None:
    work, count, size, start = job
    target = pictures(work, count, size, write=True)
    for index in range(start, min(start + BLOCK, count)):
        target[index] = render(sample(SEED, index), size)
    target.flush()  # type: ignore[attr-defined]
    (work / "rendered" / f"{size}-{start}").touch()


def main() -> None:
    """Renders from the command line."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--work", type=Path, default=Path("nano-work"))
    parser.add_argument("--count", type=int, default=28000)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    render_all(given.work, count=given.count, size=given.size, processes=given.processes)


if __name__ == "__main__":
    main()
