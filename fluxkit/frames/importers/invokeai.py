"""InvokeAI's `invokeai_metadata` JSON (version 3 and later)."""

from __future__ import annotations

from typing import Any

from fluxkit.frames.importers.found import Found, parsed
from fluxkit.frames.metadata import Notes

_NAMES = {"seed": "seed", "steps": "steps", "guidance": "guidance", "width": "width", "height": "height"}
_READ = (*_NAMES, "positive_prompt", "negative_prompt", "model", "cfg_scale")


def read(notes: Notes) -> Found | None:
    """The request in InvokeAI's own text; None where there is none."""
    content = parsed(notes.texts.get("invokeai_metadata", ""))
    if not isinstance(content, dict):
        return None
    model = content.get("model") or {}
    found = Found(
        "InvokeAI",
        str(content.get("positive_prompt") or ""),
        str(content.get("negative_prompt") or ""),
        model=_model_name(model),
    )
    found.request = {ours: content.get(theirs) for theirs, ours in _NAMES.items()}
    scale = content.get("cfg_scale")
    if content.get("guidance") is None:
        found.request["guidance"] = scale
    elif isinstance(scale, int | float) and scale > 1:
        found.request["true_cfg"] = scale
    found.rest = {name: value for name, value in content.items() if name not in _READ}
    return found


def _model_name(model: Any) -> str:
    if not isinstance(model, dict):
        return str(model)
    return str(model.get("name") or model.get("model_name") or model.get("key") or "")
