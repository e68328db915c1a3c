"""Which maker runs which task of which family: the only place in fluxkit that knows vendors' names for parameters."""

from __future__ import annotations

from collections.abc import Callable

from fluxkit.engines.local.makers import Flux1Text, Maker
from fluxkit.engines.local.parts import Parts
from fluxkit.models import ModelSpec

_MAKERS: dict[tuple[str, str], Callable[[Parts], Maker]] = {("flux.1", "text"): Flux1Text}


def knows(spec: ModelSpec) -> bool:
    """Whether there is a maker for this family and task."""
    return (spec.family, spec.task) in _MAKERS


def maker(parts: Parts) -> Maker:
    """What makes pictures with a model's parts."""
    return _MAKERS[parts.spec.family, parts.spec.task](parts)
