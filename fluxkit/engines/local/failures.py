"""Failures of torch told as errors of fluxkit, with the shot that was under way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fluxkit.errors import EngineError, FluxkitError, OutOfMemoryError
from fluxkit.shots.shot import Shot


@contextmanager
def told(shot: Shot) -> Iterator[None]:
    """Run a piece of work; what fails in it is raised as an `EngineError` that carries the shot."""
    try:
        yield
    except EngineError as error:
        error.shot = error.shot or shot
        raise
    except FluxkitError:
        raise
    except (RuntimeError, MemoryError) as error:
        raise (_out_of_memory(shot) if _is_out_of_memory(error) else _failed(shot, error)) from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OSError) as error:
        raise _failed(shot, error) from error


def _is_out_of_memory(error: BaseException) -> bool:
    import torch

    # A CPU allocator has no exception type of its own; its message has been the same since torch 1.0.
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "not enough memory" in str(error)


def _out_of_memory(shot: Shot) -> OutOfMemoryError:
    return OutOfMemoryError(
        f"{shot.model} at {shot.width} x {shot.height} was asked for, and the device ran out of memory. What fits "
        f"depends on the card. Use a smaller size or model, or engine option memory='offload'.",
        shot=shot,
    )


def _failed(shot: Shot, error: BaseException) -> EngineError:
    return EngineError(
        f"{shot.model} was asked for a picture with seed {shot.seed}, and failed: {type(error).__name__}: {error}. "
        f"Weights in diffusers' layout for family {shot.spec.family} are allowed. Check that the weights are of that "
        f"model.",
        shot=shot,
    )
