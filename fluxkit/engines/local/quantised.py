"""Linear layers kept in 8 or 4 bits and opened when they are used: less memory, other pixels, the same speed or slower.

Plain torch, so they run on every device, under compile, and below LoRAs. A layer is opened once a pass; at a megapixel
that is a tenth of what the multiplication itself takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

_BLOCK = 64
"""Neighbouring numbers that share a scale in 4 bits (QLoRA's choice)."""

# The sixteen values of NormalFloat4: quantiles of a normal distribution (QLoRA, Dettmers et al. 2023, appendix E).
_NF4 = (
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
)  # fmt: skip


def quantise(part: Any, bits: int, device: str) -> None:
    """Replace the linear layers in a part's blocks by ones of 8 or 4 bits; what lies outside the blocks stays.

    Layers go to the device one by one, so there is never room needed for the whole part in its own format.
    """
    for parent, name, linear in tuple(_linears(part)):
        setattr(parent, name, _kept(linear.to(device), bits))


def bytes_in(part: Any) -> int:
    """Bytes that a part's parameters and buffers take."""
    tensors = {id(t): t for t in (*part.parameters(), *part.buffers())}.values()
    return sum(t.numel() * t.element_size() for t in tensors)


def _linears(part: Any) -> Iterator[tuple[Any, str, Any]]:
    import torch

    for path, module in part.named_modules():
        for name, child in module.named_children():
            inside = any(step.isdigit() for step in f"{path}.{name}".split("."))
            if type(child) is torch.nn.Linear and inside and child.in_features % _BLOCK == 0:
                yield module, name, child


def _kept(linear: Any, bits: int) -> Any:
    made = _kinds()[bits](linear)
    return made.train(linear.training)


@cache
def _kinds() -> dict[int, Callable[[Any], Any]]:
    """The layer classes by bits; made when torch is first needed."""
    import torch
    from torch.nn.functional import linear as multiply

    class Kept(torch.nn.Linear):  # type: ignore[misc]
        """A linear layer whose weight is opened on use; a `Linear` by type, so that adapters take it for one."""

        def __init__(self, of: Any) -> None:
            torch.nn.Module.__init__(self)
            self.in_features, self.out_features, self.kind = of.in_features, of.out_features, of.weight.dtype
            self.bias = of.bias
            self._close(of.weight.detach())

        @property
        def weight(self) -> Any:
            return self._open()

        def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
            super()._save_to_state_dict(destination, prefix, keep_vars)
            # Readers of LoRAs look up the shape of the weight here, and nothing else.
            shape = (self.out_features, self.in_features)
            destination[f"{prefix}weight"] = torch.empty(shape, dtype=self.kind, device="meta")

        def forward(self, given: Any) -> Any:
            return multiply(given, self._open(), self.bias)

    class Kept8(Kept):
        """One scale a row."""

        def _close(self, weight: Any) -> None:
            scale = weight.float().abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / 127
            self.register_buffer("codes", (weight.float() / scale).round().clamp(-127, 127).to(torch.int8))
            self.register_buffer("scale", scale.to(weight.dtype))

        def _open(self) -> Any:
            return self.codes.to(self.kind) * self.scale

    class Kept4(Kept):
        """NormalFloat4, two codes a byte, one scale a block."""

        def _close(self, weight: Any) -> None:
            blocks = weight.float().reshape(-1, _BLOCK)
            scale = blocks.abs().amax(dim=1, keepdim=True).clamp_min(1e-12)
            levels = torch.tensor(_NF4, device=weight.device)
            codes = torch.bucketize(blocks / scale, (levels[1:] + levels[:-1]) / 2).to(torch.uint8).reshape(-1)
            self.register_buffer("codes", codes[::2] * 16 + codes[1::2])
            self.register_buffer("scale", scale.to(weight.dtype))
            self.register_buffer("levels", levels.to(weight.dtype))

        def _open(self) -> Any:
            pairs = torch.stack((self.codes >> 4, self.codes & 15), dim=-1)
            values = self.levels[pairs.reshape(-1).int()].reshape(-1, _BLOCK) * self.scale
            return values.reshape(self.out_features, self.in_features)

    return {8: Kept8, 4: Kept4}
