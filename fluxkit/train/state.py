"""A training's state on the disk: whole or not at all, so that a killed one goes on where it was."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
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
    told = {"step": state.step, "salt": state.salt, "history": state.history, "numbers": numbers}
    data = encode({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, {"state": json.dumps(told)})
    write_atomic(path, data)


def load(path: Path, learned: dict[str, Any], optimiser: Any, average: dict[str, Any] | None) -> State | None:
    """Put what a file holds into the parameters and the optimiser; None where there is no file.

    Raises `InputError` where it is of another training.
    """
    if not path.is_file():
        return None
    import torch
    from safetensors import safe_open
    from safetensors.torch import load as decode

    try:
        tensors = decode(path.read_bytes())
        with safe_open(str(path), "pt") as opened:
            told = json.loads((opened.metadata() or {})["state"])
    except Exception as error:
        raise FrameError(
            f"The training's state {path.name!r} is damaged ({type(error).__name__}). Delete that file to begin anew; "
            f"the adapters of its checkpoints stay."
        ) from error
    names = {name.removeprefix("weight/") for name in tensors if name.startswith("weight/")}
    if names != set(learned):
        raise InputError(
            f"The training's state {path.name!r} belongs to another recipe or base: it has {len(names)} parameters, "
            f"this one {len(learned)}. Use another folder, or the recipe that it was begun with."
        )
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
    return State(step=told["step"], salt=told["salt"], history=told["history"])
