"""How many tokens a text costs each encoder: exact with the model's tokenizer, otherwise a bound that is never low."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Protocol

_WORD = re.compile(r"\S+")


class Counter(Protocol):
    """A tokenizer: given a text, it returns its tokens as a list, or as a mapping with `input_ids`."""

    def __call__(self, text: str) -> Any: ...


class Budget:
    """Counts a text for each encoder of a model."""

    def __init__(self, windows: Mapping[str, int], tokenizers: Mapping[str, Counter]) -> None:
        self.windows = dict(windows)
        self.tokenizers = dict(tokenizers)

    def count(self, encoder: str, text: str) -> int:
        """Tokens of a text with its end markers."""
        if encoder in self.tokenizers:
            found = self.tokenizers[encoder](text)
            return len(found["input_ids"] if isinstance(found, Mapping) else found)
        return bound(encoder, text)


def bound(encoder: str, text: str) -> int:
    """The most tokens that an encoder's tokenizer can make of a text."""
    plain = unicodedata.normalize("NFKC", text)
    markers = 2 if encoder == "clip" else 1
    return markers + sum(len(word.encode()) + 1 for word in _WORD.findall(plain))
