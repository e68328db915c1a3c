"""One picture on several GPUs: diffusers' context parallel, in a process group of one process a GPU.

Each process holds the whole model and computes its share of the tokens; attention exchanges heads (Ulysses). Pays only
where a single picture is too slow or its activations too large for one GPU: for many pictures one whole model a GPU is
faster.
"""

from __future__ import annotations

import socket
from typing import Any

from fluxkit.errors import CapabilityError, PlanError

_MOVING = ("offload", "group")
"""Levers that move weights during a picture; diffusers' parallel hooks and theirs do not go together."""


def meeting_point() -> str:
    """Where the processes of one machine meet: a free port of its loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


def join(place: str, rank: int, ways: int) -> None:
    """Enter the process group of `ways` processes that meets at `place`; waits for all of them."""
    import torch
    from torch import distributed

    kind = "nccl" if torch.cuda.is_available() else "gloo"
    distributed.init_process_group(kind, init_method=place, rank=rank, world_size=ways)


def any_of(flag: bool) -> bool:
    """Whether the flag is set in any process of the group; every process has to ask at the same step."""
    import torch
    from torch import distributed

    told = torch.tensor([int(flag)], device="cuda" if torch.cuda.is_available() else "cpu")
    distributed.all_reduce(told, op=distributed.ReduceOp.MAX)
    return bool(told.item())


def split(transformer: Any, ways: int) -> None:
    """Let a transformer share its tokens with the other processes of the group.

    Raises `PlanError` where there is no such group, and `CapabilityError` for a model that diffusers cannot split.
    """
    from diffusers import ContextParallelConfig
    from torch import distributed

    if not distributed.is_available() or not distributed.is_initialized() or distributed.get_world_size() != ways:
        raise PlanError(
            f"parallel={ways} was asked for: each picture on {ways} GPUs. That takes {ways} processes that work "
            f"together, which RayEngine(parallel={ways}) starts. Use it, or leave parallel out."
        )
    heads = transformer.config.num_attention_heads
    if getattr(transformer, "_cp_plan", None) is None or heads % ways:
        raise CapabilityError(
            f"parallel={ways} was asked for with {type(transformer).__name__}, which has {heads} attention heads. "
            f"They have to divide evenly, and diffusers has to know how to split the model. Use parallel=1."
        )
    # The "anything" form takes any number of tokens, so that every size of picture works.
    transformer.enable_parallelism(config=ContextParallelConfig(ulysses_degree=ways, ulysses_anything=True))


def check(ways: int, lever: str) -> None:
    """Raise `CapabilityError` for a memory lever that a split model cannot have."""
    if ways > 1 and lever in _MOVING:
        raise CapabilityError(
            f"memory={lever!r} was chosen with parallel={ways}, but it moves weights while a picture is made, and a "
            f"split model's have to stay. Use memory='resident', 'table' or 'fp8', or larger GPUs."
        )
