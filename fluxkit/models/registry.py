"""Which models there are: the built-in tables, what entry points add, and what a notebook registers."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.metadata import entry_points

from fluxkit.errors import InputError, UnknownModelError, did_you_mean
from fluxkit.models import flux1, flux2, flux3, hosted, nano
from fluxkit.models.spec import ModelSpec, check_id

_BUILT_IN = (*nano.NANOS, *flux1.FLUX_1, *flux2.FLUX_2, *flux3.FLUX_3, *hosted.HOSTED)
_registered: dict[str, ModelSpec] = {}


def get(model: str | ModelSpec) -> ModelSpec:
    """The spec of a model id; a spec comes back as it is.

    Raises `UnknownModelError`, with the closest id, for a name that no table knows.

    >>> get("flux.1-dev").steps.default
    28
    """
    if isinstance(model, ModelSpec):
        return model
    found = _all().get(str(model))
    if found is None:
        raise UnknownModelError(
            f"A model {model!r} was asked for, and no table knows it.{did_you_mean(str(model), _all())} "
            f"Models are: {', '.join(ids())}. For your own weights use "
            f"fluxkit.models.get('flux.1-dev').with_(weights='folder or hub id')."
        )
    return found


def base_of(spec: ModelSpec) -> ModelSpec | None:
    """The model whose other parts a spec runs with, from its own `base_weights` where it names some.

    >>> base_of(get("flux.1-redux-dev")).id
    'flux.1-dev'
    """
    if spec.base is None:
        return None
    base = get(spec.base)
    return base.with_(weights=spec.base_weights) if spec.base_weights else base


def ids() -> tuple[str, ...]:
    """Every known model id, in table order."""
    return tuple(_all())


def is_built_in(model_id: str) -> bool:
    """Whether a model is one of fluxkit's own tables."""
    return model_id in {built.id for built in _BUILT_IN}


def register(spec: ModelSpec) -> ModelSpec:
    """Make a spec known by its id for this process; refuses an id that a built-in model has."""
    if is_built_in(check_id(spec.id)):
        raise InputError(f"A model {spec.id!r} was registered, but that id is built in. Choose another id.")
    _registered[spec.id] = spec
    return spec


def table(models: Iterable[str | ModelSpec] | None = None) -> ModelTable:
    """Every model (or those named) with what it takes: text in a terminal, a table in a notebook."""
    return ModelTable([get(model) for model in (models if models is not None else ids())])


class ModelTable(Sequence[ModelSpec]):
    """Rows of models that show as a table."""

    def __init__(self, specs: list[ModelSpec]) -> None:
        self._specs = tuple(specs)

    def __len__(self) -> int:
        return len(self._specs)

    def __getitem__(self, index: int) -> ModelSpec:  # type: ignore[override]
        return self._specs[index]

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(self._specs)

    def __repr__(self) -> str:
        rows = [spec.describe() for spec in self._specs]
        if not rows:
            return "(no models)"
        widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in rows[0]}
        lines = ["  ".join(name.ljust(width) for name, width in widths.items())]
        lines += ["  ".join(row[name].ljust(width) for name, width in widths.items()) for row in rows]
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        rows = [spec.describe() for spec in self._specs]
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in (rows[0] if rows else {}))
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row.values()) + "</tr>" for row in rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _all() -> dict[str, ModelSpec]:
    return {spec.id: spec for spec in (*_BUILT_IN, *_from_entry_points(), *_registered.values())}


@cache
def _from_entry_points() -> tuple[ModelSpec, ...]:
    """Specs of installed packages: each entry point in `fluxkit.models` is a spec or an iterable of them."""
    found: list[ModelSpec] = []
    for point in entry_points(group="fluxkit.models"):
        loaded = point.load()
        found += [loaded] if isinstance(loaded, ModelSpec) else list(loaded)
    return tuple(found)
