"""Where the pictures are computed, in which number format, and without chatter on the terminal."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from fluxkit.errors import InputError, missing_extra

DTYPES = ("auto", "bfloat16", "float16", "float32")


@dataclass(frozen=True)
class Device:
    """A torch device and the number format of the weights on it."""

    kind: str
    """`cuda`, `mps` or `cpu`, as torch writes it; `cuda:1` for the second card."""
    dtype: str

    @property
    def torch_dtype(self) -> Any:
        """The format as torch's own value."""
        import torch

        return getattr(torch, self.dtype)

    def describe(self) -> str:
        """What provenance says: the kind, and a card's name."""
        import torch

        return f"cuda:{torch.cuda.get_device_name(self.kind)}" if self.kind.startswith("cuda") else self.kind

    def threads(self) -> int | None:
        """How many threads an operation takes on a CPU; None on a card, where they decide no pixel."""
        import torch

        return torch.get_num_threads() if self.kind == "cpu" else None

    @contextmanager
    def computing_with(self, threads: int | None) -> Iterator[None]:
        """Take so many threads on a CPU, and afterwards as many as before; None leaves torch's own number."""
        import torch

        if threads is None or self.kind != "cpu":
            yield
            return
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def choose(device: str = "auto", dtype: str = "auto") -> Device:
    """The device asked for, or the best at hand (cuda, mps, cpu); bfloat16 on an accelerator, float32 on a CPU.

    Raises `InputError` for a device that this machine has not, and for an unknown format.
    """
    torch = require_torch()
    if dtype not in DTYPES:
        raise InputError(f"A dtype of {dtype!r} was asked for. It is one of: {', '.join(DTYPES)}. Choose one of them.")
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    kind = next(name for name, present in there.items() if present) if device == "auto" else device
    if not there.get(kind.partition(":")[0], False):
        usable = ", ".join(name for name, present in there.items() if present)
        raise InputError(
            f"The device {device!r} was asked for. This machine has: {usable}. Use one of them, or 'auto'."
        )
    if dtype == "auto":
        dtype = "float32" if kind == "cpu" else "bfloat16"
    return Device(kind, dtype)


def require_torch() -> Any:
    """The torch module; raises `MissingExtraError` where the packages of the `local` extra are absent."""
    try:
        import diffusers  # noqa: F401
        import torch
        import transformers  # noqa: F401
    except ImportError as error:
        raise missing_extra("Running a model on this machine", "local") from error
    return torch


@contextmanager
def quiet() -> Iterator[None]:
    """Keep diffusers and transformers from writing to the terminal: what matters reaches the user as an error of ours.

    Set FLUXKIT_VERBOSE=1 to hear them.
    """
    if os.environ.get("FLUXKIT_VERBOSE") == "1":
        yield
        return
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    switches = [
        (logs, logs.get_verbosity(), logs.is_progress_bar_enabled())
        for logs in (diffusers_logging, transformers_logging)
    ]
    for logs, _level, bars in switches:
        logs.set_verbosity(logging.CRITICAL)
        if bars:
            _bars(logs, shown=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logs, level, bars in switches:
            logs.set_verbosity(level)
            if bars:
                _bars(logs, shown=True)


def _bars(logs: Any, *, shown: bool) -> None:
    # transformers' switch is also that of huggingface_hub, whose download bars are the one thing worth seeing.
    hub: Any = import_module("huggingface_hub.utils")

    downloads_shown = not hub.are_progress_bars_disabled() and os.environ.get("FLUXKIT_QUIET") != "1"
    (logs.enable_progress_bar if shown else logs.disable_progress_bar)()
    if downloads_shown:
        hub.enable_progress_bars()
