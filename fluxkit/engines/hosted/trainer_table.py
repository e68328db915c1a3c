"""The hosts' LoRA trainers: which fields each takes, and what it costs. Dated data, like the tables of the models."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import Field as Setting

from fluxkit._base import Record
from fluxkit.engines.hosted.tables import FieldRow
from fluxkit.errors import UnsupportedField, did_you_mean


class Trainer(Record):
    """One trainer at one host."""

    id: str
    host: str
    path: str
    """With `{version}` where the host wants one; the latest is asked for then."""
    trains: str
    """The model that its LoRAs belong to."""
    fields: dict[str, FieldRow] = Setting(default_factory=dict)
    destination: bool = False
    """Whether the host keeps the LoRA as a model of the user's account, which must be named."""
    usd_a_step: float
    """The forecast; no trainer's price was confirmed by a page of its host."""
    price_source: str
    verified: bool = True
    source: str
    note: str = ""

    def forecast_usd(self, steps: int) -> float:
        """What a training of so many steps is expected to cost, in US dollars."""
        return round(self.usd_a_step * steps, 4)

    def rule(self, value: str) -> FieldRow | None:
        """How the host takes a value (`steps`, `rank`, `style`, ...); None where it does not."""
        return next((field for field in self.fields.values() if field.source_name == value), None)


def trainers() -> dict[str, Trainer]:
    """Every trainer by id, the default first."""
    return _load()


def trainer(name: str) -> Trainer:
    """A trainer by its id; raises `UnsupportedField` for a name that is none."""
    known = _load()
    if name not in known:
        raise UnsupportedField(
            f"A LoRA was to be trained with {name!r}, which no table knows.{did_you_mean(name, known)} "
            f"Trainers are: {', '.join(known)}. Choose one."
        )
    return known[name]


def fields_of(found: Trainer, asked: dict[str, Any]) -> dict[str, Any]:
    """The request's fields; raises `UnsupportedField` for a value that the trainer would drop or refuse."""
    made: dict[str, Any] = {}
    for name, rule in found.fields.items():
        value = rule.const if rule.const is not None else asked.get(rule.source_name, rule.default)
        if value is None:
            if rule.required:
                raise UnsupportedField(f"{found.id} needs {rule.source_name}=, and none was given. Give it.")
            continue
        _check(found, rule, value)
        value = rule.map.get(str(value), value)
        _put(made, name, not value if rule.negate else value)
    taken = {rule.source_name for rule in found.fields.values()} | {"captioned"}
    for name, value in asked.items():
        if value not in (None, False) and name not in taken:
            others = [other.id for other in _load().values() if other.rule(name) is not None]
            cure = f" or use one of: {', '.join(others)}" if others else ""
            raise UnsupportedField(f"{found.id} takes no {name}, but {name}={value!r} was asked for. Drop it{cure}.")
    return made


def _check(found: Trainer, rule: FieldRow, value: Any) -> None:
    if rule.low is None or rule.high is None:
        return
    whole = rule.kind == "integer"
    number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not number or not rule.low <= value <= rule.high:
        raise UnsupportedField(
            f"{found.id}: {rule.source_name}={value!r} was asked for; it takes a {'whole ' if whole else ''}number "
            f"from {rule.low:g} to {rule.high:g}. Use one in that range."
        )


def _put(made: dict[str, Any], name: str, value: Any) -> None:
    head, _, rest = name.partition(".")
    if rest:
        _put(made.setdefault(head, {}), rest, value)
    else:
        made[head] = value


@cache
def _load() -> dict[str, Trainer]:
    raw = json.loads(files(__package__).joinpath("tables", "trainers.json").read_text(encoding="utf-8"))
    return {name: Trainer.model_validate({"id": name, **row}) for name, row in raw["trainers"].items()}
