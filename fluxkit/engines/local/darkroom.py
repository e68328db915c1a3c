"""`Darkroom`: latents become pictures here while the next ones are exposed."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from fluxkit.engines.local.device import Device

T = TypeVar("T")
_AHEAD = 2
"""Pictures that may wait: their latents are small, but a picture under way takes gigabytes at large sizes."""


_SMALL = 512 * 512
"""Pixels up to which two pictures may be under way at once, where there is no card: a few hundred megabytes each."""


_WORTH = 128 * 128
"""Pixels below which, where torch uses one core, two threads cost more in taking turns at Python than a second core
gains."""


def is_free(device: Device, pixels: int) -> bool:
    """Whether something would stand idle otherwise: a card computes by itself, and one core of several mostly waits."""
    import torch

    if device.kind.startswith("cuda"):
        return True
    return (os.cpu_count() or 1) > 1 and (pixels >= _WORTH or torch.get_num_threads() > 1)


class Darkroom(Generic[T]):
    """Does pieces of work in their order, on a thread of its own where told so, else at once.

    On a card the work has a stream of its own, so that it runs beside the next steps and nothing waits for it.
    """

    def __init__(self, device: Device, *, beside: bool, pixels: int = 0) -> None:
        """`pixels` is the size of the largest picture."""
        self._device = device
        self._helped = not device.kind.startswith("cuda") and pixels <= _SMALL
        self._pool = ThreadPoolExecutor(1, "fluxkit-darkroom") if beside else None
        self._waiting: deque[Future[T]] = deque()
        self._stream: Any = None

    def give(self, work: Callable[[], T]) -> None:
        """Take a piece of work. Where too many are under way, the caller waits, or does it where a core is idle then.

        Pictures of few steps are denoised faster than developed.
        """
        under_way = [one for one in self._waiting if not one.done()]
        if self._pool is None or (self._helped and len(under_way) >= _AHEAD):
            self._waiting.append(_done(work))
            return
        if len(under_way) >= _AHEAD:
            under_way[-_AHEAD].exception()
        self._waiting.append(self._pool.submit(self._on_stream, work, self._mark()))

    def ready(self) -> Iterator[T]:
        """The results that are there, in their order; one that failed stays until `rest`."""
        while self._waiting and self._waiting[0].done() and self._waiting[0].exception() is None:
            yield self._waiting.popleft().result()

    def failed(self) -> bool:
        """Whether a result that is there is a failure: those behind it wait for `rest`."""
        return any(one.done() and one.exception() is not None for one in self._waiting)

    def rest(self) -> Iterator[Future[T]]:
        """Everything given, as it ended, once all of it has."""
        while self._waiting:
            self._waiting[0].exception()
            yield self._waiting.popleft()

    def close(self) -> None:
        """Wait for what is under way, and let the thread go."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _mark(self) -> Any:
        """The moment on the card after which the work may begin."""
        if not self._device.kind.startswith("cuda"):
            return None
        import torch

        if self._stream is None:
            self._stream = torch.cuda.Stream(self._device.kind)
        moment = torch.cuda.Event()
        moment.record(torch.cuda.current_stream(self._device.kind))
        return moment

    def _on_stream(self, work: Callable[[], T], moment: Any) -> T:
        if moment is None:
            return work()
        import torch

        with torch.cuda.stream(self._stream):
            self._stream.wait_event(moment)
            return work()


def _done(work: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)
    return future
