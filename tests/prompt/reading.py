"""What a prompt must not hold, and how to find the prose in one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from fluxkit._base import Record
from fluxkit.scene.noun import choices

FAULTS = re.compile(
    r"\b(?:and|with|at|in|on|of|from|the|an?)[.,;]"
    r"|None|Undefined|\bShot[.,]|\s\s|\s[,.;:)]|\(\s|[,;:]\s*[,;:.]|\.\s*[.,;]|,\S|\ba [aeio]\w"
    r"|[\ufdd0-\ufdef]|[\U000f0000-\U0010ffff]"
)
"""Empty clauses, doubled punctuation, unset values, wrong articles, and markers that should have gone."""


def sentences(text: str, template: str) -> list[str]:
    """The prose in a prompt: a JSON object's texts; a FLUX.3 caption and the descriptions of its table."""
    if template == "flux.2/json":
        return list(_texts(json.loads(text)))
    caption, mark, table = text.partition(" [{")
    return [caption, *_texts(json.loads(f"[{{{table}"))] if template == "flux.3/prose" and mark else [text]


def plain(value: object) -> object:
    """The same record with its free words without punctuation, so that every mark left is the template's own."""
    if isinstance(value, Record):
        fields = type(value).model_fields
        changed = {
            name: plain(getattr(value, name))
            for name, field in fields.items()
            if not choices(field.annotation) and name not in {"aspect_ratio", "hex", "clock"}
        }
        return value.with_(**{name: new for name, new in changed.items() if new != getattr(value, name)})
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, str):
        words = re.findall(r"[b-z]+", re.sub("one|undefined", "two", value))
        return " ".join(word for word in words if not FAULTS.search(f"{word}.")) or "word"
    return value


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
