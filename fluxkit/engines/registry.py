"""Which engines there are, and which of them runs a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from inspect import signature
from typing import Any

from fluxkit.engines.base import Engine
from fluxkit.errors import CapabilityError, InputError, did_you_mean
from fluxkit.models import ModelSpec

Maker = Callable[..., Engine]
"""A class or function that makes an engine; keyword arguments are the engine's own."""

_makers: dict[str, Maker | str] = {}


def register(name: str, maker: Maker | str) -> None:
    """Make an engine known by a name: its class, or where to import it from (`package.module:Class`).

    A name that is taken is refused, so that a package cannot silently replace the engine a notebook relies on.
    """
    if _makers.get(name, maker) != maker:
        raise InputError(f"An engine was registered as {name!r}, but that name is taken. Choose another name.")
    _makers[name] = maker


def names() -> tuple[str, ...]:
    """The names of every engine: built-in ones first."""
    _load_entry_points()
    return tuple(_makers)


def create(name: str, **options: Any) -> Engine:
    """A new engine by name; `options` go to its constructor.

    >>> create("local", device="cpu").name
    'local'
    """
    return _maker(name)(**options)


def for_model(spec: ModelSpec, made: Iterable[Engine] = (), **options: Any) -> Engine:
    """The engine that runs a model: one already `made`, or else a new one, given those `options` that it takes.

    Raises `CapabilityError` where no installed engine runs it.
    """
    for engine in made:
        if engine.runs(spec):
            return engine
    for name in names():
        maker = _maker(name)
        takes = signature(maker).parameters
        engine = maker(**{option: value for option, value in options.items() if option in takes})
        if engine.runs(spec):
            return engine
    raise CapabilityError(
        f"{spec.id} was asked for ({spec.where}), but no engine runs it; there are: {', '.join(names())}. "
        f"Choose another model, or install a package that brings an engine for it."
    )


def _maker(name: str) -> Maker:
    _load_entry_points()
    if name not in _makers:
        raise InputError(
            f"An engine {name!r} was asked for, but there is none.{did_you_mean(name, _makers)} "
            f"Engines are: {', '.join(_makers)}."
        )
    maker = _makers[name]
    return _imported(maker) if isinstance(maker, str) else maker


def _imported(where: str) -> Maker:
    module, _, attribute = where.partition(":")
    maker: Maker = getattr(import_module(module), attribute)
    return maker


@cache
def _load_entry_points() -> None:
    """The built-in engines and those of installed packages, entered once."""
    register("local", "fluxkit.engines.local:LocalEngine")
    register("hosted", "fluxkit.engines.hosted:HostedEngine")
    for point in entry_points(group="fluxkit.engines"):
        if point.name not in _makers:
            register(point.name, point.value)
