"""The hosts' field tables: which fields a model takes at a host, and where their values come from.

The tables are dated data (`tables/<host>.json`), the only place that knows the vendors' parameter names. A row that no
source confirms says `verified: false`.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import ConfigDict
from pydantic import Field as Setting

from fluxkit._base import Record
from fluxkit.errors import UnsupportedField, did_you_mean

Kind = Literal["string", "integer", "number", "boolean", "ratio", "picture", "pictures", "loras"]


class FieldRow(Record):
    """One field of a host's request."""

    model_config = ConfigDict(populate_by_name=True)

    source_name: str = Setting("", alias="from")
    """The value of a request that it carries, such as `width` or `reference.0`."""
    const: Any = None
    """A value that is always sent."""
    kind: Kind = "string"
    low: float | None = None
    high: float | None = None
    multiple: int = 1
    choices: tuple[str, ...] = ()
    default: Any = None
    """Sent where nothing was asked for."""
    required: bool = False
    negate: bool = False
    """The field says the opposite of the value."""
    as_: Literal["", "text"] = Setting("", alias="as")
    """`text`: a number that the host wants as text."""
    map: dict[str, str] = Setting(default_factory=dict)
    """The host's words for values."""
    most: int = 1
    verified: bool = True
    source: str = ""
    note: str = ""


class ModelRow(Record):
    """One model at one host."""

    path: str
    path_without_pictures: str = ""
    """Another address where no picture goes in."""
    fields: dict[str, FieldRow] = Setting(default_factory=dict)
    one_of: tuple[str, ...] = ()
    """Values of which one must be there."""
    with_picture: dict[str, float] = Setting(default_factory=dict)
    """Lower upper limits where a picture goes in."""
    in_flight: int = 0
    """At most so many at a time for this model; 0 where only the host's own limit holds."""
    verified: bool = True
    source: str = ""


class HostTable(Record):
    """Every model of one host."""

    host: str
    read: str
    """When the table was written from its sources."""
    source: str
    pictures: Literal["base64", "data_uri"]
    inline_bytes: int = 0
    """Pictures of more bytes are handed to the host's storage first; 0 where all go inside the request."""
    reads_lora_files: bool = False
    """Whether its models can read a LoRA from the host's own storage."""
    in_flight: int
    models: dict[str, ModelRow]


_added: dict[tuple[str, str], ModelRow] = {}


def table(host: str) -> HostTable:
    """The table of a host, with the rows that were added in this process."""
    found = _load(host)
    added = {model: row for (name, model), row in _added.items() if name == host}
    return found.with_(models=found.models | added) if added else found


def row(host: str, model: str) -> ModelRow:
    """A model's row at a host; raises `UnsupportedField` where the host is not known to run it."""
    models = table(host).models
    if model not in models:
        raise UnsupportedField(
            f"{model} was asked of {host}, whose table does not have it.{did_you_mean(model, models)} "
            f"It has: {', '.join(models)}. Choose another host, or add a row with "
            f"fluxkit.engines.hosted.add_model({host!r}, {model!r}, path=..., fields=...).",
            host=host,
        )
    return models[model]


def add_model(host: str, model: str, **fields: Any) -> ModelRow:
    """Make a model known at a host for this process, unverified: `path=`, and `fields=` as in the tables."""
    made = ModelRow.model_validate({"verified": False, "source": "added by the user", **fields})
    _added[host, model] = made
    return made


@cache
def _load(host: str) -> HostTable:
    raw = json.loads(files(__package__).joinpath("tables", f"{host}.json").read_text(encoding="utf-8"))
    groups = raw.pop("groups")
    for model in raw["models"].values():
        shared = {name: field for group in model.pop("groups", ()) for name, field in groups[group].items()}
        model["fields"] = shared | model.get("fields", {})
    return HostTable.model_validate(raw)
