"""Turns the notes in `bfl_api.yaml` into JSON schemas."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

NOTES = yaml.safe_load((Path(__file__).parent / "bfl_api.yaml").read_text(encoding="utf-8"))

BY_PATH = {
    "/v1/flux-pro": "FluxProInputs",
    "/v1/flux-pro-1.1": "FluxPro11Inputs",
    "/v1/flux-pro-1.1-ultra": "FluxUltraInput",
    "/v1/flux-dev": "FluxDevInputs",
    "/v1/flux-pro-1.0-fill": "FluxProFillInputs",
    "/v1/flux-pro-1.0-expand": "FluxProExpandInputs",
    "/v1/flux-pro-1.0-canny": "FluxProCannyInputs",
    "/v1/flux-pro-1.0-depth": "FluxProDepthInputs",
    "/v1/flux-kontext-pro": "FluxKontextProInputs",
    "/v1/flux-kontext-max": "FluxKontextProInputs",
    "/v1/flux-2-pro": "Flux2Inputs",
    "/v1/flux-2-max": "Flux2Inputs",
    "/v1/flux-2-flex": "Flux2FlexInputs",
    "/v1/flux-2-klein-4b": "Flux2KleinInputs",
    "/v1/flux-2-klein-9b": "Flux2KleinInputs",
    "/v1/flux-pro-1.1-ultra-finetuned": "FluxUltraFinetuneInput",
    "/v1/flux-pro-1.0-fill-finetuned": "FluxProFillFinetuneInputs",
}

COMMON = {
    "prompt": "string|null", "seed": "int|null", "prompt_upsampling": False, "output_format": "jpeg",
    "safety_tolerance": {"min": 0, "max": 6},
}  # fmt: skip
"""The notes leave these out of the tools that BFL's SDK derives from its generic input (blackforest 0.1.3)."""

GENERIC = ("FluxProExpandInputs", "FluxProCannyInputs", "FluxProDepthInputs")


def schema_of(path):
    """The JSON schema of an endpoint's body; fields that it does not list are refused."""
    name = BY_PATH[path]
    properties, required, either = _properties(name)
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    if either:
        schema["anyOf"] = [{"required": [field]} for field in either]
    return schema


def _properties(name):
    note = dict(NOTES["schemas"][name])
    properties, required, either = {}, list(note.pop("required", [])), []
    for parent in note.pop("allOf", []):
        base, _, left_out = parent.partition(" without ")
        inherited, needed, _ = _properties(base)
        dropped = {field for name in left_out.split(" and ") for field in _names(name)}
        properties |= {field: rule for field, rule in inherited.items() if field not in dropped}
        required += needed
    for field, rule in (COMMON if name in GENERIC else {}).items():
        properties[field] = _rule(field, rule)
    for fields, rule in note.items():
        if fields.startswith("x-"):
            continue
        names = _names(fields)
        either += names if " | " in fields else []
        properties |= {field: _rule(field, rule) for field in names}
    properties |= {field: {"type": "string"} for field in required if field not in properties}
    return properties, required, either


def _names(fields):
    if found := re.fullmatch(r"(\w+?)(_\d+)?\.\.(?:\w+_)?(\d+)", fields):
        stem, first, last = found.groups()
        names = [stem] if first is None else [stem + first]
        return names + [f"{stem}_{n}" for n in range(int((first or "_1")[1:]) + 1, int(last) + 1)]
    return re.split(r" \| |/", fields)


def _rule(field, rule):
    if field == "output_format":
        return {"enum": ["jpeg", "png"]}
    if isinstance(rule, bool):
        return {"type": "boolean"}
    if isinstance(rule, str):
        return _type(rule)
    limits = {"min": "minimum", "max": "maximum", "multipleOf": "multipleOf"}
    made = {limits[name]: value for name, value in rule.items() if name in limits}
    default = rule.get("default")
    if isinstance(default, bool):
        return {"type": "boolean"}
    if "min" in rule:
        return made | {"type": "number" if isinstance(default, float) or field == "guidance" else "integer"}
    return made | {"type": "string"}


def _type(words):
    if words.startswith("bool"):
        return {"type": "boolean"}
    if words.startswith("int"):
        return {"type": ["integer", "null"]}
    null = ["null"] if "null" in words else []
    return {"type": ["string", *null]}
