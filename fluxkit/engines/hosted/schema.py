"""The field tables beside the hosts' own published schemas: what differs, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fluxkit.engines.hosted.tables import FieldRow, table
from fluxkit.engines.hosted.trainer_table import Trainer

_IGNORED = ("webhook_url", "webhook_secret")
"""Fields that every BFL endpoint takes and that `extra` can pass on."""


def differences(host: str, published: Mapping[str, Mapping[str, Any] | None]) -> list[str]:
    """One sentence for each difference between a host's table and what it publishes.

    `published` has, by model id, the properties of the model's input schema, or None where the host does not list it.
    """
    told = []
    for model, row in table(host).models.items():
        if model in published:
            ours = {name.partition(".")[0]: rule for name, rule in row.fields.items()}
            told += [f"{model}: {text}" for text in _of_fields(ours, published[model])]
    return told


def trainer_differences(trainer: Trainer, published: Mapping[str, Any] | None) -> list[str]:
    """The same for a LoRA trainer."""
    ours = {name.removeprefix("input."): rule for name, rule in trainer.fields.items()}
    return [f"{trainer.id}: {text}" for text in _of_fields(ours, published)]


def bfl_inputs(document: Any) -> dict[str, Mapping[str, Any] | None]:
    """The input properties of each model in BFL's OpenAPI document."""
    paths = document.get("paths", {}) if isinstance(document, Mapping) else {}
    return {
        model: _properties(document, paths[row.path]) if row.path in paths else None
        for model, row in table("bfl").models.items()
    }


def replicate_inputs(document: Any, schema: str = "Input") -> Mapping[str, Any] | None:
    """The input properties in one Replicate model's own description; `TrainingInput` is what a trainer takes."""
    found = _dig(document, "latest_version", "openapi_schema", "components", "schemas", schema, "properties")
    return found if isinstance(found, Mapping) else None


def fal_inputs(document: Any, path: str) -> Mapping[str, Any] | None:
    """The input properties in the OpenAPI document of one fal model."""
    paths = document.get("paths") if isinstance(document, Mapping) else None
    return _properties(document, paths[path]) if isinstance(paths, Mapping) and path in paths else None


def _of_fields(ours: Mapping[str, FieldRow], properties: Mapping[str, Any] | None) -> Iterator[str]:
    if properties is None:
        yield "not listed by the host any more"
        return
    for name in sorted(set(ours) - set(properties)):
        yield f"the host does not list our field {name!r}"
    for name in sorted(set(properties) - set(ours) - set(_IGNORED)):
        yield f"the host lists a field {name!r} that the table does not have; it can go into options['extra']"
    for name in sorted(set(ours) & set(properties)):
        yield from _of_field(name, ours[name], properties[name])


def _of_field(name: str, rule: FieldRow, published: Any) -> Iterator[str]:
    if rule.kind not in ("integer", "number"):
        return
    for ours, key in ((rule.low, "minimum"), (rule.high, "maximum")):
        theirs = _limit(published, key)
        if ours is not None and theirs is not None and float(ours) != float(theirs):
            yield f"{name} has {key} {theirs:g} at the host and {ours:g} in the table"


def _limit(published: Any, key: str) -> float | None:
    """A limit of a property, also where it stands in one branch of `anyOf` (FastAPI's way to say `or null`)."""
    if not isinstance(published, Mapping):
        return None
    for part in (published, *published.get("anyOf", ())):
        if isinstance(part, Mapping) and isinstance(part.get(key), int | float):
            return float(part[key])
    return None


def _properties(document: Any, path: Any) -> Mapping[str, Any] | None:
    schema = _dig(path, "post", "requestBody", "content", "application/json", "schema") or {}
    name = str(schema.get("$ref", "")).rsplit("/", 1)[-1]
    found = _dig(document, "components", "schemas", name, "properties") if name else schema.get("properties")
    return found if isinstance(found, Mapping) else None


def _dig(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
