"""How many tokens a text costs each encoder: exact with the model's tokenizer, otherwise a bound that is never low.

The bound adds up, word by word, what the models' own tokenizers were seen to make of the common words (the table in
`token_counts.txt`, written by `bench/token_counts.py`). A word outside the table counts as many tokens as it has
letters, or bytes where the tokenizer works on bytes: no tokenizer makes more, because each token covers at least one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

Tokenizer = Callable[..., Any]
"""Given a text it returns the tokens as a list, or a mapping with `input_ids` (as Hugging Face's tokenizers do)."""

MARKERS = {"clip": 2, "t5": 1, "qwen": 16, "mistral": 40}
"""Tokens that a pipeline puts around the text: start and end for CLIP, end for T5; the chat template of diffusers'
Flux2KleinPipeline (Qwen) and Flux2Pipeline with its system message (Mistral), both rounded up."""

_COLUMNS = {"t5": 1, "qwen": 5, "mistral": 9}
_PART = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")
_CLIP_PART = re.compile(r"'(?:s|t|re|ve|m|ll|d)|[^\W\d_]+|\d+|[^\w\s]|_")  # CLIP's own pattern splits contractions off


class Cut(NamedTuple):
    """What one encoder is given, and where it stops reading."""

    total: int
    exact: bool
    at: int | None
    """Index of the first character that is not read; None where everything is."""


class Budget:
    """Counts texts for the encoders of one model."""

    def __init__(self, windows: Mapping[str, int], tokenizers: Mapping[str, Tokenizer]) -> None:
        self.windows = dict(windows)
        self.tokenizers = dict(tokenizers)

    def count(self, encoder: str, text: str) -> int:
        """Tokens of a text, end markers included: exact with a tokenizer, else an upper bound."""
        tokenizer = self.tokenizers.get(encoder)
        if tokenizer is None:
            return bound(encoder, text)
        found = tokenizer(text)
        return len(found["input_ids"] if isinstance(found, Mapping) or hasattr(found, "input_ids") else found)

    def cut(self, encoder: str, text: str) -> Cut:
        """The count, and where the encoder's window ends: before the first word that does not fit whole."""
        exact = encoder in self.tokenizers
        total, window = self.count(encoder, text), self.windows[encoder]
        if total <= window:
            return Cut(total, exact, None)
        starts = [word.start() for word in re.finditer(r"\S+", text)]
        low, high = 0, len(starts)
        while low < high:
            middle = (low + high) // 2
            end = starts[middle + 1] if middle + 1 < len(starts) else len(text)
            if self.count(encoder, text[:end]) <= window:
                low = middle + 1
            else:
                high = middle
        return Cut(total, exact, starts[low])


def by_word(encoder: str) -> Tokenizer:
    """The tokenizer of a model that was taught whole words, such as nano: one token a word, and the end markers.

    >>> len(by_word("t5")("woman, soft light, f/2."))
    5
    """

    def tokenize(text: str) -> list[str]:
        words = [bare for word in text.split() if (bare := re.sub(r"[,;.]$", "", word))]
        return [*words, *["</s>"] * MARKERS[_kind(encoder)]]

    return tokenize


def bound(encoder: str, text: str) -> int:
    """The most tokens that an encoder's tokenizer makes of a text, end markers included."""
    kind = _kind(encoder)
    words = text.split()
    total = MARKERS.get(kind, 8) + sum(_word(kind, word) for word in words)
    if kind in {"clip", "t5"}:
        return total
    # CLIP and T5 fold white space; for the others every space beyond the one before a word may be a token.
    return total + max(0, len(text) - sum(map(len, words)) - len(words) + 1)


def _kind(encoder: str) -> str:
    return next((kind for kind in MARKERS if encoder.startswith(kind)), encoder)


@lru_cache(maxsize=65536)
def _word(kind: str, word: str) -> int:
    """The bound for text between two spaces."""
    if kind == "clip":
        return sum(_part(kind, part, False) for part in _CLIP_PART.findall(unicodedata.normalize("NFC", word).lower()))
    plain = unicodedata.normalize("NFKC", word) if kind == "t5" else unicodedata.normalize("NFC", word)
    return sum(_part(kind, found[0], found.start() == 0) for found in _PART.finditer(plain))


def _part(kind: str, part: str, begins: bool) -> int:
    counts = table().get(part.lower())
    size = len(part) if kind == "t5" else len(part.encode())
    space = 1 if begins else 0
    if counts is None or kind not in MARKERS:
        return size + space
    if kind == "clip":
        return int(counts[0])
    capital = 2 if part[0].isupper() else 0
    if part not in (part.lower(), part.capitalize()):
        return size + space
    return int(counts[_COLUMNS[kind] + capital + (0 if begins else 1)])


@cache
def table() -> dict[str, str]:
    """Token counts of common words: a digit for CLIP, then four each for T5, Qwen and Mistral (lower case after a space
    and after punctuation, capitalised after a space and after punctuation)."""
    lines = Path(__file__).with_name("token_counts.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ") for line in lines)
