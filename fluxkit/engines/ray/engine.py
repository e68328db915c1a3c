"""`RayEngine`: the same shots on many GPUs and hosts, pulled by Ray actors."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from inspect import signature
from typing import Any

from fluxkit.engines.base import Engine, OnProgress, silent
from fluxkit.engines.local import LocalEngine
from fluxkit.engines.ray.crew import Crew
from fluxkit.engines.ray.run import Run
from fluxkit.errors import InputError, PlanError, did_you_mean, missing_extra
from fluxkit.frames.frame import Frame
from fluxkit.models import ModelSpec
from fluxkit.shots.shot import Shot


class RayEngine:
    """Runs open FLUX weights on every GPU of a Ray cluster, one actor a GPU, each with a `LocalEngine` of its own.

    `Session(engine=fk.RayEngine())` is the only change to a notebook. Actors pull shots, grouped by the weights that
    they need; a prompt is encoded once for all of them; frames arrive in the catalogue as they are made, with the
    pixels that a local run gives. An actor that dies is replaced and its shots are shot again.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        actors: int | None = None,
        gpus_per_actor: float = 1.0,
        parallel: int = 1,
        retries: int = 2,
        engine: Callable[[], Engine] | None = None,
        **options: Any,
    ) -> None:
        """`address` is "auto" for the cluster of this machine, `ray://host:10001` for one far away; None starts one.

        `actors` is how many; unset, one for each GPU of the cluster, or a single one where there is none.
        `gpus_per_actor` below 1 lets small models share a card. `parallel` above 1 makes each picture on that many GPUs
        of one machine, for models too large or too slow for one. A shot during which more than `retries` actors die is
        given up. `options` go to each actor's `LocalEngine`; `engine` makes another engine instead.

        Raises `InputError` for options that no engine takes.
        """
        _check(actors, gpus_per_actor, parallel, retries)
        _check_options(engine, options)
        self._address = address
        self._actors = actors
        self._gpus_per_actor = gpus_per_actor
        self._parallel = parallel
        self._retries = retries
        self._own = engine
        self._options = {"parallel": parallel, **options}
        self._make: Callable[[], Engine] = engine or partial(LocalEngine, **self._options)
        self._batch = int(options.get("batch", 1))
        self._started = False
        self._crew: Crew | None = None

    @property
    def name(self) -> str:
        """A short name; in provenance stands the engine of the actor that made the frame."""
        return "ray"

    def runs(self, spec: ModelSpec) -> bool:
        """What its actors' engines run."""
        return self._like.runs(spec)

    def shoot(self, shots: Sequence[Shot], progress: OnProgress = silent) -> Iterator[Frame]:
        """Each shot's frame as soon as it arrives, in any order.

        Raises `EngineError` with the shot where one fails on more than one actor, after the frames under way are in.
        """
        if not shots:
            return
        shared = hasattr(self._like, "encode")
        run = Run(self._mustered(), shots, progress, retries=self._retries, batch=self._batch, shared=shared)
        yield from run.frames()

    @property
    def ready(self) -> tuple[str, ...]:
        """The actors that are up, as `name on machine (device)`."""
        members = self._crew.ready if self._crew is not None else []
        return tuple(f"{m.name} on {m.hello.node} ({m.hello.device})" for m in members if m.hello is not None)

    def close(self) -> None:
        """Let the actors go, and the cluster where this engine started it."""
        if self._crew is not None:
            self._crew.disband()
            self._crew = None
        if self._started:
            import ray

            ray.shutdown()
            self._started = False

    @cached_property
    def _like(self) -> Engine:
        """An engine like the actors' own, in this process; it never loads weights."""
        return self._make()

    def _mustered(self) -> Crew:
        self._connect()
        if self._crew is None:
            self._crew = self._new_crew()
        self._crew.muster()
        return self._crew

    def _connect(self) -> None:
        try:
            import ray
        except ImportError:
            raise missing_extra("RayEngine", "ray") from None
        if ray.is_initialized():
            return
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
        if self._address is None and "RAY_ADDRESS" not in os.environ:
            # A cluster for this machine alone is not to be reached from others.
            quiet |= {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        try:
            ray.init(address=self._address, **quiet)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise PlanError(
                f"A Ray cluster was asked for at {self._address!r}, and none answers ({error}). 'auto' is for a "
                f"machine where `ray start` ran; `ray://host:10001` for another; leave it out to start one here."
            ) from error
        self._started = True

    def _new_crew(self) -> Crew:
        import ray

        total = ray.cluster_resources()
        gpus = total.get("GPU", 0.0)
        each = self._gpus_per_actor if gpus else 0.0
        size = self._actors or max(1, math.floor(gpus / (each * self._parallel)) if each else 1)
        if self._parallel > 1:
            _refuse_parallel(self._parallel, gpus, each)
        # Without GPUs an actor computes on the cores that it is given.
        cpus = 1.0 if gpus else max(1.0, math.floor(total.get("CPU", 1.0) / size))
        return Crew(self._maker(bool(gpus)), size=size, gpus=each, cpus=cpus, parallel=self._parallel)

    def _maker(self, gpus: bool) -> Callable[[], Engine]:
        """What makes an actor's engine: on a CPU with the driver's number of threads, for that decides last bits."""
        if self._own is not None or (gpus and self._options.get("device") != "cpu"):
            return self._make
        return partial(LocalEngine, **{"threads": _threads_here(), **self._options})

    def __repr__(self) -> str:
        return f"RayEngine(actors={self._actors}, gpus_per_actor={self._gpus_per_actor:g}, parallel={self._parallel})"


def _check(actors: int | None, gpus_per_actor: float, parallel: int, retries: int) -> None:
    if actors is not None and actors < 1:
        raise InputError(f"actors={actors} was asked for. One or more are allowed. Leave it out for one a GPU.")
    if not 0 < gpus_per_actor <= 1:
        raise InputError(
            f"gpus_per_actor={gpus_per_actor:g} was asked for. Above 0 and up to 1 is allowed: a share of a card. "
            f"For one picture on several GPUs use parallel=."
        )
    if parallel < 1 or retries < 0:
        raise InputError(
            f"parallel={parallel} and retries={retries} were asked for. parallel is 1 or more, retries 0 or more. "
            f"Correct them."
        )
    if parallel > 1 and gpus_per_actor != 1:
        raise InputError(
            f"parallel={parallel} with gpus_per_actor={gpus_per_actor:g} was asked for. A picture on several GPUs "
            f"takes whole ones. Leave gpus_per_actor out."
        )


def _check_options(engine: Callable[[], Engine] | None, options: dict[str, Any]) -> None:
    allowed = [] if engine is not None else [name for name in signature(LocalEngine).parameters if name != "parallel"]
    for name in options:
        if name not in allowed:
            taken = ", ".join(allowed) or "none, since `engine` makes the engines"
            raise InputError(
                f"The option {name!r} was given to RayEngine.{did_you_mean(name, allowed)} Options of the actors' "
                f"engines are: {taken}. Leave it out, or correct its name."
            )


def _threads_here() -> int | None:
    """How many threads torch takes in this process; None where it is not installed, as on a laptop that only drives."""
    try:
        import torch
    except ImportError:
        return None
    return int(torch.get_num_threads())


def _refuse_parallel(ways: int, gpus: float, each: float) -> None:
    if not each or gpus < ways:
        raise PlanError(
            f"parallel={ways} was asked for: each picture on {ways} GPUs of one machine. The cluster has {gpus:g}. Use "
            f"parallel=1, or a machine with {ways} GPUs."
        )
