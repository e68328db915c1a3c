"""A scene as JSON and YAML text, with the schema that it was written in."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from fluxkit.errors import InputError

if TYPE_CHECKING:
    from fluxkit.scene.scene import Scene

SCHEMA = "fluxkit.scene"
VERSION = 1
"""Raised when a field changes its meaning; fields that are only added leave it."""


def document(scene: Scene) -> dict[str, Any]:
    """The scene as plain values: schema and version first, then what differs from the defaults."""
    return {"schema": SCHEMA, "version": VERSION, **scene.canonical()}


def to_json(scene: Scene, *, indent: int | None = 2) -> str:
    """The scene as JSON text."""
    return json.dumps(document(scene), ensure_ascii=False, indent=indent)


def to_yaml(scene: Scene) -> str:
    """The scene as YAML text, in the order of the fields."""
    import yaml

    return str(yaml.dump(document(scene), Dumper=_plain()[1], allow_unicode=True, sort_keys=False, width=100))


def from_json(kind: type[Scene], text: str | bytes) -> Scene:
    """The scene that a JSON text holds; raises `InputError` for anything else."""
    try:
        found = json.loads(text)
    except (ValueError, TypeError) as error:
        raise InputError(f"The text is no JSON: {error}. Give what Scene.to_json() wrote.") from None
    return from_document(kind, found)


def from_yaml(kind: type[Scene], text: str) -> Scene:
    """The scene that a YAML text holds; raises `InputError` for anything else.

    Read by the rules of YAML 1.2, so that a hand-written `aspect_ratio: 3:2` stays a text.
    """
    import yaml

    try:
        found = yaml.load(text, Loader=_plain()[0])
    except (yaml.YAMLError, AttributeError) as error:
        raise InputError(f"The text is no YAML: {error}. Give what Scene.to_yaml() wrote.") from None
    return from_document(kind, found)


def from_document(kind: type[Scene], found: Any) -> Scene:
    """The scene of a document; a document without schema is read as the present one."""
    if not isinstance(found, dict):
        raise InputError(f"A scene is a table of fields, but {type(found).__name__} was given. Give a mapping.")
    fields = dict(found)
    schema, version = fields.pop("schema", SCHEMA), fields.pop("version", VERSION)
    if schema != SCHEMA:
        raise InputError(f"The document's schema is {schema!r}, and only {SCHEMA!r} can be read. Give a scene.")
    if not isinstance(version, int) or not 1 <= version <= VERSION:
        raise InputError(
            f"The scene was written in version {version!r} of its schema, and this fluxkit reads up to {VERSION}. "
            "Update fluxkit, or write the scene again with this one."
        )
    return kind.model_validate(fields)


@cache
def _plain() -> tuple[Any, Any]:
    """A loader and a dumper that read plain words by YAML 1.2: 3:2 is no number in base 60, and `on` no boolean.

    The dumper quotes what either version of YAML would take for something else than text.
    """
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
        pass

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]
        pass

    guessed = ("timestamp", "bool", "int", "float")
    Loader.yaml_implicit_resolvers = {
        letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(guessed)]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    for kind, expression, letters in _YAML_1_2:
        for reader in (Loader, Dumper):
            reader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(rf"^(?:{expression})$"), list(letters))
    return Loader, Dumper


_YAML_1_2 = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+0123456789.",
    ),
)
"""The core schema of YAML 1.2 (section 10.3.2), without octal and hexadecimal numbers."""
