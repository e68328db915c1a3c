"""What the text encoders made of a prompt, kept on the CPU so that each distinct prompt is encoded once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Embeds:
    """A prompt as the transformer reads it: the tokens' vectors and, for FLUX.1, CLIP's pooled vector."""

    tokens: Any
    """Tensor of shape (1, tokens, channels)."""
    pooled: Any = None
    """Tensor of shape (1, channels); None for families that have none."""

    @property
    def nbytes(self) -> int:
        """Bytes that both tensors take."""
        return sum(t.numel() * t.element_size() for t in (self.tokens, self.pooled) if t is not None)

    def to(self, device: str) -> Embeds:
        """The same embeds on another device."""
        return Embeds(self.tokens.to(device), None if self.pooled is None else self.pooled.to(device))


class EmbedCache:
    """The embeds used last, up to a number of bytes of main memory; `encoded` counts what was not found."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit = limit_bytes
        """Bytes of main memory."""
        self._kept: OrderedDict[Hashable, Embeds] = OrderedDict()
        self._nbytes = 0
        self.encoded = 0

    def get(self, key: Hashable, encode: Callable[[], Embeds]) -> Embeds:
        """The embeds of a key: kept ones, or those that `encode` makes now."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        self.encoded += 1
        return self.put(key, encode())

    def put(self, key: Hashable, embeds: Embeds) -> Embeds:
        """Keep embeds that were made, here or by another engine; the oldest go where there are too many bytes."""
        made = embeds.to("cpu")
        former = self._kept.pop(key, None)
        self._kept[key] = made
        self._nbytes += made.nbytes - (former.nbytes if former is not None else 0)
        # The newest stays even when it alone is over the limit: the shot that asked for it is about to use it.
        while self._nbytes > self.limit and len(self._kept) > 1:
            self._nbytes -= self._kept.popitem(last=False)[1].nbytes
        return made

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def nbytes(self) -> int:
        """Bytes of everything that is kept."""
        return self._nbytes

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._nbytes = 0
