"""`Noun`: the base of everything that a scene is made of; `Words`: the type of a user's own words."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin

from pydantic import BeforeValidator, ConfigDict, StringConstraints, model_validator

from fluxkit._base import Record, record_type

_KEPT = "_hash_once"
_Made = TypeVar("_Made")
_HIDDEN = re.compile(r"^(model_|_|from_orm|parse_|construct|copy$|dict$|json$|schema|update_forward|validate$)")


def _plain(value: Any) -> Any:
    """One line of words without the punctuation at its end, which the template sets."""
    return " ".join(value.split()).strip(" ,;").rstrip(" .:,;") if isinstance(value, str) else value


Words = Annotated[str, BeforeValidator(_plain), StringConstraints(min_length=1)]
"""Words of the user: white space is folded; commas and full stops at the ends are dropped (templates set them)."""


class Noun(Record):
    """A part of a scene: a `Record` whose hash is computed once, and which completes its fields in a notebook."""

    model_config = ConfigDict(allow_inf_nan=False)  # JSON has neither

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Give `with_` a signature that names the fields, so that a notebook completes them."""
        super().__pydantic_init_subclass__(**kwargs)
        cls.with_ = _with_signature(cls)  # type: ignore[method-assign]

    @model_validator(mode="before")
    @classmethod
    def _fold_spelling(cls, data: Any) -> Any:
        """Accept "Golden_hour" for "golden hour": named choices ignore case, hyphens and underscores."""
        spellings = _spellings(cls)
        if not spellings or not isinstance(data, dict):
            return data
        return {name: _fold(value, spellings.get(name)) for name, value in data.items()}

    def __hash__(self) -> int:
        """The hash of the fields, computed once (renderers memoise on it)."""
        known = self.__dict__.get(_KEPT)
        if known is None:
            known = hash((type(self), *(self.__dict__[name] for name in type(self).model_fields)))
            self.__dict__[_KEPT] = known
        return int(known)

    def once(self, name: str, make: Callable[[Any], _Made]) -> _Made:
        """What `make` gives for this value, made once and kept beside its fields; `name` tells such values apart."""
        kept = self.__dict__.get(f"_{name}_once", _KEPT)
        if kept is _KEPT:
            kept = self.__dict__[f"_{name}_once"] = make(self)
        return cast(_Made, kept)

    def __getstate__(self) -> dict[Any, Any]:
        # Hashes of strings differ between processes: what is kept beside the fields must not travel in a pickle.
        state = dict(super().__getstate__())
        state["__dict__"] = {
            name: value for name, value in state["__dict__"].items() if name in type(self).model_fields
        }
        return state

    def __getitem__(self, path: str) -> Any:
        """The value at a dotted path, as `get` gives it: `scene["lighting.key.direction"]`."""
        return self.get(path)

    def _ipython_key_completions_(self) -> list[str]:
        return list(type(self).paths())

    def __dir__(self) -> list[str]:
        """Fields and fluxkit's own methods, without Pydantic's machinery."""
        return sorted(name for name in set(super().__dir__()) if not _HIDDEN.match(name))

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text in free words with its dotted path; named choices are left out.

        >>> from fluxkit.scene import Subject
        >>> list(Subject(description="a vase", position="left third").texts())
        [('description', 'a vase'), ('position', 'left third')]
        """
        return _texts(self, "")

    @classmethod
    def paths(cls) -> tuple[str, ...]:
        """Every dotted path that `with_`, `get` and a sweep's axis take; the first of several parts is numbered 0.

        >>> from fluxkit.scene import Lens
        >>> Lens.paths()[:2]
        ('focal_length_mm', 'f_number')
        """
        return _paths(cls)


@cache
def _paths(cls: type[Record]) -> tuple[str, ...]:
    return tuple(_walk(cls, ""))


def _walk(cls: type[Record], prefix: str) -> Iterator[str]:
    for name, field in cls.model_fields.items():
        yield f"{prefix}{name}"
        part = record_type(field.annotation)
        if part is not None:
            yield from _walk(part, f"{prefix}{name}.")
        item = _item_type(field.annotation)
        if item is not None:
            yield from _walk(item, f"{prefix}{name}.0.")


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            yield from _texts(item, f"{path}.{i}")
    elif isinstance(value, Record):
        dot = f"{path}." if path else ""
        for name in _free_fields(type(value)):
            yield from _texts(getattr(value, name), f"{dot}{name}")


@cache
def _free_fields(cls: type[Record]) -> tuple[str, ...]:
    """The fields of a class that are no named choice."""
    return tuple(name for name, field in cls.model_fields.items() if not choices(field.annotation))


def _item_type(annotation: Any) -> type[Record] | None:
    """The `Record` class inside `tuple[X, ...]`; None for anything else."""
    return record_type(get_args(annotation)[0]) if get_origin(annotation) is tuple and get_args(annotation) else None


def choices(annotation: Any) -> tuple[str, ...]:
    """The names that a `Literal` annotation allows, looking through `X | None` and `Annotated`; empty for other types.

    >>> choices(Literal["low", "high"] | None)
    ('low', 'high')
    """
    origin = get_origin(annotation)
    if origin is Literal:
        return tuple(value for value in get_args(annotation) if isinstance(value, str))
    if origin in (Union, UnionType):
        return tuple(name for part in get_args(annotation) for name in choices(part))
    return choices(get_args(annotation)[0]) if origin is Annotated else ()


@cache
def _spellings(cls: type[Record]) -> dict[str, dict[str, str]]:
    names = {name: choices(field.annotation) for name, field in cls.model_fields.items()}
    return {name: {_key(choice): choice for choice in allowed} for name, allowed in names.items() if allowed}


def _key(word: str) -> str:
    return re.sub(r"[\s_-]+", " ", word).strip().lower()


def _fold(value: Any, spellings: dict[str, str] | None) -> Any:
    return spellings.get(_key(value), value) if spellings and isinstance(value, str) else value


def _with_signature(cls: type[Noun]) -> Any:
    def with_(self: Any, path: str | None = None, value: Any = None, /, **changes: Any) -> Any:
        return Record.with_(self, path, value, **changes)

    kinds = inspect.Parameter
    fields = [kinds(name, kinds.KEYWORD_ONLY, default=...) for name in cls.model_fields]
    positional = [kinds(name, kinds.POSITIONAL_ONLY, default=None) for name in ("path", "value")]
    with_.__doc__ = Record.with_.__doc__
    with_.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [kinds("self", kinds.POSITIONAL_ONLY), *positional, *fields, kinds("changes", kinds.VAR_KEYWORD)]
    )
    return with_
