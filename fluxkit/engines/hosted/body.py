"""From a shot to a host's request body, by the host's field table; whatever the host would drop is refused."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from fluxkit.engines.hosted.client import Parcel
from fluxkit.engines.hosted.pictures import Inputs
from fluxkit.engines.hosted.tables import FieldRow, HostTable, ModelRow, row, table
from fluxkit.engines.hosted.uploads import marked
from fluxkit.errors import InputError, UnsupportedField
from fluxkit.models.options import ratio
from fluxkit.shots.shot import LoRA, Shot

_SECRET = ("webhook_secret",)
"""Fields of `extra` that are sent but never recorded."""


@dataclass(frozen=True)
class Body:
    """A request that is ready to be sent."""

    path: str
    fields: dict[str, Any] = field(repr=False)
    """May hold whole pictures, so it never shows."""
    recorded: dict[str, str] = field(default_factory=dict)
    """What goes into the frame's provenance: fields that were passed through, and what was set for the user."""
    parcels: dict[str, Parcel] = field(default_factory=dict, repr=False)
    """Files to hand to the host first, by the mark that stands for each in `fields`."""

    @property
    def hash(self) -> str:
        """The content hash of the request, by which it is named in the journal and in errors."""
        text = json.dumps([self.path, self.fields], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return f"request1-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def build_body(shot: Shot, host: str, inputs: Inputs | None = None) -> Body:
    """The body for a shot at a host; raises `UnsupportedField` for anything that the host's model does not take."""
    rows, host_table = row(host, shot.model), table(host)
    inputs = inputs or {}
    parcels: dict[str, Parcel] = {}
    asked = _asked(shot, inputs, host_table, parcels)
    extra = asked.pop("extra", None) or {}
    made: dict[str, Any] = {}
    used: set[str] = set()
    for name, rule in rows.fields.items():
        value = _value(shot, host, rule, asked, rows, has_pictures=bool(inputs))
        used.add(rule.source_name)
        if value is not None:
            _put(made, name, value)
    _refuse_unused(shot, host, rows, {name: value for name, value in asked.items() if name not in used})
    _require_one(shot, host, rows, asked)
    made |= extra
    _require_json(shot, host, extra)
    path = rows.path_without_pictures if rows.path_without_pictures and not inputs else rows.path
    return Body(path=path, fields=made, recorded=_recorded(rows, made, asked, extra), parcels=parcels)


def _asked(shot: Shot, inputs: Inputs, host_table: HostTable, parcels: dict[str, Parcel]) -> dict[str, Any]:
    """Every value that the shot carries, by the name that the tables use; pictures as the host reads them."""
    asked: dict[str, Any] = {
        "prompt": str(shot.prompt),
        "seed": shot.seed,
        "steps": shot.steps,
        "guidance": shot.guidance,
        "negative": shot.negative,
        "true_cfg": shot.true_cfg,
        **{name: value for name, value in shot.options.items() if name != "host"},
    }
    if shot.spec.sized_by == "pixels":
        asked |= {"width": shot.width, "height": shot.height, "nearest_ratio": f"{shot.width}:{shot.height}"}
    asked |= _edges(shot, host_table)
    weights = [_lora(shot, lora, host_table, parcels) for lora in shot.loras]
    for index, (lora, where) in enumerate(zip(shot.loras, weights, strict=True)):
        asked |= {f"lora.{index}.weights": where, f"lora.{index}.strength": lora.strength}
    if shot.loras:
        pairs = zip(shot.loras, weights, strict=True)
        asked["loras"] = [{"path": where, "scale": lora.strength} for lora, where in pairs]
    encoded = {name: _encoded(data, host_table, parcels) for name, data in inputs.items()}
    references = [data for name, data in encoded.items() if name.startswith("reference.")]
    if references:
        asked["references"] = references
    return {name: value for name, value in (asked | encoded).items() if value is not None}


def _edges(shot: Shot, host_table: HostTable) -> dict[str, Any]:
    """The edge thresholds of a control map; a host without such fields finds edges its own way."""
    control = shot.inputs.control if shot.inputs is not None else None
    if control is None or control.ready:
        return {}
    if control.estimator is not None:
        _refuse(shot, host_table.host, f"estimator={control.estimator!r} was asked for; it estimates depth its own way",
                "Leave the estimator out, or give a map that is ready: ControlMap.given(...).")  # fmt: skip
    if control.kind != "canny":
        return {}
    fresh = type(control)(kind=control.kind, picture=control.picture)
    chosen = (control.low, control.high) != (fresh.low, fresh.high)
    takes = "canny_low_threshold" in host_table.models[shot.model].fields
    edges = {"canny_low_threshold": control.low, "canny_high_threshold": control.high} if takes or chosen else {}
    return {name: value for name, value in edges.items() if name not in shot.options}


def _value(
    shot: Shot, host: str, rule: FieldRow, asked: Mapping[str, Any], rows: ModelRow, *, has_pictures: bool
) -> Any:
    if rule.const is not None:
        return rule.const
    name = rule.source_name
    value = asked.get(name, rule.default)
    if value is None:
        if rule.required:
            _refuse(shot, host, f"{name} is needed and was not given", "Give it, or choose another model.")
        return None
    if name == "nearest_ratio":
        value = _named_ratio(shot, host, rule)
    if has_pictures and name in rows.with_picture:
        rule = rule.with_(high=min(rule.high or rows.with_picture[name], rows.with_picture[name]))
    _check(shot, host, rule, value)
    value = rule.map.get(str(value), value)
    if rule.negate:
        return not value
    return str(value) if rule.as_ == "text" else value


def _check(shot: Shot, host: str, rule: FieldRow, value: Any) -> None:
    name = rule.source_name
    if rule.choices and value not in rule.choices:
        _refuse(shot, host, f"{name}={value!r} was asked for; it takes {', '.join(rule.choices)}", "Use one of those.")
    if rule.kind == "boolean" and not isinstance(value, bool):
        _refuse(shot, host, f"{name}={value!r} was asked for; it takes True or False", "Use one of those.")
    if rule.kind in ("pictures",) and len(value) > rule.most:
        _refuse(shot, host, f"{len(value)} pictures were given; it takes at most {rule.most}", "Give fewer.")
    if rule.kind not in ("integer", "number", "ratio") or rule.low is None or rule.high is None:
        return
    number = _number(shot, host, rule, value)
    if not rule.low <= number <= rule.high or (rule.multiple > 1 and number % rule.multiple):
        steps = f" in steps of {rule.multiple}" if rule.multiple > 1 else ""
        span = "1:4 to 4:1" if rule.kind == "ratio" and rule.high == 4 else f"{rule.low:g} to {rule.high:g}"
        if rule.kind == "ratio" and rule.high != 4:
            span = "9:21 to 21:9"
        _refuse(shot, host, f"{name}={value!r} was asked for; it takes {span}{steps}", "Use a value in that range.")


def _number(shot: Shot, host: str, rule: FieldRow, value: Any) -> float:
    if rule.kind == "ratio":
        try:
            return ratio(value)
        except InputError:
            _refuse(shot, host, f"{rule.source_name}={value!r} was asked for; it takes width:height", "Write '3:2'.")
    whole = rule.kind != "integer" or (isinstance(value, int) and not isinstance(value, bool))
    if not (isinstance(value, int | float) and whole):
        _refuse(shot, host, f"{rule.source_name}={value!r} was asked for; it takes a number", "Give a number.")
    return float(value)


def _named_ratio(shot: Shot, host: str, rule: FieldRow) -> str:
    """The host's named ratio for a size in pixels; a size of another shape is refused, not bent."""
    asked = shot.width / shot.height
    near = min(rule.choices, key=lambda name: abs(ratio(name) - asked))
    if abs(ratio(near) / asked - 1) > 0.01:
        _refuse(
            shot, host, f"a size of {shot.width} x {shot.height} was asked for; it takes the shapes "
            f"{', '.join(rule.choices)}", f"Use a size of shape {near}.",
        )  # fmt: skip
    return near


def _refuse_unused(shot: Shot, host: str, rows: ModelRow, left: Mapping[str, Any]) -> None:
    known = {rule.source_name for rule in rows.fields.values()}
    sized = {"width", "height", "nearest_ratio"} if "nearest_ratio" in known else {"nearest_ratio"}
    listed = set()
    if known & {"loras", "lora.0.weights"}:
        listed |= {"loras", *(name for name in left if name.startswith("lora."))} if "loras" in known else {"loras"}
    if "references" in known:
        listed |= {name for name in left if name.startswith("reference.")}
    elif any(name.startswith("reference.") for name in known):
        listed.add("references")
    for name, value in left.items():
        if name in sized or name in listed:
            continue
        shown = "a picture" if name.partition(".")[0] in ("image", "mask", "control", "control_map", "reference",
                                                          "references", "image_prompt") else repr(value)  # fmt: skip
        _refuse(
            shot, host, f"{name}={shown} was asked for, and it has no such field",
            "Leave it out, or pass a field of the host's own in options={'extra': {...}}.",
        )  # fmt: skip


def _require_one(shot: Shot, host: str, rows: ModelRow, asked: Mapping[str, Any]) -> None:
    if rows.one_of and not any(name in asked for name in rows.one_of):
        _refuse(shot, host, f"one of {', '.join(rows.one_of)} is needed and none was given", "Give one.")


def _require_json(shot: Shot, host: str, extra: Mapping[str, Any]) -> None:
    try:
        json.dumps(extra)
    except (TypeError, ValueError):
        _refuse(shot, host, f"extra={sorted(extra)} holds values that are no JSON", "Use texts, numbers and lists.")


def _refuse(shot: Shot, host: str, what: str, cure: str) -> NoReturn:
    raise UnsupportedField(f"{shot.model} at {host}: {what}. {cure}", shot=shot, host=host)


def _put(made: dict[str, Any], name: str, value: Any) -> None:
    head, _, rest = name.partition(".")
    if rest:
        _put(made.setdefault(head, {}), rest, value)
    else:
        made[head] = value


def _recorded(
    rows: ModelRow, made: Mapping[str, Any], asked: Mapping[str, Any], extra: Mapping[str, Any]
) -> dict[str, str]:
    recorded = {}
    upsampled = [rule for rule in rows.fields.values() if rule.source_name == "prompt_upsampling"]
    if upsampled:
        recorded["prompt_upsampling"] = "on" if asked.get("prompt_upsampling") else "off"
    if "output_format" in made:
        recorded["output_format"] = str(made["output_format"])
    if extra:
        shown = {name: "(not recorded)" if name in _SECRET else value for name, value in extra.items()}
        recorded["extra"] = json.dumps(shown, sort_keys=True, ensure_ascii=False, default=str)
    if not rows.verified:
        recorded["unverified"] = "the host's field table for this model is not confirmed by a current source"
    return recorded


def _encoded(data: bytes, host_table: HostTable, parcels: dict[str, Parcel]) -> str:
    """A picture as the host reads it: inside the request, or as a file of its own where it is too big for that."""
    kind = "image/png" if data[:4] == b"\x89PNG" else "image/jpeg"
    if 0 < host_table.inline_bytes < len(data):
        mark, parcel = marked(data, kind)
        parcels[mark] = parcel
        return mark
    text = base64.b64encode(data).decode("ascii")
    return text if host_table.pictures == "base64" else f"data:{kind};base64,{text}"


def _lora(shot: Shot, lora: LoRA, host_table: HostTable, parcels: dict[str, Parcel]) -> str:
    """A LoRA as the host reads it: a file of this machine is handed over, where the host's models can read that."""
    name = Path(lora.weights).name
    if lora.content is None and (lora.weights.startswith("https://") or not name.endswith(".safetensors")):
        return lora.weights
    if lora.file is None:
        _refuse(shot, host_table.host, f"the LoRA {name!r} was asked for, which is no file on this machine",
                "Give the path of a safetensors file, a hub id or an https address.")  # fmt: skip
    if not host_table.reads_lora_files:
        _refuse(shot, host_table.host, f"the LoRA file {name!r} was asked for; it reads LoRAs by hub id, https "
                "address or the name of a model trained there",
                "Put the file on a hub, or choose a host that takes files: options={'host': 'fal'}.")  # fmt: skip
    mark, parcel = marked(lora.file, "application/octet-stream")
    parcels[mark] = parcel
    return mark
