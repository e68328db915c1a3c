"""`Crew`: the actors of an engine. It starts them, greets them when they are up, and replaces those that die."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fluxkit.engines.base import Engine
from fluxkit.engines.ray.actor import Actor, versions
from fluxkit.engines.ray.queue import Bundle
from fluxkit.engines.ray.wire import Hello
from fluxkit.errors import EngineError

AHEAD = 2
"""Orders that an actor may hold: one to shoot, and one so that it need not wait for the next."""


_ASIDE = ("look", "preview", "cancel")
"""Methods that are answered while an order is being shot."""


@dataclass(eq=False)
class Sent:
    """An order under way."""

    number: int
    bundle: Bundle
    member: Member


@dataclass(eq=False)
class Member:
    """One actor, or a team of actors that make each picture together; the first of a team answers for it."""

    name: str
    handles: list[Any]
    greeting: list[Any]
    group: Any = None
    """Ray's placement group, where the actors have to be on one machine."""
    hello: Hello | None = None
    orders: deque[Sent] = field(default_factory=deque)

    @property
    def ready(self) -> bool:
        """Whether it has said hello."""
        return self.hello is not None

    def call(self, method: str, *arguments: Any) -> list[Any]:
        """Call a method of every actor of the team; returns their object references, the answering one first."""
        aside = {"concurrency_group": "aside"} if method in _ASIDE else {}
        return [getattr(handle, method).options(**aside).remote(*arguments) for handle in self.handles]


class Crew:
    """As many members as were asked for, whatever happens to single ones."""

    def __init__(self, make: Callable[[], Engine], *, size: int, gpus: float, cpus: float, parallel: int = 1) -> None:
        self._make = make
        self._size = size
        self._resources = {"num_gpus": gpus, "num_cpus": cpus}
        self._parallel = parallel
        self._names = itertools.count(1)
        self._deaths_before_hello = 0
        self.members: list[Member] = []

    @property
    def ready(self) -> list[Member]:
        """Members that can work."""
        return [member for member in self.members if member.ready]

    def muster(self) -> None:
        """Start members until there are as many as asked for."""
        while len(self.members) < self._size:
            self.members.append(self._started())

    def greetings(self) -> list[Any]:
        """References that become ready when a new member is up."""
        return [reference for member in self.members if not member.ready for reference in member.greeting]

    def welcome(self) -> None:
        """Take in the members that are up.

        Raises `EngineError` where one has other versions than this process, or where they die before they are up.
        """
        import ray

        for member in [member for member in self.members if not member.ready]:
            up, _ = ray.wait(member.greeting, num_returns=len(member.greeting), timeout=0)
            if len(up) < len(member.greeting):
                continue
            try:
                hello = ray.get(member.greeting)[0]
            except ray.exceptions.RayError as error:
                self._mourn(member, error)
                continue
            try:
                refuse_other_versions(hello)
            except EngineError:
                self.dismiss(member)
                raise
            member.hello = hello
            self._deaths_before_hello = 0

    def dismiss(self, member: Member) -> None:
        """Kill a member and give its place back."""
        import ray

        if member in self.members:
            self.members.remove(member)
        for handle in member.handles:
            ray.kill(handle)
        if member.group is not None:
            ray.util.remove_placement_group(member.group)

    def disband(self) -> None:
        """Kill every member."""
        for member in list(self.members):
            self.dismiss(member)

    def _mourn(self, member: Member, error: Exception) -> None:
        self.dismiss(member)
        self._deaths_before_hello += 1
        if self._deaths_before_hello > self._size + 1:
            raise EngineError(
                f"Actors were started {self._deaths_before_hello} times, and each died before it was up. Every machine "
                f"needs fluxkit with its extra 'local', and what the engine's options ask for. The last one said: "
                f"{str(error).strip().splitlines()[-1]}"
            ) from error
        self.muster()

    def _started(self) -> Member:
        import ray

        kind = ray.remote(concurrency_groups={"aside": 2})(Actor)
        group = None if self._parallel == 1 else self._place_group()
        handles = []
        for place in range(self._parallel):
            options: dict[str, Any] = {**self._resources, "max_restarts": 0}
            if group is not None:
                strategy = ray.util.scheduling_strategies.PlacementGroupSchedulingStrategy
                options["scheduling_strategy"] = strategy(group, placement_group_bundle_index=place)
            handles.append(kind.options(**options).remote(self._make))
        return Member(f"actor {next(self._names)}", handles, _greet(handles), group)

    def _place_group(self) -> Any:
        import ray

        each = {"GPU": self._resources["num_gpus"], "CPU": self._resources["num_cpus"]}
        return ray.util.placement_group([{k: v for k, v in each.items() if v}] * self._parallel, "STRICT_PACK")


def refuse_other_versions(hello: Hello) -> None:
    """Raise `EngineError` with the differences where an actor's libraries are not this process's.

    A library that is not installed here is not compared: the driver may be a laptop without torch. Of Python the
    minor version counts.
    """
    here, there = versions(), dict(hello.versions)
    for found in (here, there):
        found["python"] = ".".join(found["python"].split(".")[:2])
    differ = [
        f"{name} {there.get(name, 'none')} there, {here[name]} here" for name in here if there.get(name) != here[name]
    ]
    if differ:
        raise EngineError(
            f"The actor on {hello.node!r} has other versions: {'; '.join(differ)}. The same shot would give "
            f"other pixels there. Install the same versions on every machine."
        )


def _greet(handles: list[Any]) -> list[Any]:
    """The references of the actors' hellos; a team first agrees on a process group."""
    if len(handles) == 1:
        return [handles[0].hello.remote()]
    meeting = handles[0].meeting_point.remote()
    for rank, handle in enumerate(handles):
        handle.join.remote(meeting, rank, len(handles))
    return [handle.hello.remote() for handle in handles]
