"""`Record`: the frozen, validated, fingerprinted value that everything typed in fluxkit is."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Self, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from fluxkit.errors import InputError, did_you_mean

__version__ = "0.1.0"
"""The version of fluxkit, here so that every room can write it into what it makes."""


class Record(BaseModel):
    """A frozen value with named, checked fields; two records with equal fields are equal and share a fingerprint."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True)

    def __init__(self, /, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise InputError(_explain(type(self), error)) from None

    # Pydantic calls a custom `__init__` for nested records and would lose the field path; this says ours is its own.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """The record that `obj` (a mapping or a record) describes; raises `InputError` for anything else."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise InputError(_explain(cls, error)) from None

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """The record that a JSON text describes; raises `InputError` for anything else."""
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            raise InputError(_explain(cls, error)) from None

    def model_copy(self, *, update: Any = None, deep: bool = False) -> Self:
        """A copy; unlike Pydantic's, changed fields are validated."""
        return self.with_(**dict(update)) if update else super().model_copy(deep=deep)

    def with_(self, path: str | None = None, value: Any = None, /, **changes: Any) -> Self:
        """A validated copy with fields changed, by name or by dotted path.

        An optional part that is unset is created with its defaults when a field inside it is given. Several changes are
        made at once: only their result must be valid.

        >>> from fluxkit.scene import Scene
        >>> Scene(subject="a vase").with_("lighting.key.direction", "left")
        Scene(subject=Subject(description='a vase'), lighting=Lighting(key=Light(direction='left')))
        """
        asked = {path: value, **changes} if path is not None else changes
        steps = [(dotted.split("."), new, dotted) for dotted, new in asked.items()]
        if len(steps) > 1 and not _nested(asked):
            return cast(Self, _changed(self, steps))
        record = self
        for names, new, dotted in steps:
            record = _replaced(record, names, new, dotted)
        return record

    def get(self, path: str) -> Any:
        """The value at a dotted path; None where an optional part on the way is unset.

        Raises `InputError` for a path that names no field.
        """
        value: Any = self
        for i, name in enumerate(path.split(".")):
            if value is None:
                return None
            if isinstance(value, tuple) and name.isdigit() and int(name) < len(value):
                value = value[int(name)]
                continue
            if not isinstance(value, Record) or name not in type(value).model_fields:
                _refuse_path(value, path, name, i)
            value = getattr(value, name)
        return value

    def canonical(self) -> dict[str, Any]:
        """The fields that were given a value other than their default, as plain JSON values."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def canonical_json(self) -> str:
        """One text for one value: sorted keys, no spaces, defaults left out."""
        return json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def fingerprint(self) -> str:
        """A short content hash, the same in every process and on every machine (12 hexadecimal digits)."""
        return hashlib.sha256(f"{type(self).__name__}:{self.canonical_json()}".encode()).hexdigest()[:12]

    def __setattr__(self, name: str, value: Any) -> None:
        if name in type(self).model_fields:
            raise InputError(
                f"{type(self).__name__}.{name} was to be set to {value!r}, but a {type(self).__name__} never changes. "
                f"Make a copy with .with_({name!r}, {value!r})."
            )
        super().__setattr__(name, value)

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Only what was set: a repr that reads like the code which made it."""
        return [(name, value) for name, value in super().__repr_args__() if not self._is_default(name, value)]

    def __str__(self) -> str:
        return repr(self)

    def _is_default(self, name: str | None, value: Any) -> bool:
        field = type(self).model_fields.get(name or "")
        return field is not None and not field.is_required() and field.get_default(call_default_factory=True) == value


def record_type(annotation: Any) -> type[Record] | None:
    """The `Record` class that a field's annotation allows, looking through `X | None`; None where it allows none."""
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return annotation
    if get_origin(annotation) is tuple:
        return None
    return next((found for part in get_args(annotation) if (found := record_type(part))), None)


_Step = tuple[list[str], Any, str]


def _nested(paths: Iterable[str]) -> bool:
    """Whether one path leads into another: then they are followed in order."""
    ordered = sorted(f"{path}." for path in paths)
    return any(after.startswith(before) for before, after in pairwise(ordered))


def _changed(record: Any, steps: list[_Step]) -> Any:
    """The record with several fields changed and validated once; no path leads into another."""
    depth = steps[0][2].count(".") + 1 - len(steps[0][0])
    heads: dict[str, list[_Step]] = {}
    for names, new, dotted in steps:
        heads.setdefault(names[0], []).append((names[1:], new, dotted))
    if not isinstance(record, Record):
        for names, new, dotted in steps:
            record = _replaced(record, names, new, dotted)
        return record
    fields = {name: getattr(record, name) for name in type(record).model_fields}
    for head, inner in heads.items():
        dotted = inner[0][2]
        if head not in fields:
            _refuse_path(record, dotted, head, depth)
        part = fields[head]
        if not inner[0][0]:
            fields[head] = inner[0][1]
            continue
        if part is None:
            part = _new_part(record, head, dotted)
        if not isinstance(part, Record | tuple):
            _refuse_path(part, dotted, inner[0][0][0], depth + 1)
        fields[head] = _changed(part, inner)
    return type(record)(**fields)


def _replaced(record: Any, names: list[str], new: Any, dotted: str) -> Any:
    head, rest = names[0], names[1:]
    depth = dotted.count(".") - len(rest)
    if isinstance(record, tuple) and head.isdigit() and int(head) < len(record):
        items = list(record)
        items[int(head)] = _replaced(items[int(head)], rest, new, dotted) if rest else new
        return tuple(items)
    if not isinstance(record, Record) or head not in type(record).model_fields:
        _refuse_path(record, dotted, head, depth)
    if rest:
        part = getattr(record, head)
        if part is None:
            part = _new_part(record, head, dotted)
        if not isinstance(part, Record | tuple):
            _refuse_path(part, dotted, rest[0], depth + 1)
        new = _replaced(part, rest, new, dotted)
    fields = {name: getattr(record, name) for name in type(record).model_fields}
    return type(record)(**{**fields, head: new})


def _new_part(record: Record, name: str, dotted: str) -> Record:
    made = record_type(type(record).model_fields[name].annotation)
    if made is None:
        raise InputError(f"{dotted!r} was asked for, but {type(record).__name__}.{name} is unset and holds no fields.")
    try:
        return made()
    except InputError as error:
        raise InputError(
            f"{dotted!r} was asked for, but {type(record).__name__}.{name} is unset and cannot be made from that "
            f"alone. Set {name} first. ({error})"
        ) from None


def _refuse_path(value: Any, path: str, name: str, depth: int) -> None:
    at = ".".join(path.split(".")[:depth]) or type(value).__name__
    if not isinstance(value, Record):
        raise InputError(f"{path!r} was asked for, but {at} is {value!r} and has no field {name!r}.")
    known = list(type(value).model_fields)
    raise InputError(
        f"{path!r} was asked for, but {type(value).__name__} has no field {name!r}.{did_you_mean(name, known)} "
        f"Its fields are: {', '.join(known)}."
    )


def _explain(model: type[BaseModel], error: ValidationError) -> str:
    return "\n".join(_sentence(model, item) for item in error.errors(include_url=False))


def _sentence(model: type[BaseModel], item: Any) -> str:
    path = ".".join(str(part) for part in item["loc"])
    where = f"{model.__name__}.{path}" if path else model.__name__
    if item["type"] == "extra_forbidden":
        owner = _owner(model, item["loc"])
        known = list(owner.model_fields)
        name = str(item["loc"][-1])
        return (
            f"{owner.__name__} has no field {name!r} (given {item['input']!r}).{did_you_mean(name, known)} "
            f"Its fields are: {', '.join(known)}."
        )
    if item["type"] == "missing":
        return f"{where} was not given, and it has no default. Give {item['loc'][-1]}=..."
    if item["type"] == "literal_error":
        known = re.findall(r"'([^']*)'", item["ctx"]["expected"])
        close = did_you_mean(item["input"], known) if isinstance(item["input"], str) else ""
        return f"{where} was given {item['input']!r}.{close} It takes: {', '.join(known)}."
    message = _taken(_owner(model, item["loc"]), item) or item["msg"].removeprefix("Value error, ")
    # A message may begin with a field's own name, which has no capital.
    begun = message if re.match(r"[a-z_.]+=", message) else f"{message[0].upper()}{message[1:]}"
    return f"{where} was given {item['input']!r}. {begun}."


def _taken(owner: type[BaseModel], item: Any) -> str | None:
    """What a field takes, and what to do, for the faults that Pydantic words for programmers."""
    kind, given = item["type"], item["input"]
    field = owner.model_fields.get(str(item["loc"][-1])) if item["loc"] else None
    if kind.startswith(("greater_than", "less_than", "finite_number", "float_", "int_")):
        bare = ", without quotes or units" if isinstance(given, str) else ""
        return f"It takes a number{_range(field)}. Give one of those{bare}"
    if kind in {"string_too_short", "too_short"} and isinstance(given, str):
        return "It takes words, and these are empty. Give some, or leave the field out"
    if kind == "string_pattern_mismatch" and field is not None and field.examples:
        return f"It takes a text such as {' or '.join(map(repr, field.examples))}. Write it like that"
    if kind == "string_type":
        return f"It takes a text. Write {str(given)!r}"
    if kind == "tuple_type":
        return f"It takes a list. Write [{given!r}]"
    if kind == "timezone_aware":
        return "It takes a time with its zone. Add one, such as tzinfo=ZoneInfo('Europe/Lisbon')"
    if kind in {"model_type", "model_attributes_type"}:
        name = item["ctx"]["class_name"]
        return f"It takes {name}(...) or a mapping of its fields. Give one of them"
    return None


def _range(field: Any) -> str:
    """The numbers that a field takes: " from 0.5 to 512"; empty where it has no bound."""
    words = {"gt": "above", "ge": "from", "lt": "and below", "le": "to"}
    bounds = {
        name: value
        for limit in (field.metadata if field else ())
        for name in words
        if isinstance(value := getattr(limit, name, None), int | float)
    }
    if "gt" in bounds:
        words["le"] = "and up to"
    if bounds and not bounds.keys() & {"gt", "ge"}:
        words = {"lt": "below", "le": "up to"}
    if bounds and not bounds.keys() & {"lt", "le"}:
        words |= {"ge": "of at least"}
    return "".join(f" {words[name]} {bounds[name]:g}" for name in words if name in bounds)


def _owner(model: type[BaseModel], loc: tuple[Any, ...]) -> type[BaseModel]:
    for part in loc[:-1]:
        field = model.model_fields.get(str(part))
        found = record_type(field.annotation) if field else None
        if found is not None:
            model = found
    return model
