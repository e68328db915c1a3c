"""`Actor`: what runs in each Ray worker: an engine of its own, and answers to the driver."""

from __future__ import annotations

import io
import os
import platform
import socket
import threading
import time
from collections.abc import Callable, Hashable
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from fluxkit._base import __version__
from fluxkit.engines.base import Engine, Progress
from fluxkit.engines.local import parallel
from fluxkit.engines.ray.wire import Hello, Look, Made, Order, Reply, as_error, opened, unpack
from fluxkit.errors import Cancelled, EngineError
from fluxkit.frames.frame import Frame
from fluxkit.shots.inputs import add_source
from fluxkit.shots.shot import Shot

if TYPE_CHECKING:
    from PIL.Image import Image

LIBRARIES = ("torch", "diffusers", "transformers")
"""Packages whose version decides pixels."""

_PICTURES_KEPT = 64


def versions() -> dict[str, str]:
    """Python, fluxkit, and those libraries that are installed here."""
    found = {"python": platform.python_version(), "fluxkit": __version__}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


class Actor:
    """One engine in one process. Orders come one at a time; `look`, `preview` and `cancel` answer meanwhile."""

    def __init__(self, make: Callable[[], Engine]) -> None:
        # Actors on one machine share its cores: where torch is not loaded yet, its threads sleep while they wait.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        self._engine = make()
        self._look = Look()
        self._cancelled = 0
        self._order = 0
        self._wanted = threading.Event()
        self._preview: bytes = b""
        self._first_step: float | None = None
        self._ways, self._rank = 1, 0
        self._pictures: dict[str, Image] = {}
        add_source(self._pictures.get)

    def hello(self) -> Hello:
        """Who this is."""
        device = getattr(self._engine, "device", None)
        described = device.describe() if device is not None else ""
        return Hello(node=socket.gethostname(), device=described, versions=versions())

    def meeting_point(self) -> str:
        """Where the others of a team may meet this one."""
        return parallel.meeting_point()

    def join(self, place: str, rank: int, ways: int) -> None:
        """Become one of a team that makes each picture together; the first of it, rank 0, returns the frames."""
        parallel.join(place, rank, ways)
        self._ways, self._rank = ways, rank

    def encode(self, order: Order) -> dict[Hashable, Any]:
        """The embeddings of the texts of some shots, for every actor to use."""
        self._order = order.number
        try:
            self._fetch(order)
            embeds: dict[Hashable, Any] = self._engine.encode(unpack(order.shots), self._watch)  # type: ignore[attr-defined]
        except Exception:  # the order to shoot these texts, which comes next, meets the same and reports it
            return {}
        return embeds

    def shoot(self, order: Order, *embeds: dict[Hashable, Any]) -> Reply:
        """Make the frames of an order; a failure comes back with the frames that were made before it."""
        self._order = order.number
        if order.number <= self._cancelled:
            return Reply(failure=Cancelled("The job was cancelled."))
        shots = unpack(order.shots)
        try:
            self._fetch(order)
            for key, made in (item for lot in embeds for item in lot.items()):
                self._engine.embeds.put(key, made)  # type: ignore[attr-defined]
        except Exception as error:
            return Reply(failure=as_error(error, shots[0]), failed=shots[0].id)
        return self._made(shots)

    def look(self) -> Look:
        """Where the engine stands."""
        return self._look

    def preview(self, wait_s: float = 2.0) -> bytes:
        """A small picture of the frame in the making, as PNG bytes; empty where there is none in time."""
        self._preview = b""
        self._wanted.set()
        deadline = time.monotonic() + wait_s
        while not self._preview and time.monotonic() < deadline:
            time.sleep(0.02)
        self._wanted.clear()
        return self._preview

    def cancel(self, number: int) -> None:
        """Stop orders up to this one, the running one within one step."""
        self._cancelled = max(self._cancelled, number)

    def close(self) -> None:
        """Give back the engine's memory."""
        self._engine.close()

    def _made(self, shots: tuple[Shot, ...]) -> Reply:
        made: list[Made] = []
        began, self._first_step = time.perf_counter(), None
        failure: EngineError | None = None
        failed = ""
        try:
            for frame in self._engine.shoot(shots, self._watch):
                made += [_encoded(frame)] if self._rank == 0 else []
        except Cancelled as stopped:
            failure = Cancelled(str(stopped))
        except Exception as error:
            shot = getattr(error, "shot", None) or shots[min(len(made), len(shots) - 1)]
            failure, failed = as_error(error, shot), shot.id
        self._look = Look()
        now = time.perf_counter()
        first = self._first_step or now
        return Reply(tuple(made), failure, failed, first - began, (now - first) / max(1, len(made)))

    def _watch(self, progress: Progress) -> None:
        if self._first_step is None and progress.stage == "denoise":
            self._first_step = time.perf_counter()
        shot_id = progress.shot.id if progress.shot is not None else ""
        self._look = Look(progress.stage, progress.step, progress.steps, shot_id)
        if self._wanted.is_set() and progress.preview is not None:
            self._wanted.clear()
            buffer = io.BytesIO()
            progress.preview().save(buffer, "PNG")
            self._preview = buffer.getvalue()
        if self._is_cancelled(progress):
            raise Cancelled("The job was cancelled.", shot=progress.shot)

    def _is_cancelled(self, progress: Progress) -> bool:
        """Whether to stop; a team stops at the same step, since one that went on alone would wait for ever."""
        stop = self._order <= self._cancelled
        if self._ways == 1:
            return stop
        return progress.stage == "denoise" and parallel.any_of(stop)

    def _fetch(self, order: Order) -> None:
        """Make the input pictures of an order known to this process."""
        if not order.pictures:
            return
        import ray

        for content, reference in order.pictures.items():
            if content not in self._pictures:
                self._pictures[content] = opened(ray.get(reference))
        while len(self._pictures) > max(_PICTURES_KEPT, len(order.pictures)):
            self._pictures.pop(next(iter(self._pictures)))


def _encoded(frame: Frame) -> Made:
    extra = {**frame.provenance.extra, "node": socket.gethostname()}
    return Made(frame.shot.id, frame.png(), frame.provenance.with_(extra=extra), frame.receipt)
