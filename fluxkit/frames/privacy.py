"""What a picture file may say: nothing about the machine, the user's folders or keys, and no more than was chosen."""

from __future__ import annotations

import re
from typing import Any, Literal

from fluxkit.errors import InputError

Privacy = Literal["full", "minimal", "none"]
"""`full`: request, scene, provenance. `minimal`: that it is synthetic, which model, its id. `none`: nothing."""

_LEVELS: dict[str, Privacy] = {"full": "full", "minimal": "minimal", "none": "none"}
_SECRET_NAME = re.compile(r"(api_?key|token|secret|password|authori[sz]ation|credential|x-key)s?$", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"^(sk|pk|hf|r8|bfl|fal|ghp|xox[bp])[-_][\w-]{12,}$|^Bearer\s+\S+", re.IGNORECASE)
_FOLDER = re.compile(r"^(~|\.{1,2}|[A-Za-z]:)?[\\/]|^file:|^\\\\")
_ADDRESS = re.compile(r"^https?://[^/]*@|^https?://.*[?&](sig|signature|token|key|expires?|se|sp)=", re.IGNORECASE)
_PROSE = ("prompt", "negative")
"""The user's own words: they are written as they are, or, with `minimal`, not at all."""


def check_privacy(value: str) -> Privacy:
    """The value, if it is one of the three; `InputError` otherwise."""
    if value not in _LEVELS:
        raise InputError(f"privacy={value!r} was asked for. It is one of: 'full', 'minimal', 'none'.")
    return _LEVELS[value]


def scrubbed(value: Any) -> Any:
    """Plain JSON values without folders, signed addresses and anything that looks like a key.

    A path keeps its last part, so that `/home/ann/loras/silk.safetensors` is written as `silk.safetensors`.

    >>> scrubbed({"weights": "/home/ann/loras/silk.safetensors", "api_key": "x", "seed": 7})
    {'weights': 'silk.safetensors', 'seed': 7}
    """
    if isinstance(value, dict):
        return {
            key: item if key in _PROSE else scrubbed(item)
            for key, item in value.items()
            if not _SECRET_NAME.search(str(key))
        }
    if isinstance(value, list | tuple):
        return [scrubbed(item) for item in value]
    if isinstance(value, str):
        return _scrubbed_text(value)
    return value


def _scrubbed_text(text: str) -> str:
    if _SECRET_VALUE.search(text):
        return "(removed)"
    if _ADDRESS.search(text):
        return text.partition("?")[0].rpartition("@")[2]
    if _FOLDER.search(text):
        return re.split(r"[\\/]", text.rstrip("\\/"))[-1]
    return text
