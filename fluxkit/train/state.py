"""A training's state on the disk: whole or not at all, so that a killed one goes on where it was."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fluxkit.errors import FrameError, InputError
from fluxkit.frames.atomic import write_atomic


@dataclass
class State:
    """Where a training stands, beside its tensors."""

    step: int = 0
    salt: int = 0
    """Counts rollbacks: the steps after one draw other examples than those that failed."""
    history: list[dict[str, float]] = field(default_factory=list)
    """One entry a checkpoint: step, loss, and the loss of the pictures held out."""
    asked: dict[str, Any] | None = None
    """What it is learned from and how, see `fluxkit.train.asked`; None where an earlier fluxkit wrote the state."""


def save(path: Path, state: State, learned: dict[str, Any], optimiser: Any, average: dict[str, Any] | None) -> None:
    """Write everything that the next step depends on as one safetensors file."""
    from safetensors.torch import save as encode

    tensors = {f"weight/{name}": weight.detach() for name, weight in learned.items()}
    tensors |= {f"average/{name}": weight for name, weight in (average or {}).items()}
    numbers: dict[str, float] = {}
    for index, kept in optimiser.state_dict()["state"].items():
        for name, value in kept.items():
            if hasattr(value, "numel"):
                tensors[f"optimiser/{index}/{name}"] = value
            else:
                numbers[f"{index}/{name}"] = value
    told = {**asdict(state), "numbers": numbers}
    data = encode({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, {"state": json.dumps(told)})
    write_atomic(path, data)


def read(path: Path) -> State | None:
    """Where a training stands, without its tensors; None where there is no file.

    Raises `FrameError` for a damaged one.
    """
    told = _told(path) if path.is_file() else None
    return None if told is None else _state(told)


def load(path: Path, learned: dict[str, Any], optimiser: Any, average: dict[str, Any] | None) -> State | None:
    """Put what a file holds into the parameters and the optimiser; None where there is no file.

    Raises `InputError` where it does not fit them, before anything is changed.
    """
    if not path.is_file():
        return None
    import torch
    from safetensors.torch import load as decode

    told = _told(path)
    try:
        tensors = decode(path.read_bytes())
    except Exception as error:
        raise _damaged(path, error) from error
    _refuse_unfit(path, tensors, learned, average)
    with torch.no_grad():
        for name, weight in learned.items():
            weight.copy_(tensors[f"weight/{name}"])
            if average is not None:
                average[name].copy_(tensors[f"average/{name}"])
    kept: dict[int, dict[str, Any]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimiser/"):
            _, index, key = name.split("/")
            kept.setdefault(int(index), {})[key] = tensor
    for name, number in told["numbers"].items():
        index, _, key = name.partition("/")
        kept.setdefault(int(index), {})[key] = number
    optimiser.load_state_dict({**optimiser.state_dict(), "state": kept})
    return _state(told)


def _told(path: Path) -> dict[str, Any]:
    from safetensors import safe_open

    try:
        with safe_open(str(path), "np") as opened:
            found: dict[str, Any] = json.loads((opened.metadata() or {})["state"])
            return found
    except Exception as error:
        raise _damaged(path, error) from error


def _state(told: dict[str, Any]) -> State:
    return State(step=told["step"], salt=told["salt"], history=told["history"], asked=told.get("asked"))


def _refuse_unfit(path: Path, tensors: dict[str, Any], learned: dict[str, Any], average: dict[str, Any] | None) -> None:
    held = {name: tuple(tensor.shape) for name, tensor in tensors.items() if not name.startswith("optimiser/")}
    wanted = {f"weight/{name}": tuple(weight.shape) for name, weight in learned.items()}
    wanted |= {f"average/{name}": tuple(weight.shape) for name, weight in (average or {}).items()}
    unlike = sorted(name for name, _ in held.items() ^ wanted.items())
    if unlike:
        raise InputError(
            f"An adapter of {len(wanted)} tensors was to go on from the training's state {path.name!r}, which has "
            f"{len(held)}, and others: they differ in name or shape, such as {unlike[0]!r}. A state of the same rank, "
            f"targets, average and base is needed. Ask for what it was begun with, or give another folder."
        )


def _damaged(path: Path, error: Exception) -> FrameError:
    return FrameError(
        f"The training's state {path.name!r} is damaged ({type(error).__name__}). Delete that file to begin anew; "
        f"the adapters of its checkpoints stay."
    )
