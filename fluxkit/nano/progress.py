"""What every stage shares: a log with the expected end, and checkpoints written whole or not at all."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch


class Log:
    """Prints a line and appends it to `train.log` in the work folder."""

    def __init__(self, work: Path) -> None:
        self.path = work / "train.log"
        work.mkdir(parents=True, exist_ok=True)

    def __call__(self, text: str) -> None:
        """Writes one line with the time of day."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%H:%M:%S')} {text}\n")


class Pace:
    """Steps and seconds so far in this run, and when it should end."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last, self.began = first, last, time.monotonic()

    def eta(self, step: int) -> str:
        """The time of day at which the last step is expected."""
        each = (time.monotonic() - self.began) / max(step - self.first, 1)
        return time.strftime("%H:%M", time.localtime(time.time() + each * (self.last - step)))


def save(path: Path, state: dict[str, Any]) -> None:
    """Writes a checkpoint beside its place and moves it there, so that a stop never leaves half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save({**state, "torch_rng": torch.get_rng_state()}, part)
    part.replace(path)


def load(path: Path) -> dict[str, Any] | None:
    """The checkpoint at `path`, with torch's random stream put back to where it was; None when there is none."""
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, weights_only=True)
    torch.set_rng_state(state["torch_rng"])
    return state


def cosine(step: int, steps: int, *, warm: int = 100, floor: float = 0.03) -> float:
    """Learning-rate factor: a short rise, then half a cosine down to `floor`."""
    rise = min(1.0, (step + 1) / min(warm, steps // 10 + 1))
    return rise * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(step / steps, 1.0))))


def set_rate(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Sets every group's learning rate to its `peak` times `factor`."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor


Report = Callable[[str], None]
