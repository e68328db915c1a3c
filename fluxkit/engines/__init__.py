"""How pictures are made: engines, found by name or by the model that they run.

An engine is a class, or any callable, that makes an `Engine`. Built-in engines and those of installed packages (entry
points in the group `fluxkit.engines`) enter through the same `register`. Nothing here loads torch or the network.
"""

from __future__ import annotations

from fluxkit.engines.base import Engine, OnProgress, Progress, Stage, silent
from fluxkit.engines.function import FunctionEngine
from fluxkit.engines.registry import create, for_model, names, register

__all__ = [
    "Engine",
    "FunctionEngine",
    "OnProgress",
    "Progress",
    "Stage",
    "create",
    "for_model",
    "names",
    "register",
    "silent",
]
